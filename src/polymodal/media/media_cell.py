"""What a media cell says: which content it means, which part of it, and what kind it is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from polymodal.core.errors import DataError
from polymodal.tables.kinds import NUM_MAGIC_BYTES, kind_of_bytes, kind_of_name, kind_of_uri
from polymodal.tables.located import located

__all__ = [
    "MediaCell",
    "cells_of",
    "is_frames",
    "kind_of_file",
    "media_cell",
    "shown_short",
    "with_root",
]

_DATA_URI = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)


@dataclass(frozen=True)
class MediaCell:
    """A media cell, taken apart. Nothing is opened to make one.

    Args:
        path: str, the path as it is written, or None.
        content: bytes-like, content that the cell holds itself, or None.
        uri: str, a data URI with base64, or None.
        name: str, the name to show of a member of a tar file, or None.
        offset: int, where a member of the tar file at `path` starts, or None.
        size: int, its bytes, or None.
        start_seconds: float, where the part of a sound starts, or None.
        end_seconds: float, where it ends, or None.
        frames: tuple of MediaCell, the pictures of a video; empty for one file.
    """

    path: str | None = None
    content: Any = None
    uri: str | None = None
    name: str | None = None
    offset: Any = None
    size: Any = None
    start_seconds: Any = None
    end_seconds: Any = None
    frames: tuple[MediaCell, ...] = ()

    @property
    def is_part(self) -> bool:
        """Whether it is part of a sound."""
        return self.start_seconds is not None or self.end_seconds is not None

    @property
    def is_member(self) -> bool:
        """Whether it is a member of a tar file."""
        return self.path is not None and (self.offset is not None or self.size is not None)

    @property
    def shown(self) -> str | None:
        """The name that messages show; None for frames, each of which has its own."""
        if self.uri is not None:
            return "data URI"
        if self.path is not None:
            return shown_short(self.name or self.path)
        if self.content is None:
            return None
        return "bytes"

    def files(self, root: str | os.PathLike | None) -> list[Path]:
        """Returns the files that it, or one of its frames, points to, whether or not they exist;
        bytes and data URIs point to none."""
        if self.frames:
            return [file for frame in self.frames for file in frame.files(root)]
        if self.path and self.content is None:
            return [located(self.path, root)]
        return []

    def kind(self, root: str | os.PathLike | None) -> str | None:
        """Returns "image", "audio", "video" or "text", as far as its name or first bytes tell."""
        if self.uri is not None:
            return kind_of_uri(self.uri)
        if isinstance(self.content, bytes):
            found = kind_of_bytes(self.content[:NUM_MAGIC_BYTES])
            return found or (kind_of_name(self.path) if self.path else None)
        name = self.name or self.path
        if name is None:
            found = None
        else:
            found = kind_of_uri(name) or kind_of_name(name)
        if found is None and isinstance(self.offset, int):
            return kind_of_file(Path(root or ".") / str(self.path), self.offset)
        return found

    def identity(self, root: str) -> bytes:
        """Returns what tells it from others: its content, or the file and the part of it.

        Args:
            root: str, absolute path of the folder that relative paths start from.
        """
        if self.frames:
            return b"\0".join(frame.identity(root) for frame in self.frames)
        times = ""
        if self.start_seconds or self.end_seconds is not None:  # 0 is the start
            part = [self.start_seconds or None, self.end_seconds]
            times = str([time and float(time) for time in part])
        if self.content is not None and not self.is_member:
            return bytes(self.content) + times.encode()
        if self.uri is not None:
            return (self.uri + times).encode()
        where = ""
        if self.is_member:
            where = str([self.offset, self.size])
        full = os.path.normpath(os.path.join(root, str(self.path)))
        return f"{full}\0{where}\0{times}".encode(errors="surrogatepass")


def media_cell(cell: Any) -> MediaCell:
    """Takes a media cell apart.

    Args:
        cell: str (path, or data URI with base64), bytes, a mapping with `bytes` or `path` (as
            Hugging Face writes), or with `path`, `offset` and `size` (a member of a tar file),
            each of which may also have `start_seconds` and `end_seconds`; or a list of these, or
            the JSON of a list of str.

    Raises:
        DataError: it is none of these forms.

    Example:

    >>> found = media_cell({"path": "talk.wav", "start_seconds": 1.5})
    >>> found.path, found.start_seconds, found.is_part, found.kind(None)
    ('talk.wav', 1.5, True, 'audio')
    """
    if isinstance(cell, str | os.PathLike):
        text = os.fspath(cell)
        several = _listed(text)
        if several:
            return MediaCell(frames=tuple(map(media_cell, several)))
        if _DATA_URI.match(text):
            return MediaCell(uri=text)
        return MediaCell(path=text)
    if isinstance(cell, bytes | bytearray | memoryview):
        return MediaCell(content=cell)
    if isinstance(cell, Mapping):
        return _of_mapping(cell)
    if is_frames(cell):
        return MediaCell(frames=tuple(map(media_cell, cell)))
    raise DataError(
        f"needs a path, bytes or a data URI. Got {type(cell).__name__}.",
        "Check the modality of this column.",
        reason="not_media",
    )


def is_frames(cell: Any) -> bool:
    """Returns True for a list of media cells, such as the frames of a video."""
    return isinstance(cell, list | tuple)


def cells_of(cell: Any) -> list[Any]:
    """Returns the single media cells of one that may hold several, such as images of one row.

    Example:

    >>> cells_of('["a.png", "b.png"]'), cells_of("a.png")
    (['a.png', 'b.png'], ['a.png'])
    """
    if is_frames(cell):
        return list(cell)
    if isinstance(cell, str):
        return _listed(cell) or [cell]
    return [cell]


def with_root(cell: Any, root: str | os.PathLike) -> Any:
    """Returns a media cell that means the same files without a folder to start from.

    Args:
        cell: media cell; what is none stays as it is.
        root: folder that its relative paths start from.

    Example:

    >>> with_root({"path": "a.wav", "end_seconds": 1.5}, "/data")
    {'path': '/data/a.wav', 'end_seconds': 1.5}
    """
    if is_frames(cell) or (isinstance(cell, str) and _listed(cell)):
        return [with_root(one, root) for one in cells_of(cell)]
    if isinstance(cell, Mapping):
        if cell.get("path") and cell.get("bytes") is None:
            return {**cell, "path": with_root(cell["path"], root)}
        return cell
    if not isinstance(cell, str) or _DATA_URI.match(cell):
        return cell
    return str(located(cell, root).absolute())


def _listed(text: str) -> list[str]:
    """Returns the texts of a JSON list; none where a text is something else, such as a path."""
    if not (text.startswith('["') and text.endswith('"]')):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, str)]


def kind_of_file(path: Path, offset: int = 0) -> str | None:
    """Returns "image", "audio" or "video" by the first bytes of a file that exists, else None."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            file.seek(offset)
            return kind_of_bytes(file.read(NUM_MAGIC_BYTES))
    except (OSError, ValueError, OverflowError):
        return None


def shown_short(text: str) -> str:
    """Returns a text as messages show it, the middle of a long one left out."""
    if len(text) <= 200:
        return text
    return f"{text[:100]}...{text[-97:]}"


def _of_mapping(cell: Mapping) -> MediaCell:
    path, content = cell.get("path") or None, cell.get("bytes")
    if path is None and content is None:
        raise DataError(
            f'needs "bytes" or "path". Got a mapping of {sorted(map(str, cell))}.',
            "Check the modality of this column.",
            reason="not_media",
        )
    whole = MediaCell() if path is None else media_cell(path)
    if content is not None:
        whole = MediaCell(path=whole.path, content=content)
    name = cell.get("name")
    return replace(
        whole,
        name=None if name is None else str(name),
        offset=cell.get("offset"),
        size=cell.get("size"),
        start_seconds=cell.get("start_seconds"),
        end_seconds=cell.get("end_seconds"),
    )
