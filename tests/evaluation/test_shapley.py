"""Shapley values: those of games that are solved by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import RecipeError
from polymodal.evaluation.shapley import interactions, shapley_values, shares


@given(st.integers(1, 5), st.integers(0, 99))
def test_values_add_up_to_what_all_players_are_worth(players, seed):
    values = np.random.default_rng(seed).normal(size=(2**players, 3))
    assert shapley_values(values).sum(axis=0) == pytest.approx(values[-1] - values[0])


def test_the_glove_game():
    """One left glove (player 0) and two right ones; only a pair is worth something."""
    values = np.array([[float(coalition & 1 and coalition & 6)] for coalition in range(8)]) > 0
    found = shapley_values(values.astype(float))[:, 0]
    assert found == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    pairs = interactions(values.astype(float))
    assert pairs[0, 1][0] == pytest.approx(1 / 2)  # they need each other
    assert pairs[1, 2][0] == pytest.approx(-1 / 2)  # one of them is enough


def test_a_player_that_adds_nothing_has_no_share():
    values = np.array([[0.0], [0.4], [0.0], [0.4]])
    assert shares(shapley_values(values)[:, 0]).tolist() == [1.0, 0.0]
    assert shares(np.array([-0.1, 0.0])).tolist() == [0.0, 0.0]


def test_many_players_are_refused():
    with pytest.raises(RecipeError, match=r"need 10 inputs at most\. Got 11"):
        shapley_values(np.zeros((2**11, 1)))
