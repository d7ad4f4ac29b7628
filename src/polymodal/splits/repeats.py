"""Media files that several rows of a table share."""

from __future__ import annotations

from collections.abc import Container

from polymodal.profile.profile import Profile, profile
from polymodal.profile.sharing import repeats
from polymodal.tables.table import Table


def repeated_media(source: Table | Profile, ignore: Container[str] = ()) -> str | None:
    """Returns the media column whose cells repeat most; None if none does, or if all its cells are
    the same.

    Args:
        source: Table or Profile.
        ignore: names of columns to ignore.
    """
    facts, found, most = profile(source), None, 1.0
    for column in facts.table.column_names:
        if column in ignore or not facts.is_media(column):
            continue
        cells, _ = facts.items(column)
        rows_a_cell = repeats(cells)
        if rows_a_cell > most and cells.any():  # the first cell has number 0
            found, most = column, rows_a_cell
    return found
