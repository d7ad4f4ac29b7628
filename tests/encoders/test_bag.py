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
    np.testing.assert_allclose(outputs(call, network, arrays)[0],
                               outputs(call, network, turned)[0], atol=1e-6)


def test_bag_reads_ids_only():
    with pytest.raises(RecipeError, match=r"Bag needs vocabulary_size"):
        Bag(8)
