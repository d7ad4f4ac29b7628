"""The check of every row before the first step: unusable rows are named, counted, skipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, cell_error
from polymodal.core.printed.progress import track, warn
from polymodal.core.seeds import generator
from polymodal.feed.bad_rows import BadRows, refuse_bad, refuse_empty
from polymodal.feed.decode import decode_items
from polymodal.feed.samples import Samples, Source

_FIT_ROWS = 20_000  # rows that statistics and vocabularies are learned from, at most
_SHOWN = 5  # rows that a sentence names


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
        return Checked(self.rows[there], self.lengths[there][:, [index, -1]],
                       self.present[there][:, [index]], self.valid[there], self.errors)

    def fingerprint(self) -> str:
        """Returns a sha256 of the rows, lengths, presence and valid counts, for resuming."""
        digest = hashlib.sha256()
        for array in (self.rows, self.lengths, self.present, self.valid):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def check(
    samples: Samples,
    ledger: Any,
    num_workers: int = 2,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
    fit: bool = False,
    keep_without_target: bool = False,
    allow_empty: bool = False,
    room: Any = None,
) -> Checked:
    """Decodes every row once, fills the cache, and returns the rows that can be used.

    Rows without a target, and rows of which every input is missing, are skipped and counted. Bad
    rows stop the run, or with `skip_bad` are skipped and counted too.

    Args:
        samples: Samples.
        ledger: Ledger that counts what is dropped and truncated.
        num_workers: int, threads that decode media.
        skip_bad: bool, skip bad rows.
        max_bad_share: float, 0..1, share of bad rows above which even `skip_bad` stops.
        fit: bool, learn the statistics of modalities and target from these rows on the way: True
            for the train split.
        keep_without_target: bool, keep rows without a target, as for prediction.
        allow_empty: bool, return no rows rather than stop where none can be used.
        room: object that says whether a target fits into what the inputs of its row become, as
            `recipe.room.Room` does; None where any does.

    Raises:
        DataError: bad rows, or no row left; the message names the first five and the fix.
    """
    part = Part(samples, ledger, fit, room)
    return check_parts([part], num_workers, skip_bad, max_bad_share, keep_without_target,
                       allow_empty)[0]


@dataclass(frozen=True)
class Part:
    """Rows that are checked together with those of other splits.

    Args:
        samples: Samples of one split.
        ledger: Ledger that counts what is dropped and truncated.
        fit: bool, as for `check`.
        room: as for `check`.
        keep_without_target: bool, keep rows without a target next to those with one.
    """

    samples: Samples
    ledger: Any
    fit: bool = False
    room: Any = None
    keep_without_target: bool = False


def check_parts(parts: Sequence[Part], num_workers: int = 2, skip_bad: bool = False,
                max_bad_share: float = 0.05, keep_without_target: bool = False,
                allow_empty: bool = False) -> list[Checked]:
    """Returns what `check` does for each part, the one to fit first.

    The bad rows of all parts make one list, and their share is that of the table as read: a part
    held out of it is small, so that one bad row would be many of its rows.

    Args:
        parts: sequence of Part.
        num_workers, skip_bad, max_bad_share, keep_without_target, allow_empty: as for `check`.

    Raises:
        DataError: bad rows, or no row left in a part.
    """
    inspected = [_inspect(part, num_workers, keep_without_target or part.keep_without_target)
                 for part in parts]
    refuse_bad(_by_table(parts, inspected), skip_bad, max_bad_share)
    if not allow_empty:
        for part, found in zip(parts, inspected, strict=True):
            if len(part.samples) and not found.usable().any():
                refuse_empty(part.samples.table.name, int(found.no_target.sum()),
                             int((found.no_input & ~found.no_target).sum()),
                             [found.bad[row] for row in sorted(found.bad)])
    checked = [_finish(part, found) for part, found in zip(parts, inspected, strict=True)]
    for part in parts:
        part.samples.release()
    return checked


def _inspect(part: Part, num_workers: int, keep_without_target: bool) -> _Findings:
    """Checks every row, as far as nothing but the target has to be fitted first."""
    samples, found = part.samples, _Findings(part.samples)
    part.ledger.read(samples.table.name, len(samples))
    if samples.target_object is not None:
        _check_targets(samples, found, part.fit, keep_without_target)
    for index, source in enumerate(samples.sources):
        if source.modality.cached:
            _check_media(samples, source, index, found, num_workers)
        else:
            _check_values(samples, source, index, found)
    if part.room is not None:
        _check_room(samples, found, part.room)
    found.no_input[:] = ~found.present.any(axis=1)
    return found


def _finish(part: Part, found: _Findings) -> Checked:
    """Fits to the rows that are kept, measures them, and counts the others."""
    samples, kept = part.samples, np.flatnonzero(found.usable()).astype("int32")
    if part.fit:
        _fit(samples, kept)
    for index, source in enumerate(samples.sources):
        if source.modality.has_time and not source.modality.cached:
            _measure(samples, source, index, kept, found)
    _count(samples, found, kept, part.ledger)
    return found.checked(kept)


class _Findings:
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
            raise ValueError(f"_Findings needs a time axis of input {index}. Got none.")
        return lengths, truncated

    def usable(self) -> np.ndarray:
        usable = ~(self.no_target | self.no_input)
        usable[list(self.bad)] = False
        return usable

    def checked(self, kept: np.ndarray) -> Checked:
        """Returns what is known of the kept rows, in the smallest types that hold it."""
        where = slice(None) if len(kept) == len(self.valid) else kept
        longest = max([1, *(int(column.max(initial=0)) for column in self.lengths
                            if column is not None)])
        lengths = np.ones((len(kept), len(self.lengths)), np.min_scalar_type(longest))
        lengths[:, :-1] = self.present[where]
        for index, column in enumerate(self.lengths):
            if column is not None:
                lengths[:, index] = column[where]
        valid = self.valid[where]
        valid = valid.astype(np.min_scalar_type(int(valid.max(initial=1))))
        cut = [part[kept] for part in self.truncated[:-1] if part is not None]
        return Checked(kept, lengths, self.present[where], valid, dict(sorted(self.bad.items())),
                       kept[np.any(cut, axis=0)].tolist() if cut else [])


def _check_targets(samples: Samples, found: _Findings, fit: bool, keep: bool) -> None:
    target, column = samples.known_target, samples.target_column
    if fit:
        _fit_target(samples)
    for row in range(len(samples)):
        try:
            encoded = samples.target(row)
        except DataError as error:
            found.bad[row] = error
            continue
        if encoded is None:
            found.no_target[row] = not keep
            found.valid[row] = 0
        elif target.has_time:
            value = samples.target_value(row)
            several = fit and target.is_sampled  # training sees more than the first
            lengths, truncated = found.times(-1)
            lengths[row] = target.longest(value) if several else len(encoded)
            if several:
                encoded = target.encode_several(value)
            found.valid[row] = target.num_valid(encoded)
            truncated[row] = target.truncated(value)
    needed = fit or not keep
    if len(samples) and not found.valid.any() and needed and not found.bad:
        raise DataError("is empty in every row.", "Name another column as the target.",
                        table=samples.table.name, column=column, reason="no_target")


def _fit_target(samples: Samples) -> None:
    cells = _readable(samples)
    first = next(cells, None)
    if first is None:
        return  # which row lacks what is said below
    try:
        samples.known_target.fit(chain([first], cells))
    except DataError as error:
        raise error.at(table=samples.table.name, column=samples.target_column) from None


def _readable(samples: Samples) -> Iterator[Any]:
    """Yields the target's readable cells; the others are reported by their row later."""
    for row in range(len(samples)):
        value = samples.target_value(row)
        if value is None:
            continue
        try:
            samples.known_target.read(value)
        except Exception as error:
            cell_error(error)  # raises what is about no cell
            continue
        yield value


