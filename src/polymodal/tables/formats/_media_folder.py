"""The folder with the files that a table names: next to the table, or as given."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from polymodal.core.errors import DataError
from polymodal.tables.located import spellings

_LOOKED_FOR = 8


class MediaFolder:
    """Files of one folder, by the name that a table gives them.

    Args:
        folder: Path of the folder.
        root: Path that the paths in cells start from.
    """

    def __init__(self, folder: Path, root: Path):
        self._folder, self._shown = folder, os.path.relpath(folder, root)
        self._listed: dict[str, set[str]] = {}

    def cell(self, name: str) -> str | None:
        """Returns the path of a file from the root, or None where there is no such file."""
        for spelling in spellings(name):
            inner, base = os.path.split(spelling)
            if inner not in self._listed:  # one listing is faster than to ask for each file
                self._listed[inner] = _listing(self._folder / inner)
            if base in self._listed[inner]:
                return os.path.normpath(os.path.join(self._shown, spelling))
        return None

    def names(self) -> list[str]:
        """Returns the names of what lies in the folder itself, sorted."""
        return sorted(_listing(self._folder))


def find_media(
    path: Path,
    names: Iterable[str],
    candidates: Iterable[str],
    what: str = "pictures",
    media_root: Path | None = None,
) -> MediaFolder:
    """Returns the first of the candidates that holds one of a few files that a table names.

    Args:
        path: Path of the table; candidates and cells start from its folder if no other is given.
        names: names of files, of which the first few are looked for.
        candidates: folders, such as "images" or "../train2017".
        what: str, what the files are, for the message.
        media_root: Path that candidates and cells start from instead. It may hold the files
            itself, and nothing above it is looked at.

    Raises:
        DataError: none of the files is in any of the folders.
    """
    root = media_root or (path if path.is_dir() else path.parent)
    if media_root:
        candidates = [c for c in candidates if not os.path.normpath(c).startswith("..")] + ["."]
    wanted = list(islice(names, _LOOKED_FOR))
    candidates = list(dict.fromkeys(map(os.path.normpath, candidates)))
    for candidate in candidates:
        found = MediaFolder(root / candidate, root)
        if not wanted or any(found.cell(name) for name in wanted):
            return found
    raise DataError(
        f"names {what} that are not there, such as {wanted[0]}. Looked in {root} under "
        f"{', '.join(candidates)}.",
        f"Put the folder of {what}, or a link to it, at one of these places, or name it with "
        "--media-root.",
        path=path.name,
        reason="missing_media",
    )


def _listing(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()
