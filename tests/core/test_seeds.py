from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.seeds import generator

KEYS = st.lists(st.integers(0, 2**40), min_size=1, max_size=4)


@given(KEYS, KEYS)
def test_streams_are_equal_only_for_equal_keys(a, b):
    same = generator(*a).integers(2**62) == generator(*b).integers(2**62)
    assert same == (a == b)
