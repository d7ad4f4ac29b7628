"""Pictures, sounds and films that stand in several rows of a table."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from polymodal.profile.column_rules import judge
from polymodal.profile.observed import Observed
from polymodal.profile.sharing import FILLER, repeats
from polymodal.splits.strata import group_codes
from polymodal.tables.kinds import MEDIA
from polymodal.tables.table import Table


def is_media(table: Table, column: str) -> bool:
    """Returns whether a column holds pictures, sounds or films."""
    return column in table.column_names and judge(Observed(table, column)).modality in MEDIA


def repeated_media(table: Table, ignore: Container[str] = ()) -> str | None:
    """Returns the column of media whose cells repeat most, or None where none does, or where it
    holds the same cell throughout.

    Args:
        table: Table.
        ignore: names of columns to leave out.
    """
    found, most = None, 1.0
    for column in table.column_names:
        if column in ignore or not is_media(table, column):
            continue
        there = np.fromiter((value is not None for value in table.values(column)), bool, len(table))
        cells = group_codes(table, column)
        rows_a_cell = repeats(np.where(there, cells, FILLER))
        if rows_a_cell > most and cells.any():  # the first has code 0
            found, most = column, rows_a_cell
    return found
