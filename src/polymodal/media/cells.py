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
from polymodal.media.media_cell import MediaCell, media_cell, shown_short
from polymodal.tables.located import is_file_address, is_of_windows, located

_Rest = ParamSpec("_Rest")
_Found = TypeVar("_Found")

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_MOST_MEMBER_BYTES = 1 << 29  # of a tar: its members are read into memory
_MOST_SECONDS = 1e9  # thirty years; a place in a recording beyond it is a mistake
_OVERSHOOT_SECONDS = 0.5  # times of parts are often rounded, so the last may end after its file
_OF_WINDOWS = (
    "Only Windows has such paths. Write paths from one folder, such as im/00.png, and "
    "name that folder with --media-root."
)
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
    try:
        return media_cell(cell).shown
    except DataError:
        if isinstance(cell, dict):
            return "bytes"
        return None


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
    found = media_cell(cell)
    if found.is_part:
        raise DataError(
            "is part of a file, which only sound can be.",
            "Give the whole file.",
            path=shown_short(str(found.path)),
            reason="not_whole",
        )
    return _opened(found, root)


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
            raise DataError(
                f"lies outside its file, which lasts {seconds:.2f} s.",
                "Correct start_seconds and end_seconds.",
                path=self.shown,
                reason="bad_part",
            )


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
    found = media_cell(cell)
    source, shown = _opened(found, root)
    if not found.is_part:
        return Part(source, shown)
    start, end = found.start_seconds or 0.0, found.end_seconds
    numbers = [start] if end is None else [start, end]
    if (
        not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)
        or start < 0
        or numbers[-1] < start
        or end == start
        or start > _MOST_SECONDS
    ):
        raise DataError(
            "needs a part of a file, from 0 s or later to a later end. "
            f"Got start_seconds={start!r}, end_seconds={end!r}.",
            "Correct these times.",
            path=shown,
            reason="bad_part",
        )
    shown = f"{shown} from {start:g} s" + ("" if end is None else f" to {end:g} s")
    return Part(source, shown, start, end)


def _opened(cell: MediaCell, root: str | os.PathLike | None) -> tuple[bytes | Path, str]:
    if cell.frames:
        raise DataError(
            "needs a path, bytes or a data URI. Got list.",
            "Check the modality of this column.",
            reason="not_media",
        )
    if cell.uri is not None:
        return _from_data_uri(cell.uri), "data URI"
    if cell.is_member:
        return _from_tar(cell, root)
    if cell.content is not None:
        shown = shown_short(cell.path or "bytes")
        return _whole(_as_bytes(cell.content, shown), shown), shown
    return _from_path(str(cell.path), root)


def _from_path(text: str, root: str | os.PathLike | None) -> tuple[Path, str]:
    if _ADDRESS.match(text.strip()) and not is_file_address(text):
        raise DataError(
            "is an address on a network.",
            "Download the file and give its path.",
            path=shown_short(text),
            reason="not_a_file",
        )
    path = located(text, root)
    try:
        size = None
        if path.is_file():
            size = path.stat().st_size
        exists = path.exists()
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        size, exists = None, False
    if size is None:
        problem = "does not exist."
        if exists:
            problem = "is not a file."
        if is_of_windows(text):
            fix = _OF_WINDOWS
        else:
            fix = f"Looked in {os.path.abspath(path.parent)}. Correct the path or --media-root."
        spelled = text if text == text.strip() else repr(text)
        raise DataError(
            problem,
            fix,
            path=shown_short(spelled),
            reason="not_a_file" if exists else "missing_file",
        )
    if size == 0:
        raise DataError("has 0 bytes.", _SKIP, path=shown_short(text), reason="empty_file")
    return path, shown_short(text)


def _from_data_uri(text: str) -> bytes:
    payload = text[text.index(",") + 1 :]
    try:
        content = base64.b64decode(payload, validate=True)
    except ValueError as error:
        raise DataError(
            f"is not valid base64 ({error}).",
            "Encode the file again.",
            path="data URI",
            reason="bad_base64",
        ) from None
    return _whole(content, "data URI")


def _as_bytes(content: Any, shown: str) -> bytes:
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    raise DataError(
        f'needs "bytes" to contain bytes. Got {type(content).__name__}.',
        'In JSON, give the cell as a text: "data:;base64,...".',
        path=shown,
        reason="not_media",
    )


def _from_tar(cell: MediaCell, root: str | os.PathLike | None) -> tuple[bytes, str]:
    path, shown = _from_path(str(cell.path), root)
    offset, size = cell.offset, cell.size
    if not (isinstance(offset, int) and isinstance(size, int)):
        raise DataError(
            f"needs offset and size as whole numbers of bytes. Got {offset!r}, {size!r}.",
            "Correct the cell.",
            path=shown,
            reason="not_media",
        )
    shown = shown_short(cell.name or f"{shown} at byte {offset}")
    if size > _MOST_MEMBER_BYTES:
        raise DataError(
            f"takes {size:,} bytes in its tar file, the bound is {_MOST_MEMBER_BYTES:,}.",
            "Unpack the tar file.",
            path=shown,
            reason="file_too_large",
        )
    if offset < 0 or size < 0 or offset + size > path.stat().st_size:
        raise DataError(
            "lies outside its tar file.",
            "Write the tar file again.",
            path=shown,
            reason="truncated_file",
        )
    with path.open("rb") as file:
        file.seek(offset)
        return _whole(file.read(size), shown), shown


def _whole(content: bytes, shown: str) -> bytes:
    if not content:
        raise DataError("has 0 bytes.", _SKIP, path=shown, reason="empty_file")
    return content
