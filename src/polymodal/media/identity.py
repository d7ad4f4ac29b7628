"""What a media cell is: equal cells are decoded once, other and changed files decoded anew."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.media.media_cell import media_cell
from polymodal.tables.table import Table

_NOTHING = 0  # hash of an empty cell
_FORMAT = 2  # raise when packs of an older version must not be read


def distinct(values: Iterable[Any], num_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the distinct cells of a column in the order of their first row.

    Hashes have 64 bits: among a million distinct cells two agree once in 37 million tables.

    Returns:
        (num_rows,) int32, the number of each row's cell, -1 where it is empty; and
        (items,) int32, the first row of each distinct cell.
    """
    hashes = np.fromiter((cell_hash(value) for value in values), "uint64", num_rows)
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    starts = np.ones(num_rows, bool)
    starts[1:] = hashes[1:] != hashes[:-1]
    empty = int(np.searchsorted(hashes, _NOTHING, side="right"))
    starts[:empty] = False
    del hashes
    first = order[starts].astype("int32")  # first row of each run, in the order of the hashes
    rank = np.empty(len(first), "int32")
    rank[np.argsort(first)] = np.arange(len(first), dtype="int32")
    slots = np.full(num_rows, -1, "int32")
    if len(first):
        runs = np.cumsum(starts[empty:], dtype="int32")
        runs -= 1
        slots[order[empty:]] = rank[runs]
    first.sort()
    return slots, first


def renumbered(slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns what `distinct` would of rows whose cells have these numbers, -1 where empty."""
    found, first, inverse = np.unique(slots, return_index=True, return_inverse=True)
    there = found >= 0
    rank = np.full(len(found), -1, "int32")
    rank[np.flatnonzero(there)[np.argsort(first[there])]] = np.arange(int(there.sum()))
    return rank[inverse.reshape(-1)], np.sort(first[there]).astype("int32")


def cell_hash(cell: Any) -> int:
    """Returns a 64-bit hash of a cell's value; 0 for an empty cell only."""
    if cell is None:
        return _NOTHING
    digest = hashlib.blake2b(digest_size=8)
    _feed(digest, cell)
    return int.from_bytes(digest.digest(), "little") or 1


def pack_key(decode_key: dict, table: Table, column: str, first_rows: np.ndarray) -> str:
    """Returns the name of the pack for these cells.

    A file is known by its folder, device, inode, size, and the times of its last change: the time
    of modification alone may be set, as archives do, but no program sets that of the inode. So two
    folders of the same names, sizes and times never share decoded media, nor do two states of one.
    """
    digest = hashlib.sha256(json.dumps([_FORMAT, decode_key], sort_keys=True).encode())
    for row in first_rows:
        _feed_cell(digest, table.cell(int(row), column), table)
    return digest.hexdigest()[:40]


def cell_key(what: str, cell: Any, table: Table) -> str:
    """Returns a name for what was found out about one cell, which changes with its file.

    Args:
        what: str, what was found out, with its version.
        cell: media cell of `table`.
        table: Table.
    """
    digest = hashlib.sha256(what.encode())
    _feed_cell(digest, cell, table)
    return digest.hexdigest()[:24]


def _feed_cell(digest, cell: Any, table: Table) -> None:
    digest.update(cell_hash(cell).to_bytes(8, "little"))
    for file in _files(cell, table):
        digest.update(_status(os.fspath(file)))


def _files(cell: Any, table: Table) -> list[Path]:
    try:
        return media_cell(cell).files(table.root)
    except DataError:
        return []  # it is named when it is decoded


def _feed(digest, cell: Any) -> None:
    if isinstance(cell, str):
        digest.update(b"s%d " % len(cell))
        digest.update(cell.encode("utf-8", "surrogatepass"))
    elif isinstance(cell, bytes | bytearray | memoryview):
        digest.update(b"b%d " % len(cell))
        digest.update(cell)
    elif isinstance(cell, dict):
        digest.update(b"d%d " % len(cell))
        for key in sorted(cell):
            _feed(digest, key)
            _feed(digest, cell[key])
    elif isinstance(cell, list | tuple):
        digest.update(b"l%d " % len(cell))
        for part in cell:
            _feed(digest, part)
    elif isinstance(cell, np.ndarray):
        digest.update(f"a{cell.dtype.str}{cell.shape} ".encode())
        digest.update(np.ascontiguousarray(cell).tobytes())
    else:
        digest.update(f"r{cell!r} ".encode())


def content_hash(value: np.ndarray) -> int:
    """Returns a 64-bit hash of an array: its type, shape and content."""
    digest = hashlib.blake2b(f"{value.dtype.str}{value.shape} ".encode(), digest_size=8)
    digest.update(np.ascontiguousarray(value).data)
    return int.from_bytes(digest.digest(), "little")


def _status(path: str) -> bytes:
    folder, name = os.path.split(path)
    where = f"{_resolved(folder)}\0{name}\0".encode("utf-8", "surrogateescape")
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return where + b"absent"
    return where + b"%d %d %d %d %d" % (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


@lru_cache(maxsize=4096)
def _resolved(folder: str) -> str:
    try:
        return os.path.realpath(folder)
    except (OSError, ValueError):  # a zero byte in it
        return folder
