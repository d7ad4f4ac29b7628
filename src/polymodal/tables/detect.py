"""Which format a table is in: by its file extension, its header, or a folder's layout."""

from __future__ import annotations

import difflib
import re
from itertools import islice
from pathlib import Path
from typing import Any

from polymodal.core import plugins
from polymodal.core.errors import DataError
from polymodal.core.lookup import module_of, names
from polymodal.tables.foreign import check_ending, check_start
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats.flickr import NUMBERED_HEAD
from polymodal.tables.formats.meld import HEADER as MELD
from polymodal.tables.formats.meld import KNOWN as MELD_COLUMNS
from polymodal.tables.formats.meld import PARTS as MELD_PARTS
from polymodal.tables.formats.metadata_folder import has_metadata

_ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tar": "webdataset",
    ".token": "flickr",
    ".csd": "csd",
}
_TEXTS = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json", ".token")
_PATTERN_SIGNS = "*?{"  # a set of tars is named by a pattern, which is not a file
_SHOWN = 6
_HEAD_LINES = 20
_HEAD_ITEMS = 1000  # of a JSON file; lists of licences and the like may come first


def detect(path: Path) -> str:
    """Returns the name of the format that `path` is in.

    Raises:
        DataError: it is in none; the message lists them.
    """
    outside = _of_plugin(path)
    if outside is not None:
        return outside
    if path.is_dir():
        return _of_folder(path)
    ending = path.suffix.lower()
    check_ending(path)
    if (ending in _TEXTS or ending not in _ENDINGS) and path.is_file():
        check_start(path)
    if ending == ".json":
        return _of_json(path)
    if ending in (".txt", ".csv") and _is_flickr(path):
        return "flickr"
    if ending == ".tsv" and {"client_id", "path", "sentence"} <= {*_first_line(path).split("\t")}:
        return "common_voice"
    if path.name == "metadata.csv" and (path.parent / "wavs").is_dir() and "|" in _first_line(path):
        return "ljspeech"
    if ending == ".csv" and MELD <= {*_first_line(path).split(",")} <= MELD_COLUMNS:
        return "meld"  # other columns are those of a table of one's own
    if ending in (".jsonl", ".ndjson") and _is_messages(path):
        return "messages"
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if ending == ".txt" and any(sign in _first_line(path) for sign in "\t,;|"):
        return "tsv"  # whose reader tells other delimiters by the header
    raise DataError(
        f"has an ending that no format has. Formats: {', '.join(names('tables.formats'))}.",
        f"Write the table as one of these: {', '.join(_ENDINGS)}.",
        path=path.name,
        reason="unknown_format",
    )


def _of_plugin(path: Path) -> str | None:
    """Returns the format from outside the package whose `matches(path)` says so, or None."""
    for name in plugins.files("tables.formats"):
        matches = vars(module_of("tables.formats", name)).get("matches")
        if matches is not None and matches(path):
            return name
    return None


def _of_folder(path: Path) -> str:
    if any(path.joinpath(f).exists() for f in ("state.json", "dataset_dict.json")):
        return "huggingface"
    if any(path.glob("*.tar")):
        return "webdataset"
    if any(path.glob("*.csd")):
        return "csd"
    if any(path.joinpath(name).is_file() for name in MELD_PARTS.values()):
        return "meld"
    if path.joinpath("wav.scp").is_file():
        return "kaldi"
    metadata = path / "metadata.csv"
    if (
        metadata.is_file()
        and path.joinpath("wavs").is_dir()
        and "file_name" not in _first_line(metadata)
    ):
        return "ljspeech"
    if has_metadata(path):
        return "metadata_folder"
    if path.joinpath("clips").is_dir() and any(
        path.joinpath(f).is_file() for f in ("train.tsv", "dev.tsv", "test.tsv")
    ):
        return "common_voice"
    transcripts = "[0-9]*/[0-9]*/*.trans.txt"
    if any(path.glob(transcripts)) or any(path.glob(f"*-*/{transcripts}")):
        return "librispeech"
    if any(p.is_dir() for p in path.iterdir() if not p.name.startswith(".")):
        return "class_folder"
    tables = sorted(p.name for p in path.iterdir() if p.suffix.lower() in _ENDINGS)
    if tables:
        raise DataError(
            f"is a folder of tables: {', '.join(tables[:_SHOWN])}.",
            f"Name one of them, such as {path.name}/{tables[-1]}.",
            path=path.name,
            reason="unknown_format",
        )
    for file in sorted(path.iterdir()):
        check_ending(file)
    raise DataError(
        "is a folder without tables, tars or a folder for each class.",
        f"Name a file, or one of these: {', '.join(names('tables.formats'))}.",
        path=path.name,
        reason="unknown_format",
    )


