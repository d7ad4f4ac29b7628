"""Folders of files with a metadata table, as Hugging Face's ImageFolder and AudioFolder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._rows import Orphans
from polymodal.tables.formats._split_folders import split_folders, walk
from polymodal.tables.formats.csv import read_csv
from polymodal.tables.formats.jsonl import read_jsonl
from polymodal.tables.formats.parquet import read_parquet
from polymodal.tables.kinds import MEDIA, kind_of_name
from polymodal.tables.located import located
from polymodal.tables.schema import merge_schemas
from polymodal.tables.split_names import split_name

__all__ = ["read_metadata_folder"]

_READERS = {
    "metadata.csv": read_csv,
    "metadata.jsonl": read_jsonl,
    "metadata.parquet": read_parquet,
}
_FILE = "file_name"
_BATCH_ROWS = 4096


def read_metadata_folder(path: Path) -> pa.RecordBatchReader:
    """Folder with `metadata.csv`, `.jsonl` or `.parquet`, or train, val and test that hold one.

    The column `file_name` becomes `image`, `audio` or `video`, as the names' endings say, and
    `left_file_name` becomes `left`; the names start from the folder of the table. `split` names the
    folder (`train/`, `test/`) that a file is in. Files that no row names are skipped and counted;
    a part without such a table gives its files alone.
    """
    parts = _parts(path)
    kind = next(filter(None, map(_kind, parts)), "file")
    schema = merge_schemas(_schema(part, kind) for part in parts)
    return pa.RecordBatchReader.from_batches(schema, _batches(path, parts, schema, kind))


def has_metadata(path: Path) -> bool:
    """Returns whether a folder, or a part of a split in it, has a table that names its files."""
    return any(map(_metadata, [path, *(folder for _, folder in split_folders(path))]))


class _Part(NamedTuple):
    """A folder with its table; of a table above them all the files say their part."""

    root: Path
    folder: Path
    table: Path | None
    split: str | None
    splits: dict[str, str]  # {folder in this one: part}

    @property
    def shown(self) -> str:
        """The table's name in messages."""
        return os.path.relpath(self.table or self.folder, self.root)

    def path(self, name: str) -> str:
        """Returns a file's path from the root, by its name in the table."""
        return os.path.normpath(os.path.relpath(located(name, self.folder), self.root))

    def split_of(self, paths: Iterable[str]) -> str | None:
        """Returns the part of a row by the paths of its files."""
        return self.split or next(
            (self.splits[first] for path in paths if (first := Path(path).parts[0]) in self.splits),
            None,
        )


def _parts(path: Path) -> list[_Part]:
    found = split_folders(path)
    whole = _metadata(path)
    if whole:
        return [_Part(path, path, whole, None, {folder.name: split for split, folder in found})]
    return [_Part(path, folder, _metadata(folder), split, {}) for split, folder in found]


def _metadata(folder: Path) -> Path | None:
    """Returns the table in a folder that names its files, or None."""
    for name in _READERS:
        table = folder / name
        if table.is_file():
            names = _read(table, f"{folder.name}/{name}").schema.names
            if any(map(_is_file_column, names)):
                return table
    return None


def _is_file_column(name: str) -> bool:
    return name in (_FILE, f"{_FILE}s") or name.endswith((f"_{_FILE}", f"_{_FILE}s"))


def _read(table: Path, shown: str) -> pa.RecordBatchReader:
    try:
        return _READERS[table.name](table)
    except DataError as error:
        raise _under(error, table, shown) from error.__cause__


def _under(error: DataError, table: Path, shown: str) -> DataError:
    """Names a part's table by its folder: there is one of that name in each."""
    if error.table == table.name:
        error.table = shown
    if error.path == table.name:
        error.path = shown
    return error


def _records(part: _Part) -> Iterator[pa.RecordBatch]:
    if part.table is None:
        return
    try:
        yield from _read(part.table, part.shown)
    except DataError as error:
        raise _under(error, part.table, part.shown) from error.__cause__


