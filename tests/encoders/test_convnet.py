import numpy as np
import pytest

from check_layer import check_layer
from polymodal.core.errors import RecipeError
from polymodal.encoders.convnet import ConvNet


def pictures(side=12, rows=4, channels=3):
    rng = np.random.default_rng(0)
    mask = np.arange(rows) < rows - 1
    images = rng.random((rows, side, side, channels)).astype("float32")
    return {"inputs": images * mask[:, None, None, None], "inputs_mask": mask}


def test_convnet_passes_the_harness():
    check_layer(lambda: ConvNet(8, width=4), pictures())


@pytest.mark.parametrize(("side", "places"), [(14, 4), (28, 4), (32, 4), (64, 4), (224, 7), (5, 3)])
def test_few_places_are_left_of_any_size(side, places):
    network = ConvNet(8, width=2)
    network.build((None, side, side, 3))
    assert network.num_tokens == places**2


def test_each_stage_is_twice_as_wide_as_the_one_before():
    network = ConvNet(8, width=32, num_stages=4)
    network.build((None, 64, 64, 3))
    assert [block.filters for block in network.trunk.blocks] == [32, 64, 128, 256]


def test_a_fine_network_has_one_more_stage_and_as_many_places():
    coarse, fine = ConvNet(8, width=4), ConvNet(8, width=4, fine=True)
    for network in (coarse, fine):
        network.build((None, 64, 64, 3))
    assert coarse.num_tokens == fine.num_tokens == 16
    assert len(fine.trunk.blocks) == len(coarse.trunk.blocks) + 1


def test_pictures_of_unknown_size_are_refused():
    with pytest.raises(RecipeError, match=r"fixed size. Got shape .* Give the image input a size"):
        ConvNet(8).build((None, None, None, 3))


def test_no_stage_is_refused():
    with pytest.raises(RecipeError, match=r"Got width=32, depth=0, num_stages=None"):
        ConvNet(8, depth=0)
