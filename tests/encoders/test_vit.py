import numpy as np
import pytest

from check_layer import check_layer
from polymodal.core.errors import RecipeError
from polymodal.encoders.vit import ViT


def test_vit_passes_the_harness():
    mask = np.array([True, True, False])
    images = np.random.default_rng(0).random((3, 12, 12, 1)).astype("float32")
    arrays = {"inputs": images * mask[:, None, None, None], "inputs_mask": mask}
    check_layer(lambda: ViT(8, num_layers=1, num_heads=2), arrays)


@pytest.mark.parametrize(("side", "tokens"), [(28, 49), (64, 64), (224, 196)])
def test_patches_suit_the_size(side, tokens):
    network = ViT(8, num_layers=1)
    network.build((None, side, side, 3))
    assert network.num_tokens == tokens


def test_a_picture_smaller_than_a_patch_is_refused():
    with pytest.raises(RecipeError, match=r"Got 8x8 pixels and patch_size=16. Pass patch_size=8"):
        ViT(8, patch_size=16).build((None, 8, 8, 3))
