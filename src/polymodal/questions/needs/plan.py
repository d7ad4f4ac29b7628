"""Which rows each training of a learning curve sees, and which it is scored on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.seeds import generator
from polymodal.evaluation.resampling.draws import counts
from polymodal.profile.profile import Profile
from polymodal.profile.strata import strata_codes
from polymodal.splits.apportion import assign_groups, assign_strata
from polymodal.splits.groups import joined_codes

__all__ = ["Plan", "Step"]

_HELD_OUT = 0.2
_DRAWS = 200
_SMALLEST = 16  # rows that a training has at least
_SPAN = 32.0  # the largest number of rows over the smallest
_GROUPS_A_SIZE = 3  # of groups per size there have to be, for training to grow by groups


@dataclass(frozen=True)
class Step:
    """One training of a curve.

    Args:
        size: int, rows.
        seed: int.
        train: (size,) int, rows of the table to train on.
        held: (n,) int, rows to score: of the table, or of the validation table.
    """

    size: int
    seed: int
    train: np.ndarray
    held: np.ndarray

    @property
    def name(self) -> str:
        """Names its files."""
        return f"rows{self.size}-seed{self.seed}"


class Plan:
    """Growing parts of a table, for several seeds.

    Each seed holds out other rows, unless there is a validation table. The rows of a smaller
    training are among those of a larger one of the same seed. Classes keep their shares, and rows
    of a group stay on one side.

    Args:
        facts: Profile of the table.
        target: str, column to predict, or None.
        group: str, column whose values stay together, or None.
        also: other columns whose values do, where there is a group.
        num_sizes: int.
        num_seeds: int.
        val: Profile of the validation table, or None.
        usable: (n,) int, rows that can be used, or None for all.
    """

    def __init__(
        self,
        facts: Profile,
        target: str | None,
        group: str | None = None,
        also: Sequence[str] = (),
        *,
        num_sizes: int = 6,
        num_seeds: int = 3,
        val: Profile | None = None,
        usable: np.ndarray | None = None,
    ):
        self.num_seeds, self._val, self._whole = num_seeds, val, val is None
        self._rows = np.arange(len(facts)) if usable is None else np.asarray(usable)
        self._strata, self._name = strata_codes(facts, target), facts.table.name
        if group is None:
            self._groups = None
        else:
            self._groups = joined_codes(facts, group, also)
        self._held_groups = self._groups
        if val is not None:
            self._held_groups = None if group is None else joined_codes(val, group, also)
        self._num_held = len(facts) if val is None else len(val)
        self._orders = [self._order(seed) for seed in range(num_seeds)]
        self.sizes = self._sizes(num_sizes, min(len(train) for train, _ in self._orders))

    def steps(self) -> list[Step]:
        """Returns all trainings, the cheapest that show the whole curve first: seed by seed."""
        return [
            Step(size, seed, np.sort(train[:size]), held)
            for seed, (train, held) in enumerate(self._orders)
            for size in self.sizes
        ]

    def weights(self) -> np.ndarray:
        """Returns (rows, draws) how often each scored row counts in each resample: the same in all
        trainings. Rows of a group come together."""
        unit = np.arange(self._num_held)
        if self._held_groups is not None:
            unit = np.unique(self._held_groups, return_inverse=True)[1]
        return np.concatenate(list(counts(unit, _DRAWS, 0)), axis=1)

    def _order(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the rows to train on in the order in which they are added, and those held out."""
        rng = generator(seed, 11)
        if self._val is not None:
            return self._spread(self._rows, rng), np.arange(self._num_held)
        shares = [1 - _HELD_OUT, _HELD_OUT]
        if self._groups is None:
            part = assign_strata(self._strata[self._rows], shares, rng)
        else:
            groups = np.unique(self._groups[self._rows], return_inverse=True)[1]
            part = assign_groups(groups, self._strata[self._rows], shares, rng)
        return self._spread(self._rows[part == 0], rng), self._rows[part == 1]

    def _spread(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns rows in random order: one of each stratum first, so that no training lacks a
        class, and then of each about as many among the next as among the last. With many groups,
        one group comes after the other instead."""
        if self._groups is not None:
            codes = np.unique(self._groups[rows], return_inverse=True)[1]
            count = int(codes.max()) + 1
            if count >= _GROUPS_A_SIZE * 2**5:
                places = rng.permutation(count)
                return rows[np.lexsort((rng.random(len(rows)), places[codes]))]
        strata = self._strata[rows]
        place = np.empty(len(rows))
        for code in np.unique(strata):
            own = np.flatnonzero(strata == code)
            own = rng.permutation(own)
            place[own] = (np.arange(len(own)) + rng.random()) / len(own)
            place[own[0]] -= 1
        return rows[np.argsort(place, kind="stable")]

    def _sizes(self, count: int, largest: int) -> list[int]:
        fewest = max(_SMALLEST, len(np.unique(self._strata)))  # one row of each class
        if largest < 2 * fewest:
            least = round(2 * fewest / (1 - _HELD_OUT))
            used = ""
            if len(self._rows) < len(self._strata):
                used = f" ({len(self._rows):,} of its {len(self._strata):,} rows can be used)"
            raise DataError(
                f"has {largest} rows to train on{used}, too few for a learning curve.",
                f"Give at least {least} rows that have a target.",
                table=self._name,
                reason="small_table",
            )
        smallest = max(fewest, round(largest / _SPAN))
        return sorted({round(n) for n in np.geomspace(smallest, largest, count)})