def _check_media(samples: Samples, source: Source, index: int, found: _Findings,
                 num_workers: int) -> None:
    items = decode_items(samples, source, num_workers)
    found.present[:, index] = items.slots >= 0
    if source.modality.has_time:  # slot -1, an empty cell, takes the last: length 0
        found.lengths[index] = np.append(items.lengths, np.int32(0))[items.slots]
        found.truncated[index] = np.append(items.truncated, False)[items.slots]
    if not items.errors:
        return
    for row in np.flatnonzero(np.isin(items.slots, list(items.errors)) & ~found.no_target):
        error = items.errors[int(items.slots[row])].by_file(rows=True)
        found.bad.setdefault(int(row), samples.located(error, int(row), source))


def _check_values(samples: Samples, source: Source, index: int, found: _Findings) -> None:
    """Checks an input that is not worth a cache, such as text, row by row."""
    for row in track(range(len(samples)), f"Checking {source.name}", len(samples)):
        if found.no_target[row]:
            continue
        try:
            found.present[row, index] = samples.decode(source, row) is not None
            if source.modality.has_fields and found.present[row, index]:
                gaps = source.modality.gaps(samples.cell(source, row))
                if gaps:
                    found.gaps.setdefault(row, []).extend(gaps)
        except DataError as error:
            found.present[row, index] = True
            found.bad.setdefault(row, error)


