import keras
import numpy as np
import pytest

from check_layer import check_layer, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.encoders.rnn import Rnn


def ids(rows=4, time=6, size=11):
    arrays = token_arrays(rows, time)
    numbers = np.random.default_rng(0).integers(2, size, (rows, time)).astype("int32")
    return {"inputs": numbers * arrays["inputs_mask"], "inputs_mask": arrays["inputs_mask"]}


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_rnn_over_ids_passes_the_harness(kind):
    check_layer(lambda: Rnn(8, kind, vocabulary_size=11), ids())


def test_rnn_over_vectors_in_one_direction_passes_the_harness():
    check_layer(lambda: Rnn(8, num_layers=2, bidirectional=False), token_arrays())


def test_ids_need_a_vocabulary():
    with pytest.raises(RecipeError, match=r"Got shape \(4, 6\) and vocabulary_size=None"):
        Rnn(8)(ids()["inputs"], ids()["inputs_mask"])


def test_large_ids_stay_apart_in_bfloat16():
    network = Rnn(8, vocabulary_size=300, dtype="mixed_bfloat16")
    mask = np.ones((2, 1), bool)
    tokens, _ = network(np.array([[256], [257]], "int32"), mask)
    one, other = keras.ops.convert_to_numpy(keras.ops.cast(tokens, "float32"))
    assert np.abs(one - other).max() > 1e-3
