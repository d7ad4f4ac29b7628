"""Sequences: steps may be missing, single numbers may not."""

import json

import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.collate import collate
from polymodal.preprocess.sequence import Sequence


def test_missing_steps_are_masked_zeros():
    sequence = Sequence()
    decoded = [sequence.decode(c) for c in ([[0.0, 0.0], None, [2.0, 4.0]], [[1.0, 2.0]])]
    sequence.fit(decoded)
    batch, mask = collate(sequence, [*(sequence.encode(d) for d in decoded), None], 4)
    assert batch.shape == (3, 4, 2)
    assert mask.tolist() == [[True, False, True, False], [True] + [False] * 3, [False] * 4]
    assert np.isfinite(batch).all()
    assert not batch[~mask].any()
    assert np.allclose(batch[0, 2], 1.2247, atol=1e-3)


def test_numbers_one_by_one_and_json():
    assert Sequence().decode([1, 2.5, None]).shape == (3, 1)
    assert Sequence().decode("[[1, 2], [3, 4]]").tolist() == [[1, 2], [3, 4]]


def test_only_missing_steps_fit_any_width():
    sequence = Sequence(dim=3)
    assert sequence.encode(sequence.decode([None, None])).shape == (2, 3)
    opened = Sequence()
    gaps = opened.decode([None])
    opened.fit([gaps, opened.decode([[1.0, 2.0]])])
    assert opened.encode(gaps).shape == (1, 2)


def test_longer_sequences_are_cut_and_told():
    sequence = Sequence(max_length=2)
    decoded = sequence.decode([[1.0]] * 5)
    assert sequence.truncated(decoded)
    assert len(sequence.encode(decoded)) == sequence.length(decoded) == 2


def test_state_survives_json():
    sequence, other = Sequence(), Sequence()
    sequence.fit([sequence.decode([[1.0, 9.0], [3.0, 9.0]])])
    other.restore(json.loads(json.dumps(sequence.state())))
    cell = [[2.0, 9.5]]
    assert np.array_equal(other.encode(other.decode(cell)), sequence.encode(other.decode(cell)))


def test_noise_leaves_gaps_alone():
    sequence = Sequence(noise=0.1)
    decoded = sequence.decode([[1.0], None])
    varied = sequence.augment(decoded, generator(0))
    assert np.isnan(varied).tolist() == [[False], [True]]
    assert varied[0] != decoded[0]
    assert np.array_equal(Sequence().augment(decoded, generator(0)), decoded, equal_nan=True)


def test_suggestion_is_width_and_room_for_length():
    cells = [[[1.0, 2.0]] * 6, [None, [1.0, 2.0]], None, "x"]
    assert Sequence.suggest(cells) == {"dim": 2, "max_length": 12}
    assert Sequence.suggest([None]) == {}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ([[1.0, 2.0], [1.0]], "has 1 numbers at step 2, expected 2"),
        ([[1.0, 2.0], [1.0, None]], "at step 2 has values that are not numbers"),
        ([], "has 0 steps"),
        (3.0, "needs a list with one vector per step. Got float"),
        ([["x", "y"]], "at step 1 needs a list of numbers"),
    ],
)
def test_wrong_cells_say_what_is_wrong(cell, message):
    with pytest.raises(DataError, match=message):
        Sequence(dim=2).decode(cell)


def test_fit_refuses_two_widths():
    with pytest.raises(DataError, match="has 1 numbers a step in one row and 2 in others"):
        Sequence().fit([np.zeros((1, 2), np.float32), np.zeros((1, 1), np.float32)])


def test_wrong_arguments_fail_at_once():
    with pytest.raises(RecipeError, match="Sequence needs max_length from 1"):
        Sequence(max_length=0)
