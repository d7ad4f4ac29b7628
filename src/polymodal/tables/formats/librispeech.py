"""LibriSpeech: a folder for each speaker and chapter, with one file of transcripts in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._lines import bad_line, numbered_lines
from polymodal.tables.formats._rows import Orphans, stream_rows
from polymodal.tables.kinds import kind_of_name
from polymodal.tables.split_names import split_name

__all__ = ["read_librispeech"]

_TRANSCRIPTS = ".trans.txt"


def read_librispeech(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """LibriSpeech folder: one row per recording of `speaker/chapter/`.

    Columns are `audio`, `transcript`, `speaker` and `chapter`; and `split` where the speakers are
    in folders of parts (`train-clean-100`, `dev-clean`, `test-other`). A transcript without its
    recording is skipped, a recording without a transcript has an empty cell; both are counted.
    Under `media_root`, if it is another folder, recordings lie as the transcripts do here.

    Source: Panayotov et al. 2015, "LibriSpeech", ICASSP.
    """
    parts = _parts(path)
    columns: dict[str, pa.DataType] = dict.fromkeys(
        ("audio", "transcript", "speaker", "chapter"), pa.string()
    )
    if parts != {path: ""}:
        columns["split"] = pa.string()
    return stream_rows(_rows(path, parts, media_root or path), **columns)


def _parts(path: Path) -> dict[Path, str]:
    """Returns {folder of speakers: split}; the split is "" where the folder itself is a part."""
    found = {
        folder: name for folder in _folders(path) if (name := split_name(folder.name.split("-")[0]))
    }
    return found or {path: ""}


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def _rows(path: Path, parts: dict[Path, str], root: Path) -> Iterator[dict[str, Any]]:
    orphans, num_rows = Orphans(path.name), 0
    for folder, split in parts.items():
        for speaker in _folders(folder):
            for chapter in _folders(speaker):
                for row in _chapter(chapter, path, root, orphans):
                    num_rows += 1
                    yield {**row, "speaker": speaker.name, "chapter": chapter.name, "split": split}
    orphans.warn()
    if not num_rows:
        raise DataError(
            f"has transcripts, but there are no recordings for them under {root}.",
            "Unpack the archive again, with its .flac files, or correct --media-root.",
            path=path.name,
            reason="missing_media",
        )


def _chapter(chapter: Path, path: Path, root: Path, orphans: Orphans) -> Iterator[dict[str, Any]]:
    shown = os.path.relpath(chapter, path)
    texts: dict[str, str] = {}
    for name in sorted(os.listdir(chapter)):
        if name.endswith(_TRANSCRIPTS):
            texts.update(_transcripts(chapter / name, os.path.join(shown, name)))
    for name in sorted(os.listdir(root / shown) if (root / shown).is_dir() else []):
        if kind_of_name(name) == "audio":
            audio, text = os.path.join(shown, name), texts.pop(os.path.splitext(name)[0], None)
            if text is None:
                orphans.add("recordings have no transcript", audio)
            yield {"audio": audio, "transcript": text}
    for name in texts:
        orphans.add("transcripts have no recording and are skipped", os.path.join(shown, name))


def _transcripts(path: Path, shown: str) -> Iterator[tuple[str, str]]:
    for number, line in numbered_lines(path, shown):
        name, _, text = line.partition(" ")
        if not text.strip():
            raise bad_line(
                shown, number, "the name of a recording and its transcript", line, "Fix that line."
            )
        yield name, text.strip()
