"""Media cells: a path, bytes, a base64 address, a member of a tar, part of a sound, or frames."""

from __future__ import annotations

import base64
import functools
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from polymodal.core.errors import DataError, cell_error
from polymodal.tables.located import is_file_address, is_of_windows, located

_Rest = ParamSpec("_Rest")
_Found = TypeVar("_Found")

_DATA_URI = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_MOST_MEMBER_BYTES = 1 << 29  # of a tar: its members are read into memory
_MOST_SECONDS = 1e9  # thirty years; a place in a recording beyond it is a mistake
_OVERSHOOT_SECONDS = 0.5  # times of parts are often rounded, so the last may end after its file
_OF_WINDOWS = ("Only Windows has such paths. Write paths from one folder, such as im/00.png, and "
               "name that folder with --media-root.")
_SKIP = "Fix the file, or run with --skip-bad."


def reads_cell(
    function: Callable[Concatenate[Any, _Rest], _Found],
) -> Callable[Concatenate[Any, _Rest], _Found]:
    """Decorates a function of a media cell: whatever a decoder raises in it becomes a DataError
    that names the file."""

    @functools.wraps(function)
    def safe(cell: Any, *args: _Rest.args, **options: _Rest.kwargs) -> _Found:
        try:
            return function(cell, *args, **options)
        except Exception as error:
            raise cell_error(error, path=name_of(cell)) from error

    return safe


def name_of(cell: Any) -> str | None:
    """Returns the name that messages show for a media cell, or None where it has none."""
    if isinstance(cell, str | os.PathLike):
        text = os.fspath(cell)
        return "data URI" if _DATA_URI.match(text) else _short(text)
    if isinstance(cell, dict) and cell.get("path"):
        return _short(str(cell.get("name") or cell["path"]))
    return "bytes" if isinstance(cell, bytes | bytearray | memoryview | dict) else None


@reads_cell
def open_cell(cell: Any, root: str | os.PathLike | None) -> tuple[bytes | Path, str]:
    """Finds what a media cell points to.

    Args:
        cell: str (path, or data URI with base64), bytes, a mapping with `bytes` or `path` (as
            Hugging Face writes), or with `path`, `offset` and `size` (a member of a tar file).
        root: folder that relative paths start from; None is the working folder.

    Returns:
        The content as bytes, or the path of an existing file that is not empty; and the name to
        show in messages.

    Raises:
        DataError: there is no such file, it is empty, the cell is none of these forms, or it is
            part of a sound, which only `open_part` opens.
    """
    if _is_part(cell):
        raise DataError("is part of a file, which only sound can be.",
                        "Give the whole file.", path=_short(str(cell.get("path"))),
                        reason="not_whole")
    if isinstance(cell, str) and _DATA_URI.match(cell):
        return _from_data_uri(cell), "data URI"
    if isinstance(cell, str | os.PathLike):
        return _from_path(os.fspath(cell), root)
    if isinstance(cell, bytes | bytearray | memoryview):
        return _whole(bytes(cell), "bytes"), "bytes"
    if isinstance(cell, dict):
        return _from_mapping(cell, root)
    raise DataError(
        f"needs a path, bytes or a data URI. Got {type(cell).__name__}.",
        "Check the modality of this column.", reason="not_media",
    )


class Part(NamedTuple):
    """Content of a media cell, the name to show, and from where to where it counts.

    Args:
        source: bytes or Path, the whole content.
        shown: str, the name to show in messages.
        start_seconds: float, where the part starts.
        end_seconds: float, where it ends, or None for the end of the content.
    """

    source: bytes | Path
    shown: str
    start_seconds: float = 0.0
    end_seconds: float | None = None

    def check_inside(self, seconds: float) -> None:
        """Raises DataError where this part is not inside content that lasts `seconds`."""
        start, end = self.start_seconds, self.end_seconds
        is_part = start > 0 or end is not None
        if is_part and (start >= seconds or (end or 0) > seconds + _OVERSHOOT_SECONDS):
            raise DataError(f"lies outside its file, which lasts {seconds:.2f} s.",
                            "Correct start_seconds and end_seconds.", path=self.shown,
                            reason="bad_part")


@reads_cell
def open_part(cell: Any, root: str | os.PathLike | None) -> Part:
    """Finds what a cell of sound points to, which may be part of a longer recording.

    Args:
        cell: media cell as `open_cell` takes it, or one of its mappings that also has
            `start_seconds` and `end_seconds`; an end of None is that of the recording.
        root: folder that relative paths start from; None is the working folder.

    Raises:
        DataError: what `open_cell` raises, or a part that does not end after its start.
    """
    if not _is_part(cell):
        return Part(*open_cell(cell, root))
    source, shown = open_cell({**cell, "start_seconds": None, "end_seconds": None}, root)
    start, end = cell.get("start_seconds") or 0.0, cell.get("end_seconds")
    numbers = [start] if end is None else [start, end]
    if (not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers) or start < 0
            or numbers[-1] < start or end == start or start > _MOST_SECONDS):
        raise DataError("needs a part of a file, from 0 s or later to a later end. "
                        f"Got start_seconds={start!r}, end_seconds={end!r}.",
                        "Correct these times.", path=shown, reason="bad_part")
    shown = f"{shown} from {start:g} s" + ("" if end is None else f" to {end:g} s")
    return Part(source, shown, start, end)


