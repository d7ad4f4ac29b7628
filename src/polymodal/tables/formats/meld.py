"""MELD: utterances of a series as CSV, next to folders of clips."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows

__all__ = ["read_meld"]

NEEDED = {"Utterance", "Dialogue_ID", "Utterance_ID"}
PARTS = {"train": "train_sent_emo.csv", "val": "dev_sent_emo.csv", "test": "test_sent_emo.csv"}
_FOLDERS = {
    "train": ("train_splits", "train"),
    "val": ("dev_splits_complete", "dev_splits", "dev"),
    "test": ("output_repeated_splits_test", "test_splits", "test"),
}
_SIGNS = {0x85: "…", 0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x96: "–", 0x97: "—"}


def read_meld(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """MELD's CSV, or the folder with all three: one row per utterance.

    Columns are `video` (dia3_utt5.mp4, where clips are there), `transcript`, `speaker`, `emotion`,
    `sentiment`, `dialogue` and `utterance`; of a folder also `split`, and dialogues are named with
    it, since each part counts them anew. A missing clip leaves its cell empty and is counted.
    Quotation marks in the coding of Windows are read as such.

    Source: Poria et al. 2019, https://aclanthology.org/P19-1050.
    """
    tables: dict[str, Path] = {"": path}
    if path.is_dir():
        tables = {part: path / name for part, name in PARTS.items() if (path / name).is_file()}
    columns: dict[str, pa.DataType] = dict.fromkeys(
        ("video", "transcript", "speaker", "emotion", "sentiment", "dialogue"), pa.string()
    )
    columns["utterance"] = pa.int64()
    if path.is_dir():
        columns["split"] = pa.string()
    media = {part: _clips(table, part, path, media_root) for part, table in tables.items()}
    if not any(media.values()):
        del columns["video"]
    return stream_rows(_rows(path.name, tables, media), **columns)


def _clips(table: Path, part: str, path: Path, media_root: Path | None) -> MediaFolder | None:
    """Returns the folder of a table's clips, or None where there is none."""
    known = _FOLDERS.get(part)
    if known is None:
        known = next(
            (folders for part, folders in _FOLDERS.items() if table.name == PARTS[part]),
            sum(_FOLDERS.values(), ()),
        )
    try:
        return find_media(path, map(_clip, _lines(table)), known, "clips", media_root)
    except DataError:
        if media_root:
            raise
        return None


def _clip(line: dict[str, str]) -> str:
    return f"dia{line['Dialogue_ID']}_utt{line['Utterance_ID']}.mp4"


def _lines(table: Path) -> Iterator[dict[str, str]]:
    with open(table, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lacking = NEEDED.difference(reader.fieldnames or ())
        if lacking:
            raise DataError(
                f"needs the columns {', '.join(sorted(NEEDED))}. It lacks "
                f"{', '.join(sorted(lacking))}.",
                "Name a table of MELD.",
                path=table.name,
                reason="header",
            )
        yield from reader


def _rows(
    shown: str, tables: dict[str, Path], media: dict[str, MediaFolder | None]
) -> Iterator[dict[str, Any]]:
    orphans = Orphans(shown)
    for part, table in tables.items():
        folder = media[part]
        for line in _lines(table):
            clip = folder.cell(_clip(line)) if folder else None
            if folder and clip is None:
                orphans.add("clips are missing and their cells are empty", _clip(line))
            dialogue = line["Dialogue_ID"]
            if part:
                dialogue = f"{part} {dialogue}"
            yield {
                "video": clip,
                "transcript": line["Utterance"].translate(_SIGNS),
                "speaker": line.get("Speaker"),
                "emotion": line.get("Emotion"),
                "sentiment": line.get("Sentiment"),
                "dialogue": dialogue,
                "utterance": int(line["Utterance_ID"]),
                "split": part or None,
            }
    orphans.warn()
