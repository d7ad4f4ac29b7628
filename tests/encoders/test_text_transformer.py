"""The encoder for published text models, also when nothing was imported."""

import numpy as np
import pytest

from oracles import to_numpy
from polymodal.core.errors import RecipeError
from polymodal.encoders.text_transformer import TextTransformer

SMALL = {
    "width": 8,
    "num_layers": 1,
    "num_heads": 2,
    "hidden": 12,
    "vocabulary_size": 20,
    "num_positions": 16,
}


def batch():
    ids = np.random.default_rng(0).integers(1, 20, (3, 6)).astype(np.int32)
    mask = np.arange(6) < np.array([[6], [3], [1]])
    return np.where(mask, ids, 0).astype(np.int32), mask


def test_a_text_per_step_gives_what_each_text_gives_alone():
    encoder = TextTransformer(**SMALL, pooling="mean", normalise=True)
    ids, mask = batch()
    alone, _ = encoder(ids, mask)
    steps = np.where(mask, ids + 1, 0).astype(np.int32)[None]
    together, found = encoder(steps, np.array([[True, True, True]]))
    np.testing.assert_allclose(to_numpy(together)[0], to_numpy(alone)[:, 0], atol=1e-6)
    assert to_numpy(found).tolist() == [[True, True, True]]
    hidden, _ = encoder(steps, np.array([[True, False, True]]))
    assert not to_numpy(hidden)[0, 1].any()


@pytest.mark.parametrize("pooling", ["none", "first", "mean", "max", "mean_sqrt_length"])
def test_padding_is_ignored(pooling):
    encoder = TextTransformer(**SMALL, pooling=pooling)
    ids, mask = batch()
    before, _ = encoder(ids, mask)
    after, _ = encoder(np.where(mask, ids, 7).astype(np.int32), mask)
    np.testing.assert_allclose(to_numpy(before), to_numpy(after), atol=1e-6)
    absent, found = encoder(ids, np.zeros_like(mask))
    assert np.isfinite(to_numpy(absent)).all()
    assert not to_numpy(found).any()


@pytest.mark.parametrize(
    "settings", [{"pooling": "last"}, {"normalise": True}, {"activation": "mish"}]
)
def test_settings_that_do_not_fit_are_refused(settings):
    with pytest.raises(RecipeError):
        TextTransformer(**SMALL, **settings)


def test_texts_in_steps_need_a_pooling():
    with pytest.raises(RecipeError, match="needs a pooling for a text per step"):
        TextTransformer(**SMALL)(np.zeros((1, 2, 3), np.int32), np.ones((1, 2), bool))
