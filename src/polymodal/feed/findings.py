"""What the check of rows finds, by row, and what the plan and the loader need to know of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from polymodal.core.errors import DataError
from polymodal.feed.samples import Samples


@dataclass
class Checked:
    """The rows that can be used, and what the plan and the loader need to know of them.

    Args:
        rows: (n,) int32, rows of the table, ascending.
        lengths: (n, sources + 1) whole numbers of the smallest type that holds them, time steps of
            each input and, last, of the target; 0 for a missing input, 1 without a time axis.
        present: (n, sources) bool, False where an input is missing.
        valid: (n,) whole numbers likewise, targets of the row that count in the loss: steps of a
            sequence, or 1.
        errors: {row: DataError} of the rows that were skipped as bad.
        cut: rows, ascending, of which an input is longer than is kept.
    """

    rows: np.ndarray
    lengths: np.ndarray
    present: np.ndarray
    valid: np.ndarray
    errors: dict[int, DataError] = field(default_factory=dict)
    cut: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, index: int) -> Checked:
        """Returns the rows that have one source, and what is known of it."""
        there = self.present[:, index]
        return Checked(
            self.rows[there],
            self.lengths[there][:, [index, -1]],
            self.present[there][:, [index]],
            self.valid[there],
            self.errors,
        )

    def take(self, where: np.ndarray) -> Checked:
        """Returns what is known of some of the rows.

        Args:
            where: (n,) bool.
        """
        return replace(
            self,
            rows=self.rows[where],
            lengths=self.lengths[where],
            present=self.present[where],
            valid=self.valid[where],
        )

    def fingerprint(self) -> str:
        """Returns a sha256 of the rows, lengths, presence and valid counts, for resuming."""
        digest = hashlib.sha256()
        for array in (self.rows, self.lengths, self.present, self.valid):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


class Findings:
    """Findings of the check so far, by row of the table; lengths only for inputs with time."""

    def __init__(self, samples: Samples):
        num_rows, timed = len(samples), [s.modality.has_time for s in samples.sources]
        target = samples.target_object
        timed.append(target is not None and target.has_time)
        self.present = np.zeros((num_rows, len(samples.sources)), bool)
        self.lengths = [np.zeros(num_rows, "int32") if t else None for t in timed]
        self.truncated = [np.zeros(num_rows, bool) if t else None for t in timed]
        self.valid = np.ones(num_rows, "int32" if timed[-1] else "uint8")
        self.no_target: np.ndarray = np.zeros(num_rows, bool)
        self.no_input: np.ndarray = np.zeros(num_rows, bool)
        self.bad: dict[int, DataError] = {}
        self.gaps: dict[int, list[str]] = {}

    def times(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns lengths (rows,) and truncation (rows,) of an input or target with time."""
        lengths, truncated = self.lengths[index], self.truncated[index]
        if lengths is None or truncated is None:
            raise ValueError(f"Findings needs a time axis of input {index}. Got none.")
        return lengths, truncated

    def usable(self) -> np.ndarray:
        usable = ~(self.no_target | self.no_input)
        usable[list(self.bad)] = False
        return usable

    def checked(self, kept: np.ndarray) -> Checked:
        """Returns what is known of the kept rows, in the smallest types that hold it."""
        where = slice(None) if len(kept) == len(self.valid) else kept
        longest = max(
            [1, *(int(column.max(initial=0)) for column in self.lengths if column is not None)]
        )
        lengths = np.ones((len(kept), len(self.lengths)), np.min_scalar_type(longest))
        lengths[:, :-1] = self.present[where]
        for index, column in enumerate(self.lengths):
            if column is not None:
                lengths[:, index] = column[where]
        valid = self.valid[where]
        valid = valid.astype(np.min_scalar_type(int(valid.max(initial=1))))
        cut = [part[kept] for part in self.truncated[:-1] if part is not None]
        return Checked(
            kept,
            lengths,
            self.present[where],
            valid,
            dict(sorted(self.bad.items())),
            kept[np.any(cut, axis=0)].tolist() if cut else [],
        )
