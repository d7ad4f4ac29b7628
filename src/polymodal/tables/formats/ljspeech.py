"""LJSpeech: one speaker's recordings and a table separated by bars."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.tables.formats._lines import bad_line, numbered_lines
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows
from polymodal.tables.kinds import kind_of_name

__all__ = ["read_ljspeech"]

_TABLE = "metadata.csv"
_ENDINGS = (".wav", ".flac", "")


def read_ljspeech(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """LJSpeech folder with `metadata.csv` and `wavs/`, or that table: one row per recording.

    A line is `id|text|normalised text`, without a header; quotes mean nothing. Columns are `audio`,
    `transcript` (the normalised text, or the text where a line has only one) and `text_raw`.
    Missing recordings are skipped, recordings without a line have empty cells; both are counted.

    Source: Ito and Johnson 2017, "The LJ Speech Dataset".
    """
    table = path / _TABLE if path.is_dir() else path
    names = (f"{name}{ending}" for name, _, _ in _lines(table) for ending in _ENDINGS)
    media = find_media(path, names, ["wavs"], "recordings", media_root)
    columns = dict.fromkeys(("audio", "transcript", "text_raw"), pa.string())
    return stream_rows(_rows(path.name, table, media), **columns)


def _lines(table: Path) -> Iterator[tuple[str, str, str]]:
    """Yields (name, text, normalised text)."""
    for number, line in numbered_lines(table):
        name, *texts = line.split("|")
        if not 1 <= len(texts) <= 2 or not name.strip():
            raise bad_line(
                table.name,
                number,
                "id|text|normalised text",
                line,
                "Write 1 or 2 bars into that line.",
            )
        yield name.strip(), texts[0].strip(), texts[-1].strip()


def _rows(shown: str, table: Path, media: MediaFolder) -> Iterator[dict[str, Any]]:
    orphans, used = Orphans(shown), set()
    for name, raw, text in _lines(table):
        audio = next(filter(None, (media.cell(name + ending) for ending in _ENDINGS)), None)
        if audio is None:
            orphans.add("recordings are missing and are skipped with their texts", name)
            continue
        used.add(os.path.basename(audio))
        if not text:
            orphans.add("recordings have no text", name)
        yield {"audio": audio, "transcript": text or None, "text_raw": raw or None}
    for name in media.names():
        if kind_of_name(name) == "audio" and name not in used:
            orphans.add(f"recordings are in no line of {table.name}", name)
            yield {"audio": media.cell(name), "transcript": None, "text_raw": None}
    orphans.warn()
