"""Inputs are hidden at the rate asked for, never all of a row, and as if they were missing."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.layers.modality_dropout import ModalityDropout

ROWS = 4000


def inputs(there=(True, True, True)):
    """Returns a picture, two numbers and three ids per row: masks (batch,) and (batch, n)."""

    def ones(*shape):
        return np.ones((ROWS, *shape), bool)

    masks = [ones() & there[0], ones(2) & there[1], ones(3) & there[2]]
    arrays = [
        np.ones((ROWS, 2, 2, 1), "float32"),
        np.ones((ROWS, 2), "float32"),
        np.full((ROWS, 3), 7, "int32"),
    ]
    return {
        name: (keras.ops.convert_to_tensor(a), keras.ops.convert_to_tensor(m))
        for name, a, m in zip(("image", "number", "text"), arrays, masks, strict=True)
    }


def run(layer, batch, training=True):
    return {
        name: tuple(map(keras.ops.convert_to_numpy, pair))
        for name, pair in layer(batch, training=training).items()
    }


def kept(found):
    return np.stack([m.reshape(ROWS, -1).any(1) for _, (_, m) in sorted(found.items())], axis=1)


def test_each_input_is_hidden_at_the_rate_and_never_all():
    found = kept(run(ModalityDropout(0.3), inputs()))
    assert found.any(1).all()
    assert found.mean(0) == pytest.approx([0.7 + 0.3**3 / 3] * 3, abs=0.03)


def test_a_hidden_input_is_zeros_with_a_false_mask():
    for array, mask in run(ModalityDropout(0.5), inputs()).values():
        shown = mask.reshape(ROWS, -1)
        assert (shown.all(1) == shown.any(1)).all()
        assert (array.reshape(ROWS, -1).any(1) == shown.any(1)).all()


def test_the_only_present_input_always_stays():
    assert kept(run(ModalityDropout(0.9), inputs((False, True, False))))[:, 1].all()


def test_missing_inputs_stay_missing():
    assert not kept(run(ModalityDropout(0.5), inputs((False, False, False)))).any()


@pytest.mark.parametrize(("rate", "training"), [(0.9, False), (0.0, True)])
def test_nothing_is_hidden_in_use_or_at_rate_zero(rate, training):
    assert kept(run(ModalityDropout(rate), inputs(), training)).all()


def test_ids_and_numbers_keep_their_types():
    found = run(ModalityDropout(0.5), inputs())
    assert [found[name][0].dtype for name in ("number", "text")] == ["float32", "int32"]


def test_calls_differ_and_a_seed_repeats_them():
    layer, same = ModalityDropout(0.5, seed=3), ModalityDropout(0.5, seed=3)
    first, second = kept(run(layer, inputs())), kept(run(layer, inputs()))
    assert (first != second).any()
    assert (kept(run(same, inputs())) == first).all()


def test_the_rate_is_checked():
    with pytest.raises(RecipeError, match=r"ModalityDropout needs 0 <= rate < 1. Got 1.0"):
        ModalityDropout(1.0)