def _check_room(samples: Samples, found: _Findings, room: Any) -> None:
    """Finds inputs of which only a part is kept where the target tells of all of them, and targets
    that are too long for the inputs of their row, all of which have lengths."""
    inputs = [found.times(index) for index in range(len(samples.sources))]
    symbols, _ = found.times(-1)
    for index, source in enumerate(samples.sources):
        for row in np.flatnonzero(inputs[index][1] & found.usable()):
            found.bad[int(row)] = samples.located(room.cut(index), int(row), source)
    for row in np.flatnonzero(found.usable()):
        lengths = [column[row] for column, _ in inputs]
        if 2 * symbols[row] <= room.num_tokens(lengths):
            continue  # as nearly always: there is room even if all symbols were equal
        encoded = samples.target(int(row))
        try:
            room.check(lengths, len(encoded), samples.known_target.num_frames(encoded))
        except DataError as error:
            found.bad[int(row)] = error.at(table=samples.table.name,
                                           row=samples.table.row_number(int(row)),
                                           column=samples.target_column)


def _measure(samples: Samples, source: Source, index: int, kept: np.ndarray,
             found: _Findings) -> None:
    """Finds the lengths of an input that need its vocabulary, such as text."""
    modality, (lengths, truncated) = source.modality, found.times(index)
    for row in kept:
        value = samples.decode(source, int(row))
        if value is not None:
            lengths[row] = modality.length(value)
            truncated[row] = modality.truncated(value)


def _fit(samples: Samples, kept: np.ndarray) -> None:
    rows = kept
    if len(kept) > _FIT_ROWS:
        rows = np.sort(generator(len(kept)).choice(kept, _FIT_ROWS, replace=False))
    for source in samples.sources:
        modality = source.modality
        values = (samples.decode(source, int(row)) for row in rows)
        known = (value for value in values if value is not None)
        if modality.is_fitted:
            modality.look(known)
        else:
            modality.fit(known)


def _by_table(parts: Sequence[Part], inspected: Sequence[_Findings]) -> list[BadRows]:
    """Returns the bad rows of each table as it was read, whichever part they are in."""
    tables: dict[int, BadRows] = {}
    for part, found in zip(parts, inspected, strict=True):
        table = part.samples.table
        rows = tables.setdefault(id(table.origin), BadRows(table.name))
        rows.errors += found.bad.values()
        rows.num_rows += len(part.samples)
    return [*tables.values()]


def _count(samples: Samples, found: _Findings, kept: np.ndarray, ledger: Any) -> None:
    """Enters every skipped and every truncated row under its number as read."""
    table = samples.table
    bad = np.zeros(len(samples), bool)
    bad[list(found.bad)] = True
    for row, error in sorted(found.bad.items()):
        ledger.drop(table.name, table.row_number(row) - 1, error.reason, str(error))
    for reason, rows, problem in (
        ("no_target", found.no_target & ~bad, f'column "{samples.target_column}" is empty.'),
        ("no_input", found.no_input & ~found.no_target & ~bad, "every input is empty."),
    ):
        for row in np.flatnonzero(rows):
            number = table.row_number(int(row))
            ledger.drop(table.name, number - 1, reason, f"{table.name} row {number}: {problem}")
    _count_gaps(samples, found, ledger)
    names = [*(f'input "{source.name}"' for source in samples.sources), "the target"]
    keys = [*(source.name for source in samples.sources), "target"]
    for index, (name, key) in enumerate(zip(names, keys, strict=True)):
        cut = found.truncated[index]
        for row in [] if cut is None else kept[cut[kept]]:
            number = table.row_number(row)
            ledger.truncate(table.name, number - 1, f"{key}_too_long",
                            f"{table.name} row {number}: {name} is longer than is kept; "
                            f"{_what_is_cut(samples, index, int(row))}.")


def _what_is_cut(samples: Samples, index: int, row: int) -> str:
    """Returns a clause on what is left out of an input, or of the target."""
    sources = samples.sources[index:index + 1]  # none is the target
    if not (sources and sources[0].modality.is_text):
        return "the rest is cut off"
    return sources[0].modality.what_is_cut(samples.decode(sources[0], row))


def _count_gaps(samples: Samples, found: _Findings, ledger: Any) -> None:
    """Enters the rows with an infinite number, which is read as missing, and names them."""
    table, rows = samples.table, {}
    for row, columns in found.gaps.items():
        number = table.row_number(row)
        for column in columns:
            rows.setdefault(column, []).append(number)
        ledger.repair(table.name, number - 1, "infinite_number", f"{table.name} row {number}: "
                      f"column {' and '.join(columns)} is infinite and is read as missing.")
    for column, numbers in rows.items():
        where = "rows"
        if len(numbers) == 1:
            where = "row"
        shown = ", ".join(map(str, numbers[:_SHOWN]))
        more = ""
        if len(numbers) > _SHOWN:
            more = f" and {len(numbers) - _SHOWN} more"
        warn(f'{table.name}: column "{column}" is infinite in {where} {shown}{more}. '
             "These cells are read as missing.")
