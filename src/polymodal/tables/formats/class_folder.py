"""A folder for each class, with the class's files in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import warn
from polymodal.tables.bounds import read_small
from polymodal.tables.formats._split_folders import first_kind, folders, split_folders, walk
from polymodal.tables.kinds import kind_of_name

__all__ = ["read_class_folder"]

_BATCH_ROWS = 4096
_ORDER = ("image", "audio", "video", "text")


def read_class_folder(path: Path) -> pa.RecordBatchReader:
    """Folder with one folder for each class, or with train, val and test that hold such folders.

    Columns are `image`, `audio`, `video` and `text`, as the files' endings say, `label`, and
    `split` where folders are called as parts of a split. These lie above the classes
    (`train/cat/7.png`), below them (`cat/train/7.png`) or in one folder (`images/train/`), and
    give no label where files lie in them directly. Files of one class that share a name except for
    the ending (`7.png`, `7.wav`) are one row. Text files are read; other files stay where they are.
    """
    groups = _groups(path)
    kinds = sorted({kind for _, row in _rows(path, groups) for kind in row}, key=_ORDER.index)
    if not kinds:
        raise DataError(
            "has no image, sound, video or text in its folders.",
            "Put each class's files into a folder named after the class.",
            path=path.name,
            reason="empty_table",
        )
    _warn_of_others(path, groups)
    names = [
        *kinds,
        *(["label"] if any(group.label for group in groups) else []),
        *(["split"] if any(group.split for group in groups) else []),
    ]
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.RecordBatchReader.from_batches(schema, _batches(path, groups, schema))


class _Group(NamedTuple):
    """A folder whose files share a class and a part; None where there is no such thing."""

    split: str | None
    label: str | None
    folder: Path


def _groups(path: Path) -> list[_Group]:
    parts, inner = split_folders(path), folders(path)
    if not parts and len(inner) == 1:
        parts = split_folders(inner[0])
    if parts:
        return [group for split, folder in parts for group in _of_part(split, folder)]
    cut = {folder.name: split_folders(folder) for folder in inner if first_kind(folder)}
    if len(cut) > 1 and all(cut.values()):
        _check_one_kind(path, inner)
        return [
            _Group(split, label, folder) for label, parts in cut.items() for split, folder in parts
        ]
    return [_Group(None, folder.name, folder) for folder in inner]


def _of_part(split: str, folder: Path) -> list[_Group]:
    classes = [_Group(split, inner.name, inner) for inner in folders(folder) if first_kind(inner)]
    return classes or [_Group(split, None, folder)]


def _check_one_kind(path: Path, inner: list[Path]) -> None:
    """Raises DataError for `images/train` next to `labels/train`: these are not classes."""
    kinds = {first_kind(folder) for folder in inner} - {None}
    if len(kinds) > 1:
        raise DataError(
            f"has train and other parts in each of {', '.join(f.name for f in inner)}, with "
            f"{' and '.join(sorted(filter(None, kinds)))} files: these are not classes.",
            "Write a table of the files with their labels (metadata.csv with the column "
            f"file_name), or name one folder: {path.name}/{inner[0].name}.",
            path=path.name,
            reason="unknown_format",
        )


def _rows(path: Path, groups: list[_Group]) -> Iterator[tuple[_Group, dict[str, str]]]:
    """Yields (group, {kind: path of the file}) in an order that is always the same."""
    for group in groups:
        row: dict[str, str] = {}
        before = None
        for stem, kind, file in _files(group.folder, path):
            if row and (stem != before or kind in row):
                yield group, row
                row = {}
            row[kind], before = file, stem
        if row:
            yield group, row


def _files(folder: Path, root: Path) -> list[tuple[str, str, str]]:
    """Returns (path without ending, kind, path) of a group's media, sorted."""
    found = []
    for file in walk(folder):
        kind = kind_of_name(file)
        if kind:
            shown = os.path.relpath(file, root)
            found.append((os.path.splitext(shown)[0], kind, shown))
    return sorted(found)


def _warn_of_others(path: Path, groups: list[_Group]) -> None:
    others = [file for group in groups for file in walk(group.folder) if kind_of_name(file) is None]
    if others:
        warn(
            f"{path.name}: skipping {counted(len(others), 'file')} that cannot be an input (no "
            f"image, audio, video or text), such as {os.path.relpath(others[0], path)}."
        )
    inside = {group.folder for group in groups}
    above = {folder.parent for folder in inside} - inside - {path}
    beside = [
        file
        for folder in sorted(above)
        for file in sorted(folder.iterdir())
        if file.is_file() and kind_of_name(file.name)
    ]
    if beside:
        warn(
            f"{path.name}: skipping {counted(len(beside), 'file')} outside the folders of the "
            f"classes, such as {os.path.relpath(beside[0], path)}."
        )


def _batches(path: Path, groups: list[_Group], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows = _rows(path, groups)
    while batch := list(islice(rows, _BATCH_ROWS)):
        records = [
            {**_with_text(row, path), "label": group.label, "split": group.split}
            for group, row in batch
        ]
        yield pa.RecordBatch.from_pylist(records, schema=schema)


def _with_text(row: dict[str, str], path: Path) -> dict[str, str]:
    if "text" in row:
        return {**row, "text": _text(path / row["text"], row["text"])}
    return row


def _text(file: Path, shown: str) -> str:
    try:
        return read_small(file, shown).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            "needs UTF-8 text.", "Save the file as UTF-8.", path=shown, reason="encoding"
        ) from None
