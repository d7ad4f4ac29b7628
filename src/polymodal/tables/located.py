"""The file that a path in a cell means, in any common spelling."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from polymodal.core.disk.paths import user_path

_FILE_ADDRESS = re.compile(r"file://(localhost(?=/))?", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:[\\/]|\\\\", re.IGNORECASE)


def located(text: str, root: str | os.PathLike | None) -> Path:
    r"""Returns the path that a text means: the first of its spellings that exists, else the first.

    Args:
        text: str. Spaces around it, backslashes (`im\00.png`), `~`, `file://` and percent signs
            (`my%20cat.png`) are tried where nothing of that very name exists.
        root: folder that relative paths start from; None is the working folder.
    """
    paths = [Path(root or ".") / spelling for spelling in spellings(text)]
    return next(filter(_exists, paths), paths[0])


def spellings(text: str) -> Iterator[str]:
    r"""Yields the names that a text may mean, first what it says.

    Example:

    >>> list(spellings(" im\\my%20cat.png "))
    [' im\\my%20cat.png ', 'im\\my%20cat.png', 'im/my%20cat.png', 'im/my cat.png']
    """
    if is_file_address(text):
        said = _FILE_ADDRESS.sub("", text.strip(), count=1)
    else:
        said = text
    slashes = said.strip().replace("\\", "/")
    found = (said, said.strip(), os.fspath(user_path(said.strip())), slashes, unquote(slashes))
    yield from dict.fromkeys(name for name in found if name)
    if not any(found):
        yield text


def is_file_address(text: str) -> bool:
    """Returns whether a text is an address of a file on this machine (`file:///a/b.png`)."""
    return _FILE_ADDRESS.match(text.strip()) is not None


def is_of_windows(text: str) -> bool:
    r"""Returns whether a text is a path that starts with a drive or a server (`C:\a.png`)."""
    return _DRIVE.match(text.strip()) is not None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        return False
