"""The encoders of published image-text pairs, also when nothing was imported."""

import numpy as np
import pytest

from oracles import to_numpy
from polymodal.core.errors import RecipeError
from polymodal.encoders.clip_image import ClipImage
from polymodal.encoders.clip_text import ClipText
from polymodal.encoders.siglip_image import SiglipImage
from polymodal.encoders.siglip_text import SiglipText

TEXT = {
    "inner_width": 8,
    "num_layers": 1,
    "num_heads": 2,
    "hidden": 12,
    "vocabulary_size": 20,
    "num_positions": 20,
    "projection": 6,
}
IMAGE = {"num_layers": 1, "num_heads": 2, "hidden": 12, "patch_size": 4}


def texts():
    ids = np.random.default_rng(0).integers(1, 19, (3, 6)).astype(np.int32)
    mask = np.arange(6) < np.array([[6], [3], [1]])
    ids[[0, 1, 2], [5, 2, 0]] = 19
    return np.where(mask, ids, 0).astype(np.int32), mask


def text_encoder(make):
    if make is ClipText:
        return make(**TEXT, end_id=19)
    return make(**TEXT)


@pytest.mark.parametrize("make", [ClipText, SiglipText])
def test_a_text_per_step_gives_what_each_text_gives_alone(make):
    encoder = text_encoder(make)
    ids, mask = texts()
    alone, there = encoder(ids, mask)
    assert tuple(alone.shape) == (3, 1, 6)
    assert to_numpy(there).all()
    steps = np.where(mask, ids + 1, 0).astype(np.int32)[None]
    together, _ = encoder(steps, np.array([[True, False, True]]))
    np.testing.assert_allclose(to_numpy(together)[0, ::2], to_numpy(alone)[::2, 0], atol=1e-6)
    assert not to_numpy(together)[0, 1].any()


@pytest.mark.parametrize("make", [ClipText, SiglipText])
def test_padding_is_ignored(make):
    encoder = text_encoder(make)
    ids, mask = texts()
    before, _ = encoder(ids, mask)
    after, _ = encoder(np.where(mask, ids, 7).astype(np.int32), mask)
    np.testing.assert_allclose(to_numpy(before), to_numpy(after), atol=1e-6)
    absent, found = encoder(ids, np.zeros_like(mask))
    assert not to_numpy(absent).any()
    assert not to_numpy(found).any()


def test_a_token_of_clip_sees_none_behind_it():
    encoder = ClipText(**TEXT, end_id=19)
    encoder.build((None, None))
    ids, mask = texts()
    before = to_numpy(encoder.hidden_states(ids, np.ones_like(mask)))
    ids[:, 4:] = 3
    after = to_numpy(encoder.hidden_states(ids, np.ones_like(mask)))
    np.testing.assert_allclose(before[:, :4], after[:, :4], atol=1e-6)


@pytest.mark.parametrize(
    ("make", "tokens"),
    [
        (lambda: ClipImage(8, **IMAGE), 1),
        (lambda: ClipImage(8, **IMAGE, pooling="none"), 7),
        (lambda: SiglipImage(8, **IMAGE), 1),
        (lambda: SiglipImage(8, **IMAGE, pooling="none"), 6),
    ],
)
def test_an_absent_image_is_zeros(make, tokens):
    encoder = make()
    images = np.random.default_rng(1).normal(size=(2, 8, 12, 3)).astype(np.float32)
    found, mask = encoder(images, np.array([True, False]))
    assert tuple(found.shape) == (2, tokens, 8)
    assert encoder.num_tokens == tokens
    assert to_numpy(mask).any(axis=1).tolist() == [True, False]
    assert to_numpy(found)[0].any()
    assert not to_numpy(found)[1].any()


@pytest.mark.parametrize("kind", [ClipImage, SiglipImage])
def test_settings_that_do_not_fit_are_refused(kind):
    with pytest.raises(RecipeError, match="needs pooling none"):
        kind(8, **IMAGE, pooling="mean")
    with pytest.raises(RecipeError, match="at least one patch of 4 pixels"):
        kind(8, **IMAGE).build((None, 3, 8, 3))