def _is_flickr(path: Path) -> bool:
    """Returns whether lines hold a picture's name and a caption: by a head that no other file has,
    or by `image,caption` where a table of one caption per picture is not a likely reading."""
    first, second, third = (line.strip() for line in _first_lines(path, 3))
    if NUMBERED_HEAD.fullmatch(first):
        return True
    if path.suffix.lower() == ".txt":
        return bool(re.match(r".*\.\w+#\d+\t|image,caption$", first))
    return (
        path.name == "captions.csv"
        and first == "image,caption"
        and second.partition(",")[0] == third.partition(",")[0] != ""
    )


def _is_messages(path: Path) -> bool:
    """Returns whether the first line that is not empty holds a conversation."""
    for line in _first_lines(path, _HEAD_LINES):
        if line.strip():
            return bool(re.search(r'[{,]\s*"messages"\s*:\s*\[\s*\{', line))
    return False


def _has_images(path: Path) -> bool:
    """Returns whether one of the first conversations of a JSON file names an image."""
    return any(
        isinstance(item, dict) and "image" in item
        for _, item in islice(json_items(path), _HEAD_ITEMS)
    )


def _of_json(path: Path) -> str:
    first, second = (line.strip() for line in _first_lines(path, 2))
    if first.startswith("{") and first.endswith("}") and second.startswith("{"):
        if _is_messages(path):
            return "messages"
        return "jsonl"
    found: dict[str, Any] = {}
    for key, item in islice(json_items(path), _HEAD_ITEMS):
        if key in found or not isinstance(item, dict):
            continue
        found[key] = item
        if key == "" and "conversations" in item:
            if _has_images(path):
                return "llava"
            return "sharegpt"
        if key == "" and isinstance(item.get("messages"), list):
            return "messages"
        if key == "images" and "sentences" in item:
            return "karpathy"
        if (key == "images" and "file_name" in item) or (
            key == "annotations" and "image_id" in item
        ):
            return "coco"
    if len(found) == 1:
        return "json"
    shown = ", ".join(f'"{key}"' for key in found) or "no list of objects"
    raise DataError(
        "needs one list of objects, or the layout of COCO captions, Karpathy's splits, or "
        f"conversations of LLaVA or ShareGPT. Got {shown}.",
        "Write one JSON object per line into a .jsonl file (pandas: to_json(..., orient='records', "
        "lines=True)).",
        path=path.name,
        reason="unknown_format",
    )


def _first_line(path: Path) -> str:
    return _first_lines(path, 1)[0]


def _first_lines(path: Path, count: int) -> list[str]:
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return [file.readline(1 << 16).rstrip("\r\n") for _ in range(count)]


def check_exists(path: Path) -> None:
    """Raises DataError, with the nearest name, where there is no such file or folder."""
    if path.exists() or any(sign in path.name for sign in _PATTERN_SIGNS):
        return
    folder = path.parent
    if not folder.is_dir():
        raise DataError(
            "does not exist: its folder is missing.",
            "Check the path.",
            path=str(path),
            reason="missing_table",
        )
    near = difflib.get_close_matches(path.name, [p.name for p in folder.iterdir()], n=1)
    hint = ""
    if near:
        hint = f' Did you mean "{near[0]}"?'
    raise DataError(
        "does not exist.", f"Check the path.{hint}", path=str(path), reason="missing_table"
    )
