"""Groups of a table: rows that share a value of a column, such as a speaker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from polymodal.media.identity import renumbered
from polymodal.profile.profile import Profile, profile
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table


def group_codes(source: Table | Profile, group: str) -> np.ndarray:
    """Returns (rows,) int, the group of each row; rows without one make a group together."""
    codes = profile(source).each(("group", group), lambda table: _groups(table, group))
    return renumbered(codes)[0]


def joined_codes(source: Table | Profile, group: str, also: Sequence[str]) -> np.ndarray:
    """Returns (rows,) int, the group of each row, where groups of `group` that share a value of one
    of the columns `also` are one: speakers of one conversation, and all who speak in theirs.

    Example:

    >>> from polymodal.tables.table import read
    >>> table = read({"speaker": ["a", "b", "b", "c"], "video": ["1", "1", "2", "3"]})
    >>> joined_codes(table, "speaker", ["video"]).tolist()
    [0, 0, 0, 1]
    """
    codes = group_codes(source, group)
    for column in also:
        other = group_codes(source, column)
        empty = np.array([value is None for value in profile(source).table.values(column)])
        count, known = int(codes.max()) + 1, ~empty
        size = count + int(other.max()) + 1
        edges = (np.ones(known.sum()), (codes[known], count + other[known]))
        codes = connected_components(coo_array(edges, (size, size)), False)[1][codes]
    return renumbered(codes)[0]


def _groups(table: Table, group: str) -> np.ndarray:
    codes: dict[Any, int] = {}
    found = (codes.setdefault(value_key(value), len(codes)) for value in table.values(group))
    return np.fromiter(found, np.int32, len(table))
