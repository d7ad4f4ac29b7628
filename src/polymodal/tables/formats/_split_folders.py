"""Folders that are called as the parts of a split: `train/`, `valid/`, `test/`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from polymodal.tables.kinds import kind_of_name
from polymodal.tables.split_names import split_name


def folders(path: Path) -> list[Path]:
    """Returns the folders in a folder, sorted, without hidden ones."""
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def walk(folder: Path) -> Iterator[str]:
    """Yields the paths of all files below a folder, without hidden ones."""
    for here, inner, files in os.walk(folder):
        inner[:] = sorted(f for f in inner if not f.startswith("."))
        yield from (os.path.join(here, f) for f in sorted(files) if not f.startswith("."))


def first_kind(folder: Path) -> str | None:
    """Returns what the first image, sound, video or text below a folder is, None without any."""
    return next(filter(None, map(kind_of_name, walk(folder))), None)


def split_folders(path: Path) -> list[tuple[str, Path]]:
    """Returns (split, folder) for each folder in `path`, if all are called as parts of a split.

    Folders without any media do not count. A class may be called "test" among other classes, so
    one other name is enough for none to be a part.
    """
    found, others = [], []
    for folder in folders(path):
        split = split_name(folder.name)
        if split:
            found.append((split, folder))
        else:
            others.append(folder)
    if any(map(first_kind, others)):
        return []
    return found