def _kind(part: _Part) -> str | None:
    """Returns what the first named file of a part is."""
    for batch in _records(part):
        if _FILE not in batch.schema.names:
            return None
        for name in batch.column(_FILE).to_pylist():
            if isinstance(name, str) and name.strip():
                kind = kind_of_name(name)
                if kind in MEDIA:
                    return kind
                return None
    return None


def _schema(part: _Part, kind: str) -> pa.Schema:
    if part.table is None:
        return pa.schema([(kind, pa.string()), ("split", pa.string())])
    before = _read(part.table, part.shown).schema
    renamed = _renamed(before.names, kind, part.shown)
    fields = [field.with_name(renamed[field.name]) for field in before]
    if (part.split or part.splits) and "split" not in before.names:
        fields.append(pa.field("split", pa.string()))
    return pa.schema(fields)


def _renamed(names: list[str], kind: str, shown: str) -> dict[str, str]:
    """Returns {column of the metadata: column of the table}."""
    found = {name: name for name in names}
    for name in filter(_is_file_column, names):
        stem = name.removesuffix("s").removesuffix(_FILE).rstrip("_") or kind
        if stem in names:
            raise DataError(
                f'has a column "{stem}" next to "{name}", which becomes "{stem}".',
                "Rename one of them.",
                path=shown,
                reason="duplicate_columns",
            )
        found[name] = stem
    return found


def _batches(
    path: Path, parts: list[_Part], schema: pa.Schema, kind: str
) -> Iterator[pa.RecordBatch]:
    orphans = Orphans(path.name)
    for part in parts:
        named: set[str] = set()
        row = 0
        for batch in _records(part):
            records = [
                _row(part, record, row + i, kind, named)
                for i, record in enumerate(batch.to_pylist())
            ]
            row += len(records)
            yield pa.RecordBatch.from_pylist(records, schema=schema)
        yield from _files_alone(part, schema, kind, named, orphans)
    orphans.warn()


def _contradicts(part: _Part, row: int, split: str, said: Any) -> DataError:
    return DataError(
        f"says {said!r} of a file in the folder of {split}.",
        "Correct one of them, or name the column otherwise.",
        table=part.shown,
        row=row + 1,
        column="split",
        reason="split_name",
    )


def _row(
    part: _Part, record: dict[str, Any], row: int, kind: str, named: set[str]
) -> dict[str, Any]:
    renamed = _renamed(list(record), kind, part.shown)
    paths: list[str] = []
    found = {}
    for name, value in record.items():
        if name != renamed[name]:
            value = _placed(part, value, paths)
        found[renamed[name]] = value
    named.update(paths)
    split, said = part.split_of(paths), found.get("split")
    if split and said is not None and split_name(str(said)) != split:
        raise _contradicts(part, row, split, said)
    if split and said is None:
        found["split"] = split
    return found


def _placed(part: _Part, value: Any, paths: list[str]) -> Any:
    """Returns the name of a file, or each of a list, as paths from the root; adds them to paths."""
    if isinstance(value, list):
        return [_placed(part, item, paths) for item in value]
    if not isinstance(value, str) or not value.strip():
        return None
    paths.append(part.path(value))
    return paths[-1]


def _files_alone(
    part: _Part, schema: pa.Schema, kind: str, named: set[str], orphans: Orphans
) -> Iterator[pa.RecordBatch]:
    """Counts the files that no row names; yields them where there is no table."""
    rows = []
    for file in walk(part.folder):
        shown = os.path.relpath(file, part.root)
        if kind_of_name(file) not in MEDIA or shown in named:
            continue
        if part.table is None:
            rows.append({kind: shown, "split": part.split})
        else:
            orphans.add(f"files are in no row of {part.shown} and are skipped", shown)
    for start in range(0, len(rows), _BATCH_ROWS):
        yield pa.RecordBatch.from_pylist(rows[start : start + _BATCH_ROWS], schema=schema)
