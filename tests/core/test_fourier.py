"""Lengths that a Fourier transform is fast for."""

import pytest

from polymodal.core.fourier import fast_length


@pytest.mark.parametrize(("length", "fast"), [(1, 1), (7, 8), (121, 125), (200, 200), (551, 576)])
def test_fast_lengths(length, fast):
    assert fast_length(length) == fast
