"""A folder for each class, with the class's files in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.progress import warn
from polymodal.data.kinds import kind_of_name
from polymodal.data.split_names import split_name

__all__ = ["read_class_folder"]

_BATCH_ROWS = 4096
_ORDER = ("image", "audio", "video", "text")


def read_class_folder(path: Path) -> pa.RecordBatchReader:
    """Folder with one folder for each class, or with train, val and test that hold such folders.

    Columns are `image`, `audio`, `video` and `text`, as the files' endings say, `label`, and
    `split` where there are such folders. Files of one class that share a name but for the ending
    (`7.png`, `7.wav`) are one row. Text files are read; other files stay where they are.
    """
    parts = _parts(path)
    kinds = sorted({kind for _, _, row in _rows(path, parts) for kind in row}, key=_ORDER.index)
    if not kinds:
        raise DataError("holds no image, sound, video or text in its folders.",
                        "Put each class's files into a folder named after the class.",
                        path=path.name, reason="empty_table")
    _warn_of_others(path, parts)
    names = [*kinds, "label"] + ["split"] * (parts != {"": path})
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.RecordBatchReader.from_batches(schema, _batches(path, parts, schema))


def _parts(path: Path) -> dict[str, Path]:
    """Returns {split: folder of class folders}; the split is "" where there are none."""
    folders = _folders(path)
    found = {name: folder for folder in folders if (name := split_name(folder.name))}
    is_split = folders and len(found) == len(folders) and any(_folders(f) for f in folders)
    return found if is_split else {"": path}


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def _rows(path: Path, parts: dict[str, Path]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yields (split, label, {kind: path of the file}) in an order that is always the same."""
    for split, folder in parts.items():
        for class_folder in _folders(folder):
            row: dict[str, str] = {}
            before = None
            for stem, kind, file in _files(class_folder, path):
                if row and (stem != before or kind in row):
                    yield split, class_folder.name, row
                    row = {}
                row[kind], before = file, stem
            if row:
                yield split, class_folder.name, row


def _files(class_folder: Path, root: Path) -> list[tuple[str, str, str]]:
    """Returns (path without ending, kind, path) of a class's media, sorted."""
    found = []
    for file in _walk(class_folder):
        kind = kind_of_name(file)
        if kind:
            shown = os.path.relpath(file, root)
            found.append((os.path.splitext(shown)[0], kind, shown))
    return sorted(found)


def _walk(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (os.path.join(here, f) for f in files if not f.startswith("."))


def _warn_of_others(path: Path, parts: dict[str, Path]) -> None:
    others = [file for folder in parts.values() for class_folder in _folders(folder)
              for file in _walk(class_folder) if kind_of_name(file) is None]
    if others:
        warn(f"{path.name}: {len(others)} files are no image, sound, video or text and are left "
             f"out, such as {os.path.relpath(others[0], path)}.")


def _batches(path: Path, parts: dict, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows = _rows(path, parts)
    while batch := list(islice(rows, _BATCH_ROWS)):
        records = [{**_with_text(row, path), "label": label, "split": split}
                   for split, label, row in batch]
        yield pa.RecordBatch.from_pylist(records, schema=schema)


def _with_text(row: dict[str, str], path: Path) -> dict[str, str]:
    if "text" not in row:
        return row
    try:
        return {**row, "text": (path / row["text"]).read_text(encoding="utf-8-sig")}
    except UnicodeDecodeError:
        raise DataError("needs UTF-8 text.", "Save the file as UTF-8.", path=row["text"],
                        reason="encoding") from None
