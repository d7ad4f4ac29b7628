"""MELD: utterances of a series as CSV, next to folders of clips."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.printed.visible import brief
from polymodal.tables.delimited.dialect import not_utf8
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows

__all__ = ["read_meld"]

_NUMBERS = {"Dialogue_ID", "Utterance_ID"}
NEEDED = {"Utterance", *_NUMBERS}
HEADER = NEEDED | {"Sr No.", "Speaker", "Emotion", "Sentiment"}  # of MELD's own tables, and more
KNOWN = HEADER | {"Season", "Episode", "StartTime", "EndTime"}
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
    except DataError as error:
        if media_root or error.reason != "missing_media":
            raise
        return None


def _clip(line: dict[str, str]) -> str:
    return f"dia{line['Dialogue_ID'].strip()}_utt{line['Utterance_ID'].strip()}.mp4"


def _lines(table: Path) -> Iterator[dict[str, str]]:
    """Yields the lines of a table.

    Raises:
        DataError: it is no UTF-8, lacks a column, or has a line that cannot be used.
    """
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_header(reader.fieldnames or (), table.name)
            for row, line in enumerate(reader, start=1):
                _check(line, table.name, row)
                yield line
    except UnicodeDecodeError as error:
        raise not_utf8(table) from error
    except csv.Error as error:
        raise DataError(
            f"cannot be read as CSV: {error}.",
            'Look for a quote (") that is never closed.',
            path=table.name,
            reason="quotes",
        ) from error


def _check_header(names: Sequence[str], shown: str) -> None:
    lacking = NEEDED.difference(names)
    if lacking:
        raise DataError(
            f"needs the columns {', '.join(sorted(NEEDED))}. It lacks "
            f"{', '.join(sorted(lacking))}.",
            "Name a table of MELD.",
            path=shown,
            reason="header",
        )


def _check(line: dict[str, str], shown: str, row: int) -> None:
    """Raises DataError for a line without a text, or whose numbers are none."""
    for column in sorted(NEEDED):
        cell = line[column]
        if cell is None:
            raise DataError(
                "has fewer cells than the header.",
                'Correct the row; a quote (") that is never closed takes up others.',
                table=shown,
                row=row,
                reason="columns",
            )
        if column in _NUMBERS and not cell.strip().isdecimal():
            raise DataError(
                f'needs a whole number. Got "{brief(cell)}".',
                "Correct the cell.",
                table=shown,
                row=row,
                column=column,
                reason="not_a_number",
            )


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
            dialogue = line["Dialogue_ID"].strip()
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