def files_of(cell: Any, root: str | os.PathLike | None) -> list[Path]:
    """Returns the files that a cell, or one of its frames, points to, whether or not they exist;
    bytes and data URIs point to none."""
    if isinstance(cell, dict):
        return files_of(cell.get("path"), root) if cell.get("bytes") is None else []
    if is_frames(cell):
        return [file for part in cell for file in files_of(part, root)]
    if not isinstance(cell, str | os.PathLike):
        return []
    text = os.fspath(cell)
    return [] if not text or _DATA_URI.match(text) else [located(text, root)]


def is_frames(cell: Any) -> bool:
    """Returns True for a list of media cells, such as the frames of a video."""
    return isinstance(cell, list | tuple)


def _is_part(cell: Any) -> bool:
    return isinstance(cell, dict) and any(
        cell.get(key) is not None for key in ("start_seconds", "end_seconds"))


def _from_path(text: str, root: str | os.PathLike | None) -> tuple[Path, str]:
    if _ADDRESS.match(text.strip()) and not is_file_address(text):
        raise DataError("is an address on a network.", "Download the file and give its path.",
                        path=_short(text), reason="not_a_file")
    path = located(text, root)
    try:
        size = path.stat().st_size if path.is_file() else None
        exists = path.exists()
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        size, exists = None, False
    if size is None:
        problem = "is not a file." if exists else "does not exist."
        fix = (_OF_WINDOWS if is_of_windows(text)
               else f"Looked in {os.path.abspath(path.parent)}. Correct the path or --media-root.")
        raise DataError(problem, fix, path=_short(text if text == text.strip() else repr(text)),
                        reason="not_a_file" if exists else "missing_file")
    if size == 0:
        raise DataError("holds 0 bytes.", _SKIP, path=_short(text), reason="empty_file")
    return path, _short(text)


def _from_data_uri(text: str) -> bytes:
    payload = text[text.index(",") + 1 :]
    try:
        content = base64.b64decode(payload, validate=True)
    except ValueError as error:
        raise DataError(f"is not valid base64 ({error}).", "Encode the file again.",
                        path="data URI", reason="bad_base64") from None
    return _whole(content, "data URI")


def _from_mapping(cell: dict, root: str | os.PathLike | None) -> tuple[bytes | Path, str]:
    if "offset" in cell and "size" in cell and cell.get("path"):
        return _from_tar(cell, root)
    if cell.get("bytes") is not None:
        shown = _short(str(cell.get("path") or "bytes"))
        return _whole(_as_bytes(cell["bytes"], shown), shown), shown
    if cell.get("path"):
        return open_cell(cell["path"], root)
    raise DataError(f'needs "bytes" or "path". Got a mapping of {sorted(map(str, cell))}.',
                    "Check the modality of this column.", reason="not_media")


def _as_bytes(content: Any, shown: str) -> bytes:
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    raise DataError(f'needs "bytes" to hold bytes. Got {type(content).__name__}.',
                    'In JSON, give the cell as a text: "data:;base64,...".', path=shown,
                    reason="not_media")


def _from_tar(cell: dict, root: str | os.PathLike | None) -> tuple[bytes, str]:
    path, shown = _from_path(os.fspath(cell["path"]), root)
    offset, size = cell["offset"], cell["size"]
    if not (isinstance(offset, int) and isinstance(size, int)):
        raise DataError("needs offset and size as whole numbers of bytes. "
                        f"Got {offset!r}, {size!r}.", "Correct the cell.", path=shown,
                        reason="not_media")
    shown = _short(str(cell.get("name") or f"{shown} at byte {offset}"))
    if size > _MOST_MEMBER_BYTES:
        raise DataError(f"takes {size:,} bytes in its tar file, the bound is "
                        f"{_MOST_MEMBER_BYTES:,}.", "Unpack the tar file.", path=shown,
                        reason="file_too_large")
    if offset < 0 or size < 0 or offset + size > path.stat().st_size:
        raise DataError("lies outside its tar file.", "Write the tar file again.", path=shown,
                        reason="truncated_file")
    with path.open("rb") as file:
        file.seek(offset)
        return _whole(file.read(size), shown), shown


def _whole(content: bytes, shown: str) -> bytes:
    if not content:
        raise DataError("holds 0 bytes.", _SKIP, path=shown, reason="empty_file")
    return content


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:100]}...{text[-97:]}"
