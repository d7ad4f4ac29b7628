"""Which rows a search trains on, which it chooses by, and which it never sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.profile.profile import Profile
from polymodal.profile.strata import strata_codes
from polymodal.splits.groups import group_codes, joined_codes
from polymodal.splits.split import parts
from polymodal.tables.table import Table

__all__ = ["Rows", "divide"]

_UNSEEN, _CHOSEN_BY = 0.2, 0.2


@dataclass(frozen=True)
class Rows:
    """The tables of a search.

    Args:
        train: Table.
        val: Table, by which candidates are compared.
        unseen: Table, on which the winner is scored once.
        unit: (rows,) int, the row or group of each row of `val`, for resampling.
    """

    train: Table
    val: Table
    unseen: Table
    unit: np.ndarray

    @property
    def searched(self) -> dict[str, Table]:
        """The tables that candidates see."""
        return {"train": self.train, "val": self.val}


def divide(
    known: Mapping[str, Profile],
    target: str | None,
    group: str | None,
    seed: int,
    also: Sequence[str] = (),
) -> Rows:
    """Divides a table, groups on one side, for what is not given.

    Args:
        known: {"train": Profile, and perhaps "val" and "test"}.
        target: str, column whose classes keep their shares, or None.
        group: str, column whose values stay together, or None.
        seed: int.
        also: other columns whose values stay together as well.
    """
    found = dict(known)
    for name, share, key in (("test", _UNSEEN, 1), ("val", _CHOSEN_BY, 2)):
        if name not in found:
            method = "stratified" if group is None else "grouped"
            train = found["train"]
            if group is not None and name == "val":  # of which two at least are compared on
                count = int(joined_codes(train, group, also).max()) + 1
                share = max(share, min(0.5, 2 / count))
            found |= parts(
                train,
                method,
                {"train": 1 - share, name: share},
                strata_codes(train, target),
                group,
                seed + key,
                also=also,
            )
    val = found["val"]
    unit = np.arange(len(val)) if group is None else group_codes(val, group)
    if len(np.unique(unit)) < 2:
        what = "rows" if group is None else f'values of "{group}"'
        raise RecipeError(
            f"tune needs at least two validation {what}. Got one of {len(known['train']):,} rows. "
            "Give more rows with --val, or another --split-group."
        )
    return Rows(
        found["train"].table,
        val.table,
        found["test"].table,
        np.unique(unit, return_inverse=True)[1],
    )
