"""Datasets that Hugging Face's `datasets` saved to disk, read without that package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from polymodal.core.errors import DataError
from polymodal.tables.bounds import read_small
from polymodal.tables.json_text import parse_json

__all__ = ["read_huggingface"]


def read_huggingface(path: Path) -> pa.Table:
    """Folder written by `Dataset.save_to_disk`; class numbers become class names."""
    if (path / "dataset_dict.json").exists():
        splits = _json(path / "dataset_dict.json").get("splits")
        if not isinstance(splits, list):
            splits = []
        raise DataError(
            f"contains more than one table: {', '.join(map(str, splits))}.",
            f"Name one of them: {path.name}/{splits[0] if splits else '<split>'}.",
            path=path.name,
            reason="dataset_dict",
        )
    state = _json(path / "state.json")
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise DataError(
            "is a selection that was saved without its rows being written.",
            "Call flatten_indices() before save_to_disk().",
            path=path.name,
            reason="indices",
        )
    try:
        table = pa.concat_tables([_arrow(path, part) for part in _data_files(path, state)])
    except pa.ArrowException as error:
        raise DataError(
            f"has files of different columns: {error}",
            "Save the dataset again.",
            path=path.name,
            reason="damaged",
        ) from error
    features = _json(path / "dataset_info.json").get("features")
    for name, feature in features.items() if isinstance(features, dict) else ():
        names = _class_names(feature)
        if names and name in table.column_names:
            column = _named(table.column(name), names, name)
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _json(path: Path) -> dict[str, Any]:
    try:
        value = parse_json(read_small(path, f"{path.parent.name}/{path.name}"))
    except FileNotFoundError:
        raise DataError(
            "is missing.",
            "Save the dataset again with save_to_disk().",
            path=f"{path.parent.name}/{path.name}",
            reason="damaged",
        ) from None
    except ValueError as error:
        raise DataError(
            f"is not valid JSON: {error}.",
            "Save the dataset again.",
            path=f"{path.parent.name}/{path.name}",
            reason="damaged",
        ) from None
    if isinstance(value, dict):
        return value
    return {}


def _data_files(path: Path, state: dict[str, Any]) -> list[str]:
    entries = state.get("_data_files")
    if not isinstance(entries, list):
        entries = []
    listed = [
        str(entry["filename"])
        for entry in entries
        if isinstance(entry, dict) and "filename" in entry
    ]
    if not listed or len(listed) < len(entries):
        raise DataError(
            "lists no data files.",
            "Save the dataset again.",
            path=f"{path.name}/state.json",
            reason="damaged",
        )
    return listed


def _arrow(path: Path, part: str) -> pa.Table:
    try:
        if Path(part).name != part:
            raise FileNotFoundError(part)
        table = pa.ipc.open_stream(pa.memory_map(str(path / part))).read_all()
        table.validate(full=True)  # places outside of the file would be read from memory
        return table
    except FileNotFoundError:
        raise DataError(
            "is missing.", "Save the dataset again.", path=f"{path.name}/{part}", reason="damaged"
        ) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"is not a readable Arrow file: {error}",
            "Save the dataset again.",
            path=f"{path.name}/{part}",
            reason="damaged",
        ) from error


def _class_names(feature: Any) -> list[str] | None:
    """Returns the classes of a ClassLabel, or of a list of them, whichever version wrote it."""
    if isinstance(feature, list) and len(feature) == 1:
        return _class_names(feature[0])
    if not isinstance(feature, dict):
        return None
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        if isinstance(names, list):
            return [str(name) for name in names]
        return None
    if feature.get("_type") in ("List", "LargeList", "Sequence"):
        return _class_names(feature.get("feature"))
    return None


def _named(column: pa.ChunkedArray, names: list[str], name: str) -> pa.ChunkedArray:
    """Numbers keep their place on disk; only the names are added, as a dictionary."""
    chunks = [_named_chunk(chunk, pa.array(names, pa.string()), name) for chunk in column.chunks]
    return pa.chunked_array(chunks)


def _named_chunk(chunk: pa.Array, names: pa.Array, column: str) -> pa.Array:
    if isinstance(chunk, pa.ListArray | pa.LargeListArray):
        values = _named_chunk(chunk.values, names, column)
        mask = None
        if chunk.null_count:
            mask = chunk.is_null()
        offsets = chunk.offsets
        if mask is not None and offsets.offset:
            offsets = pa.concat_arrays([offsets])
        return type(chunk).from_arrays(offsets, values, mask=mask)
    if not pa.types.is_integer(chunk.type):  # the names are already there
        return chunk
    least, most = pc.call_function("min_max", [chunk]).as_py().values()
    if least is not None and least < 0:  # -1 is how an unknown class is written
        chunk = _without_negative(chunk)
    if most is not None and most >= len(names):
        raise DataError(
            f"has class {most}, but there are only {len(names)} classes.",
            "Save the dataset again.",
            column=column,
            reason="damaged",
        )
    return pa.DictionaryArray.from_arrays(chunk, names)


def _without_negative(chunk: pa.Array) -> pa.Array:
    negative = pc.call_function("less", [chunk, pa.scalar(0, chunk.type)])
    return pc.call_function("if_else", [negative, pa.scalar(None, chunk.type), chunk])
