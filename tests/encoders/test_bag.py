import numpy as np
import pytest

from check_layer import call_encoder as call
from check_layer import check_layer, outputs, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.encoders.bag import Bag


def ids():
    mask = token_arrays()["inputs_mask"]
    numbers = np.random.default_rng(0).integers(2, 9, mask.shape).astype("int32")
    return {"inputs": numbers * mask, "inputs_mask": mask}


def test_bag_passes_the_harness():
    check_layer(lambda: Bag(8, vocabulary_size=9), ids())


def test_order_does_not_matter():
    network, arrays = Bag(8, vocabulary_size=9), ids()
    turned = {**arrays, "inputs": arrays["inputs"].copy()}
    turned["inputs"][0] = turned["inputs"][0, ::-1]
    np.testing.assert_allclose(
        outputs(call, network, arrays)[0], outputs(call, network, turned)[0], atol=1e-6
    )


def test_bag_reads_ids_only():
    with pytest.raises(RecipeError, match=r"Bag needs vocabulary_size"):
        Bag(8)


def steps():
    """Texts of four to no pieces, padded by 0, in sequences of six to no steps."""
    mask = token_arrays()["inputs_mask"]
    rng = np.random.default_rng(0)
    numbers = rng.integers(2, 9, (*mask.shape, 4)).astype("int32")
    real = np.arange(4) < rng.integers(1, 5, mask.shape)[..., None]
    return {"inputs": numbers * real * mask[..., None], "inputs_mask": mask}


def test_texts_that_are_steps_pass_the_harness():
    check_layer(lambda: Bag(8, vocabulary_size=9), steps())


def test_a_step_is_what_the_text_is_by_itself():
    network, arrays = Bag(8, vocabulary_size=9), steps()
    tokens, mask = outputs(call, network, arrays)
    assert tokens.shape == (*arrays["inputs_mask"].shape, 8)
    assert np.array_equal(mask, arrays["inputs_mask"])
    pieces = arrays["inputs"][:, 1]
    alone, _ = outputs(call, network, {"inputs": pieces, "inputs_mask": pieces > 0})
    np.testing.assert_allclose(tokens[:, 1], alone[:, 0], atol=1e-6)


def test_padding_inside_a_step_changes_nothing():
    network, arrays = Bag(8, vocabulary_size=9), steps()
    wider = {**arrays, "inputs": np.pad(arrays["inputs"], ((0, 0), (0, 0), (0, 3)))}
    np.testing.assert_allclose(
        outputs(call, network, arrays)[0], outputs(call, network, wider)[0], atol=1e-6
    )
