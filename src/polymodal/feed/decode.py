"""Decodes the distinct media of one input in parallel, through the cache when there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, cell_error
from polymodal.core.printed.progress import bar
from polymodal.feed.samples import Samples, Source
from polymodal.media.identity import content_hash, pack_key
from polymodal.media.kept import KeptPack
from polymodal.media.pack import Pack

_CHUNK = 32  # cells that a worker takes at a time
_QUEUED = 16  # chunks that wait for each worker


@dataclass
class Items:
    """What is known of the distinct cells of one input.

    Args:
        slots: (rows,) int32, the item of each row, -1 where the cell is empty.
        lengths: (items,) int32, time steps of each.
        truncated: (items,) bool, longer than the modality keeps.
        contents: (items,) uint64, hash of each decoded array, 0 where there is none.
        errors: {item: DataError} of those that cannot be decoded.
    """

    slots: np.ndarray
    lengths: np.ndarray
    truncated: np.ndarray
    contents: np.ndarray
    errors: dict[int, DataError] = field(default_factory=dict)


def decode_items(samples: Samples, source: Source, num_workers: int) -> Items:
    """Decodes each distinct cell of a media column once and attaches the pack to `samples`.

    A cached cell is not decoded again. A cell that does not fit the cache is decoded now for its
    length and errors, and again whenever it is needed. So is one that gave an error, since the
    cause may be gone.
    """
    slots, first = samples.facts.items(source.columns[0])
    items = Items(
        slots,
        np.zeros(len(first), "int32"),
        np.zeros(len(first), bool),
        np.zeros(len(first), "uint64"),
    )
    _decode(samples, source, first, items, num_workers)
    samples.note_content(source, slots, items.contents)
    return items


def _decode(
    samples: Samples, source: Source, first: np.ndarray, items: Items, num_workers: int
) -> None:
    column, table, cache = source.columns[0], samples.table, samples.cache
    if cache is None:
        _scan(samples, source, first, items, num_workers, None, None)
        return
    name = {"modality": type(source.modality).__name__, **source.modality.decode_key()}
    key = pack_key(name, table, column, first)
    pack = cache.open(key)
    if pack is None or pack.num_items != len(first):
        pack = None
        with cache.writer(key, len(first)) as writer:
            _scan(samples, source, first, items, num_workers, None, writer.add)
        pack = cache.open(key)
    else:
        _scan(samples, source, first, items, num_workers, pack, None)
    if pack is not None:
        samples.attach(source, items.slots, pack)


def _scan(
    samples,
    source: Source,
    first,
    items: Items,
    num_workers: int,
    pack: Pack | KeptPack | None,
    store: Callable | None,
) -> None:
    def work(start: int) -> int:
        stop = min(start + _CHUNK, len(first))
        for item in range(start, stop):
            _scan_one(samples, source, int(first[item]), item, items, pack, store)
        return stop - start

    with bar(f"Checking {source.name}", len(first)) as advance:
        for done in in_threads(work, range(0, len(first), _CHUNK), num_workers):
            advance(done)


def _scan_one(samples, source: Source, row: int, item: int, items: Items, pack, store) -> None:
    modality, value, content = source.modality, None, None
    if pack is not None:
        value = pack.get(item)
        content = None if value is None else pack.hash(item)
    try:
        if value is None:
            value = modality.decode(source.cell(samples.table, row), samples.table.root)
            content = content_hash(value)
        items.lengths[item] = modality.length(value)
        items.truncated[item] = modality.truncated(value)
    except Exception as error:  # decoders raise of every kind
        items.errors[item] = cell_error(error)
        return
    items.contents[item] = content
    if store is not None:
        store(item, value, content)


def in_threads(work: Callable[[int], Any], tasks: range, num_workers: int) -> Iterator[Any]:
    """Yields the results in order, with a bounded number of tasks waiting."""
    if num_workers <= 1:
        yield from map(work, tasks)
        return
    window = num_workers * _QUEUED
    with ThreadPoolExecutor(num_workers) as pool:
        for start in range(0, len(tasks), window):
            yield from pool.map(work, tasks[start : start + window])
