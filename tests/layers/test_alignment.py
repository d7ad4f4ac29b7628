"""Streams of different lengths are brought to one time axis."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.layers.alignment import align


def stream(lengths, time, seed=0):
    """Returns tokens that say their own position, and the mask of rows of those lengths."""
    mask = np.arange(time) < np.array(lengths)[:, None]
    tokens = np.broadcast_to(np.arange(time, dtype="float32")[:, None], (len(lengths), time, 1))
    return np.where(mask[..., None], tokens, 99.0).astype("float32"), mask


def run(streams, **given):
    tensors = {
        name: tuple(map(keras.ops.convert_to_tensor, pair)) for name, pair in streams.items()
    }
    return {
        name: tuple(map(keras.ops.convert_to_numpy, pair))
        for name, pair in align(tensors, **given).items()
    }


@pytest.mark.parametrize("mode", ["steps", "stretch"])
def test_streams_of_one_length_stay_as_they_are(mode):
    streams = {"a": stream([4, 2, 0], 4), "b": stream([4, 2, 0], 4)}
    found = run(streams, mode=mode)
    for name, (tokens, mask) in streams.items():
        np.testing.assert_array_equal(found[name][1], mask)
        np.testing.assert_allclose(found[name][0][mask], tokens[mask], atol=1e-6)


def test_stretching_repeats_the_steps_of_a_shorter_stream():
    tokens, mask = run({"a": stream([6, 4], 6), "b": stream([3, 2], 3)}, mode="stretch")["b"]
    assert tokens[0, :, 0].tolist() == [0, 0, 1, 1, 2, 2]
    assert tokens[1, :4, 0].tolist() == [0, 0, 1, 1]
    assert mask.tolist() == [[True] * 6, [True] * 4 + [False] * 2]


def test_stretching_onto_a_named_shorter_axis_averages():
    tokens, mask = run({"a": stream([6], 6), "b": stream([3], 3)}, mode="stretch", axis="b")["a"]
    assert tokens[0, :, 0].tolist() == [0.5, 2.5, 4.5]
    assert mask.all()


def test_masked_steps_count_nothing_in_an_average():
    tokens, mask = stream([6], 6)
    mask[0, [0, 2, 3]] = False
    found, real = run({"a": (tokens, mask), "b": stream([3], 3)}, mode="stretch", axis="b")["a"]
    assert real.tolist() == [[True, False, True]]
    assert found[0, [0, 2], 0].tolist() == [1.0, 4.5]


def test_a_missing_axis_is_replaced_by_the_longest_present():
    found = run({"a": stream([2], 6), "b": stream([0], 4)}, mode="stretch", axis="b")
    assert found["a"][1].tolist() == [[True, True, False, False]]
    assert not found["b"][1].any()


def test_steps_keeps_places_and_repeats_single_steps():
    streams = {"a": stream([6, 5], 6), "b": stream([3, 2], 3), "c": stream([1, 0], 1)}
    found = run(streams, mode="steps")
    assert found["b"][1].tolist() == [[True] * 3 + [False] * 3, [True] * 2 + [False] * 4]
    assert found["b"][0][0, :3, 0].tolist() == [0, 1, 2]
    assert found["c"][1].tolist() == [[True] * 6, [False] * 6]
    assert (found["c"][0][0] == 0).all()


def test_steps_cuts_what_lies_behind_a_named_axis():
    found = run({"a": stream([6], 6), "b": stream([3], 3)}, mode="steps", axis="b")
    assert found["a"][0][0, :, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("mode", ["steps", "stretch"])
def test_nothing_at_all_stays_nothing(mode):
    found = run({"a": stream([0], 4), "b": stream([0], 3)}, mode=mode)
    assert all(not mask.any() and np.isfinite(tokens).all() for tokens, mask in found.values())
