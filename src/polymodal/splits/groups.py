"""Groups of a table: rows that share a value of a column, such as a speaker."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.media.identity import renumbered
from polymodal.profile.profile import Profile, profile
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table


def group_codes(source: Table | Profile, group: str) -> np.ndarray:
    """Returns (rows,) int, the group of each row; rows without one make a group together."""
    codes = profile(source).each(("group", group), lambda table: _groups(table, group))
    return renumbered(codes)[0]


def _groups(table: Table, group: str) -> np.ndarray:
    codes: dict[Any, int] = {}
    found = (codes.setdefault(value_key(value), len(codes)) for value in table.values(group))
    return np.fromiter(found, np.int32, len(table))
