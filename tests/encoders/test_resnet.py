import numpy as np
import pytest

from check_layer import check_layer
from polymodal.core.errors import RecipeError
from polymodal.encoders.resnet import Resnet

SMALL = {"stem": 4, "widths": [8, 8], "depths": [1, 1]}


def pictures(side=16, rows=4):
    mask = np.arange(rows) < rows - 1
    images = np.random.default_rng(0).random((rows, side, side, 3)).astype("float32")
    return {"inputs": images * mask[:, None, None, None], "inputs_mask": mask}


def test_resnet_passes_the_harness():
    check_layer(lambda: Resnet(**SMALL, block="basic", pooling="none"), pictures())


def test_each_stage_but_the_first_halves_the_image():
    network = Resnet(**SMALL, pooling="none")
    network.build((None, 64, 48, 3))
    assert network.grid == (8, 6)
    assert network.num_tokens == 48


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widths": [8]}, "needs a width and a depth"),
        ({"block": "wide"}, "block basic, bottleneck"),
        ({"pooling": "max"}, "pooling mean, none"),
        ({"activation": "mish"}, "Resnet needs activation"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(RecipeError, match=message):
        Resnet(**{**SMALL, **changes})
