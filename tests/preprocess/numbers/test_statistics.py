"""Moments from pieces equal moments of the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polymodal.preprocess.numbers.statistics import Moments


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 99))
def test_pieces_equal_the_whole(sizes, seed):
    rng = np.random.default_rng(seed)
    pieces = [rng.normal(1e3, 2.0, (size, 3)) for size in sizes]
    moments = Moments()
    for piece in pieces:
        moments.add(piece)
    whole = np.concatenate(pieces)
    mean, deviation = moments.result(3)
    if len(whole) > 1:
        assert np.allclose(mean, whole.mean(0))
        assert np.allclose(deviation, whole.std(0), rtol=1e-5)


def test_constants_and_nothing_are_harmless():
    moments = Moments()
    assert [v.tolist() for v in moments.result(2)] == [[0, 0], [1, 1]]
    moments.add(np.full((5, 2), 7.0))
    assert [v.tolist() for v in moments.result(2)] == [[7, 7], [1, 1]]
