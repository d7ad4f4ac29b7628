"""Tables of text that gzip, bzip2 or xz packed. They are unpacked to disk, within a bound."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from polymodal.core.errors import DataError
from polymodal.tables.bounds import most_unpacked, unpacks_to_more
from polymodal.tables.spill import claim, disk_full, release

_TEXTS = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json")
_BLOCK_BYTES = 1 << 20
_XZ_MEMORY = 256 << 20  # `xz -9` takes 65 MiB; a file may ask for 4 GiB
_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError)


def is_packed(path: Path) -> bool:
    """Returns whether a name such as `table.csv.gz` says that a table of text is packed."""
    ending, inner = path.suffix.lower(), Path(path.stem).suffix.lower()
    return ending in _UNPACK and inner in _TEXTS and path.is_file()


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Gives the path of the plain text of a table: a temporary copy where the table is packed.

    Args:
        path: Path, any table.

    Raises:
        DataError: the file is damaged or unpacks to more than its bound, or the disk is full.
    """
    if not is_packed(path):
        yield path
        return
    handle, plain = claim(Path(path.stem).suffix.lower())
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            _write(path, file)
        yield Path(plain)
    finally:
        release(plain, handle)


def _write(path: Path, file: BinaryIO) -> None:
    total, most = 0, most_unpacked(path)
    for block in _blocks(path):
        total += len(block)
        if total > most:
            raise unpacks_to_more(path, most)
        try:
            file.write(block)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise disk_full() from error


def _blocks(path: Path) -> Iterator[bytes]:
    unpack = _UNPACK[path.suffix.lower()]
    try:
        with path.open("rb") as file:
            yield from unpack(file)
    except _FAULTS as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"cannot be unpacked: {error}.",
            "Copy or write the file again.",
            path=path.name,
            reason="unreadable_table",
        ) from error


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    with gzip.open(file) as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield block


def _bzip2(file: BinaryIO) -> Iterator[bytes]:
    return _streams(file, bz2.BZ2Decompressor)


def _xz(file: BinaryIO) -> Iterator[bytes]:
    return _streams(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY))


def _streams(file: BinaryIO, begin: Callable) -> Iterator[bytes]:
    """Yields what a file unpacks to, a block at a time. Several streams may follow each other."""
    rest = file.read(_BLOCK_BYTES)
    while rest.strip(b"\0") or not file.tell():
        stream = begin()
        yield stream.decompress(rest, _BLOCK_BYTES)
        while not stream.eof:
            more = b""
            if stream.needs_input:
                more = file.read(_BLOCK_BYTES)
            if stream.needs_input and not more:
                raise EOFError("the file ends too early")
            yield stream.decompress(more, _BLOCK_BYTES)
        rest = stream.unused_data or file.read(_BLOCK_BYTES)


_UNPACK: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    ".gz": _gzip,
    ".bz2": _bzip2,
    ".xz": _xz,
}
