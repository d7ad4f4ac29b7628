"""Which format a table is in, by the ending of its name or by what a folder holds."""

from __future__ import annotations

import difflib
from pathlib import Path

from polymodal.core.errors import DataError
from polymodal.core.lookup import names

_ENDINGS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
            ".parquet": "parquet", ".pq": "parquet", ".tar": "webdataset"}
_PATTERN_SIGNS = "*?{"  # a set of tars is named by a pattern, which is no file


def detect(path: Path) -> str:
    """Returns the name of the format that `path` is in.

    Raises:
        DataError: it is in none; the message lists them.
    """
    if path.suffix.lower() in _ENDINGS:
        return _ENDINGS[path.suffix.lower()]
    if path.is_dir():
        if any(path.joinpath(f).exists() for f in ("state.json", "dataset_dict.json")):
            return "huggingface"
        if any(path.glob("*.tar")):
            return "webdataset"
        if any(p.is_dir() for p in path.iterdir() if not p.name.startswith(".")):
            return "class_folder"
        raise DataError("is a folder without tables, tars or a folder for each class.",
                        f"Name a file, or one of these: {', '.join(names('data.formats'))}.",
                        path=path.name, reason="unknown_format")
    raise DataError(
        f"has an ending that no format has. Formats: {', '.join(names('data.formats'))}.",
        f"Rename it ({', '.join(_ENDINGS)}; unpack archives first), or say which format it is in.",
        path=path.name, reason="unknown_format")


def check_exists(path: Path) -> None:
    """Raises DataError, with the nearest name, where there is no such file or folder."""
    if path.exists() or any(sign in path.name for sign in _PATTERN_SIGNS):
        return
    folder = path.parent
    if not folder.is_dir():
        raise DataError("does not exist: its folder is missing.", "Check the path.",
                        path=str(path), reason="missing_table")
    near = difflib.get_close_matches(path.name, [p.name for p in folder.iterdir()], n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise DataError("does not exist.", f"Check the path.{hint}", path=str(path),
                    reason="missing_table")
