"""The check of every row before the first step: unusable rows are named, counted, skipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, cell_error
from polymodal.core.printed.progress import track
from polymodal.core.seeds import generator
from polymodal.feed.bad_rows import BadRows, refuse_bad, refuse_empty
from polymodal.feed.decode import decode_items
from polymodal.feed.findings import Checked, Findings
from polymodal.feed.samples import Samples, Source
from polymodal.feed.skipped import count_skipped

_FIT_ROWS = 20_000  # rows that statistics and vocabularies are learned from, at most


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
    return check_parts(
        [part], num_workers, skip_bad, max_bad_share, keep_without_target, allow_empty
    )[0]


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


def check_parts(
    parts: Sequence[Part],
    num_workers: int = 2,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
    keep_without_target: bool = False,
    allow_empty: bool = False,
) -> list[Checked]:
    """Returns what `check` does for each part, the one to fit first.

    The bad rows of all parts make one list, and their share is that of the table as read: a part
    held out of it is small, so that one bad row would be many of its rows.

    Args:
        parts: sequence of Part.
        num_workers, skip_bad, max_bad_share, keep_without_target, allow_empty: as for `check`.

    Raises:
        DataError: bad rows, or no row left in a part.
    """
    inspected = [
        _inspect(part, num_workers, keep_without_target or part.keep_without_target)
        for part in parts
    ]
    refuse_bad(_by_table(parts, inspected), skip_bad, max_bad_share)
    if not allow_empty:
        for part, found in zip(parts, inspected, strict=True):
            if len(part.samples) and not found.usable().any():
                refuse_empty(
                    part.samples.table.name,
                    int(found.no_target.sum()),
                    int((found.no_input & ~found.no_target).sum()),
                    [found.bad[row] for row in sorted(found.bad)],
                )
    checked = [_finish(part, found) for part, found in zip(parts, inspected, strict=True)]
    for part in parts:
        part.samples.release()
    return checked


def _inspect(part: Part, num_workers: int, keep_without_target: bool) -> Findings:
    """Checks every row, as far as nothing but the target has to be fitted first."""
    samples, found = part.samples, Findings(part.samples)
    for table in samples.table.sources():
        part.ledger.read(table.name, len(table))
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


def _finish(part: Part, found: Findings) -> Checked:
    """Fits to the rows that are kept, measures them, and counts the others."""
    samples, kept = part.samples, np.flatnonzero(found.usable()).astype("int32")
    if part.fit:
        _fit(samples, kept)
    for index, source in enumerate(samples.sources):
        if source.modality.has_time and not source.modality.cached:
            _measure(samples, source, index, kept, found)
    count_skipped(samples, found, kept, part.ledger)
    return found.checked(kept)


def _check_targets(samples: Samples, found: Findings, fit: bool, keep: bool) -> None:
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
        raise DataError(
            "is empty in every row.",
            "Name another column as the target.",
            table=samples.table.name,
            column=column,
            reason="no_target",
        )


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


def _check_media(
    samples: Samples, source: Source, index: int, found: Findings, num_workers: int
) -> None:
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


def _check_values(samples: Samples, source: Source, index: int, found: Findings) -> None:
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


def _check_room(samples: Samples, found: Findings, room: Any) -> None:
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
            found.bad[int(row)] = error.at(
                **samples.table.where(int(row)), column=samples.target_column
            )


def _measure(
    samples: Samples, source: Source, index: int, kept: np.ndarray, found: Findings
) -> None:
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


def _by_table(parts: Sequence[Part], inspected: Sequence[Findings]) -> list[BadRows]:
    """Returns the bad rows of each table as it was read, whichever part they are in."""
    tables: dict[int, BadRows] = {}
    for part, found in zip(parts, inspected, strict=True):
        table, own = part.samples.table, {}
        for one in table.sources():
            own[one.name] = tables.setdefault(id(one.origin), BadRows(one.name, unit=one.unit))
            own[one.name].num_rows += len(one)
        for row, error in found.bad.items():
            own[table.name_of(row)].errors.append(error)
    return [*tables.values()]
