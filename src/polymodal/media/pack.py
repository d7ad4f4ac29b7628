"""One file of many arrays: written once, in parallel, then memory-mapped and read at random.

Layout: header (magic, number of items, size of the file), one record of 40 bytes for each item,
then the items themselves. A pack is written under a temporary name and renamed when whole.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
from pathlib import Path

import numpy as np

from polymodal.core import faults

_MAGIC = b"PMPACK02"
_HEADER = struct.Struct("<8sqq8x")  # magic, items, bytes of the whole file
_RECORD = struct.Struct("<q4sBB2x4iQ")  # offset, dtype, kind, rank, shape, hash of the content
_ABSENT, _ARRAY = 0, 1
_ALIGNMENT = 16
_MAX_RANK = 4


class Pack:
    """Arrays of one finished file, by item number. Reading copies nothing.

    Args:
        path: Path of the file.

    Raises:
        ValueError: the file is not a whole pack.
    """

    def __init__(self, path: Path):
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            magic, self.num_items, whole = _HEADER.unpack(_start(file.read(_HEADER.size)))
            if magic != _MAGIC or whole != size:
                raise ValueError(f"{path} is not a whole pack")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def get(self, item: int) -> np.ndarray | None:
        """Returns the array, or None when it was not stored."""
        offset, code, kind, rank, *shape, _ = self._record(item)
        if kind == _ABSENT:
            return None
        dtype, shape = np.dtype(code.rstrip(b"\0").decode()), shape[:rank]
        count = 1
        for side in shape:
            count *= side
        return np.frombuffer(self._map, dtype, count, offset).reshape(shape)

    def hash(self, item: int) -> int:
        """Returns the hash that an array was stored with."""
        return self._record(item)[-1]

    def _record(self, item: int) -> tuple:
        return _RECORD.unpack_from(self._map, _HEADER.size + item * _RECORD.size)


class PackWriter:
    """Writes the items of one pack in any order, from any thread.

    Args:
        path: Path that `commit` gives the file.
        num_items: int, items that the pack will have; those never written are absent.
    """

    def __init__(self, path: Path, num_items: int):
        self.path, self.num_items = path, num_items
        self._temporary = path.with_name(f".{path.name}.tmp{os.getpid()}-{threading.get_ident()}")
        self._file = open(self._temporary, "wb")  # noqa: SIM115 - closed by commit or discard
        self.size = _HEADER.size + num_items * _RECORD.size
        self._file.truncate(self.size)
        self._lock = threading.Lock()

    def add(self, item: int, value: np.ndarray, content: int = 0) -> None:
        """Stores one array, and a hash of its content.

        Raises:
            OSError: the disk is full. The items stored before stay readable after `commit`.
        """
        if value.ndim <= _MAX_RANK and value.dtype.kind in "biuf" and value.size:
            data = np.ascontiguousarray(value).data.cast("B")
            self._write(item, data, value.dtype.str.encode(), value.shape, content)

    def commit(self) -> None:
        """Gives the file its name, whole and on disk."""
        with self._file:
            os.pwrite(self._file.fileno(), _HEADER.pack(_MAGIC, self.num_items, self.size), 0)
            self._file.truncate(self.size)
            os.fsync(self._file.fileno())
        faults.point("pack_synced")
        os.replace(self._temporary, self.path)

    def discard(self) -> None:
        """Removes the unfinished file."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _write(self, item, data, dtype: bytes, shape: tuple[int, ...], content: int) -> None:
        padded = (*shape, *[0] * (_MAX_RANK - len(shape)))
        with self._lock:
            offset = -(-self.size // _ALIGNMENT) * _ALIGNMENT
            _write_all(self._file.fileno(), data, offset)
            self.size = offset + len(data)
            record = _RECORD.pack(offset, dtype, _ARRAY, len(shape), *padded, content)
            _write_all(self._file.fileno(), record, _HEADER.size + item * _RECORD.size)


def _write_all(handle: int, content, offset: int) -> None:
    content = memoryview(content)
    while len(content):
        written = os.pwrite(handle, content, offset)
        content, offset = content[written:], offset + written


def _start(header: bytes) -> bytes:
    return header.ljust(_HEADER.size, b"\0")
