"""Tar files in which neighbouring members with one base name are a sample."""

from __future__ import annotations

import glob
import io
import re
import struct
import tarfile
from array import array
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.bounds import MAX_LINE_BYTES
from polymodal.tables.formats._rows import stream_inferred
from polymodal.tables.json_text import parse_json
from polymodal.tables.kinds import MEDIA, kind_of_name

__all__ = ["read_webdataset"]

_MOST_TARS = 1_000_000
_TEXTS = ("txt", "text", "cls", "cls2", "caption", "transcript", "lang", "label", "index", "id")
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def read_webdataset(path: Path) -> pa.RecordBatchReader:
    """Tar file, folder of tar files or pattern (`part-{000..009}.tar`) of samples.

    `a/7.jpg`, `a/7.cls` and `a/7.json` are one row. Media members become the column `image`,
    `audio` or `video` (or, with two endings, `left.png`, `right.png`) and stay where they are: a
    cell says tar, offset and size. Text members are columns named after their ending, and a JSON
    object gives a column for each of its keys.
    """
    tars = _tars(path)
    root = path if path.is_dir() else path.parent
    keys: list[array] = []

    def rows() -> Iterator[dict[str, Any]]:
        keys.append(array("q"))
        return _samples(tars, root, keys[-1])

    stream = stream_inferred(rows, sum(tar.stat().st_size for tar in tars), path.name)
    _check_order(keys[0], tars[0])
    return stream


def _tars(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.tar"))
    if path.exists():
        return [path]
    names = [path.name]
    while any(map(_RANGE.search, names)):
        names = [expanded for name in names for expanded in _expand(name)]
    tars = [
        Path(found)
        for name in sorted(names)
        for found in sorted(glob.glob(str(path.parent / name)))
    ]
    if not tars:
        raise DataError(
            "matches no tar file.",
            "Check the path and the pattern.",
            path=str(path),
            reason="missing_table",
        )
    return tars


def _expand(name: str) -> list[str]:
    found = _RANGE.search(name)
    if found is None:
        return [name]
    first, last = found.groups()
    if len(last) > len(str(_MOST_TARS)) or int(last) - int(first) >= _MOST_TARS:
        raise DataError(
            f"names more than {_MOST_TARS:,} tar files.",
            "Correct the pattern.",
            path=name,
            reason="missing_table",
        )
    width = 0
    if first.startswith("0"):
        width = len(first)
    numbers = range(int(first), int(last) + 1)
    return [_RANGE.sub(str(number).zfill(width), name, count=1) for number in numbers]


def _check_order(keys: array, first: Path) -> None:
    """Raises DataError where members of one sample are apart: they would become two rows."""
    if len(np.unique(np.frombuffer(keys, np.int64))) != len(keys):
        raise DataError(
            "has members of one sample that are not next to each other.",
            "Write the tar sorted by name: tar --sort=name -cf ...",
            path=first.name,
            reason="unsorted_tar",
        )


def _samples(tars: list[Path], root: Path, keys: array) -> Iterator[dict[str, Any]]:
    """Yields the samples in order; a hash of each sample's name is appended to `keys`."""
    for path in tars:
        if path.is_relative_to(root):
            shown = path.relative_to(root).as_posix()
        else:
            shown = str(path)
        before, sample = None, {}
        for member, file in _members(path):
            key, ending = _key_and_ending(member.name)
            if key != before:
                if sample:
                    yield sample
                before, sample = key, {}
                keys.append(hash((path.name, key)))
            _add(sample, ending, member, file, shown)
        if sample:
            yield sample


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    try:
        with _Bounded(io.FileIO(path)) as source, tarfile.open(fileobj=source, mode="r:") as file:
            before = -1
            while (member := file.next()) is not None:
                file.members = []  # type: ignore[misc]  # or tarfile keeps them all
                if member.offset <= before or member.size < 0:
                    raise tarfile.ReadError("a member ends before it starts")
                before = member.offset
                name = PurePosixPath(member.name).name
                if member.isfile() and not name.startswith(".") and "." in name:
                    yield member, file
            source.seek(file.offset)  # tarfile ends silently where a header is damaged
            if source.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
                raise tarfile.ReadError(f"byte {file.offset:,} starts neither a member nor the end")
    except (tarfile.TarError, EOFError, ValueError, OverflowError, struct.error) as error:
        raise DataError(
            f"is not a readable tar file: {error}.",
            "Write it again, without compression.",
            path=path.name,
            reason="unreadable_table",
        ) from error


class _Bounded(io.BufferedReader):
    """A tar file of which no header, nor any text, is read whole where it is very long."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_LINE_BYTES:
            raise tarfile.ReadError(f"a part of {size:,} bytes is not a header")
        return super().read(size)


def _key_and_ending(name: str) -> tuple[str, str]:
    folder, _, base = name.removeprefix("./").rpartition("/")
    stem, _, ending = base.partition(".")
    return f"{folder}/{stem}", ending.lower()


def _add(
    sample: dict, ending: str, member: tarfile.TarInfo, file: tarfile.TarFile, shown: str
) -> None:
    last = ending.rpartition(".")[2]
    if member.issparse():  # its bytes in the tar are not those of the file
        raise DataError(
            f"has {member.name} as a sparse file.",
            "Write the tar again without --sparse.",
            path=shown,
            reason="unreadable_table",
        )
    if last == "json":
        value = _json(_content(file, member, shown), member.name, shown)
        new = value if isinstance(value, dict) else {ending: value}
    elif last in _TEXTS:
        new = {ending: _text(_content(file, member, shown), member.name, shown).strip()}
    else:
        new = {
            _column(ending): {
                "path": shown,
                "offset": member.offset_data,
                "size": member.size,
                "name": member.name,
            }
        }
    twice = sorted(new.keys() & sample.keys())
    if twice:
        raise DataError(
            f'has two values for "{twice[0]}" in the sample of {member.name}.',
            "Give members, and keys in JSON, names of their own.",
            path=shown,
            reason="duplicate_columns",
        )
    sample.update(new)


def _content(file: tarfile.TarFile, member: tarfile.TarInfo, shown: str) -> bytes:
    if member.size > MAX_LINE_BYTES:
        raise DataError(
            f"has {member.name}, a text of {member.size:,} bytes.",
            f"Write texts of at most {MAX_LINE_BYTES >> 20} MiB.",
            path=shown,
            reason="unreadable_table",
        )
    opened = file.extractfile(member)
    if opened:
        return opened.read()
    return b""


def _column(ending: str) -> str:
    """Returns the column of a media member: one for all usual endings of a picture, and so on."""
    kind = kind_of_name(f"member.{ending}")
    if kind in MEDIA and "." not in ending:
        return kind
    return ending


def _text(content: bytes, name: str, shown: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            f"has {name}, which is not UTF-8 text.",
            "Write it as UTF-8.",
            path=shown,
            reason="encoding",
        ) from None


def _json(content: bytes, name: str, shown: str) -> Any:
    try:
        return parse_json(_text(content, name, shown))
    except ValueError as error:
        raise DataError(
            f"has {name}, which is not valid JSON: {error}.",
            "Fix that member.",
            path=shown,
            reason="unreadable_table",
        ) from None
