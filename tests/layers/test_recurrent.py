import keras
import numpy as np
import pytest

from check_layer import check_layer, outputs, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.layers.recurrent import Recurrent


def call(layer, arrays, training=False):
    return layer(arrays["inputs"], arrays["inputs_mask"]), arrays["inputs_mask"]


@pytest.mark.parametrize(("kind", "bidirectional"), [("gru", True), ("lstm", False)])
def test_recurrent_passes_the_harness(kind, bidirectional):
    check_layer(lambda: Recurrent(6, kind, bidirectional), token_arrays(), call)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_padding_in_front_is_ignored_as_well(kind):
    layer, arrays = Recurrent(6, kind, True), token_arrays(rows=2)
    one = {k: v[:1] for k, v in arrays.items()}
    front = {k: np.concatenate([np.zeros_like(v[:, :2]), v], 1) for k, v in one.items()}
    np.testing.assert_allclose(
        outputs(call, layer, one)[0], outputs(call, layer, front)[0][:, 2:], atol=1e-6
    )


def test_a_missing_step_is_passed_over():
    layer, arrays = Recurrent(6, "gru", True), token_arrays(rows=2)
    one = {k: v[:1].copy() for k, v in arrays.items()}
    hole = {k: np.insert(v, 3, 0, axis=1) for k, v in one.items()}
    found = np.delete(outputs(call, layer, hole)[0], 3, axis=1)
    np.testing.assert_allclose(outputs(call, layer, one)[0], found, atol=1e-6)


def test_gru_equals_that_of_keras():
    arrays, layer = token_arrays(rows=2), Recurrent(6, "gru")
    ours = outputs(call, layer, arrays)[0][:1]
    theirs = keras.layers.GRU(6, return_sequences=True)
    theirs.build((None, 6, 8))
    direction = layer.onward
    order = lambda w: np.concatenate([w[..., 6:12], w[..., :6], w[..., 12:]], -1)  # update first
    numpy = keras.ops.convert_to_numpy
    bias = np.zeros((2, 18), "float32")
    theirs.set_weights(
        [order(numpy(direction.project.kernel)), order(numpy(direction.cell.kernel)), bias]
    )
    np.testing.assert_allclose(ours, numpy(theirs(arrays["inputs"][:1])), atol=1e-5)


def test_bad_arguments_are_refused_with_the_fix():
    with pytest.raises(RecipeError, match=r'kind gru or lstm. Got "elman"'):
        Recurrent(6, "elman")
    with pytest.raises(RecipeError, match=r"even dim for two directions. Got 5. Pass dim=6"):
        Recurrent(5, bidirectional=True)
