"""Kaldi data folders: small tables of recordings, transcripts, speakers and segments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._lines import bad_line, numbered_lines
from polymodal.tables.formats._media_folder import find_media
from polymodal.tables.formats._rows import Orphans, stream_rows

__all__ = ["read_kaldi"]

_ABOVE = ("", "..", os.path.join("..", ".."))  # paths start from where the recipe ran
_PART = pa.struct(
    [("path", pa.string()), ("start_seconds", pa.float64()), ("end_seconds", pa.float64())]
)


def read_kaldi(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """Kaldi folder with `wav.scp`, `text`, maybe `utt2spk`, `segments`: one row per utterance.

    Columns are `audio`, `transcript` and, with `utt2spk`, `speaker`. With `segments` an utterance
    is part of a recording: its cell names the file, `start_seconds` and `end_seconds`, and only
    that part is decoded. Paths in `wav.scp` start from the folder, or from one of the two above it.
    Commands in `wav.scp` are refused, since nothing from a table is executed. Transcripts without a
    recording are skipped, utterances without a transcript have an empty cell; both are counted.

    Source: Povey et al. 2011, "The Kaldi Speech Recognition Toolkit", ASRU.
    """
    orphans = Orphans(path.name)
    recordings = _recordings(path, orphans, media_root)
    texts = _pairs(path / "text", may_be_empty=True)
    speakers = None
    if (path / "utt2spk").is_file():
        speakers = _pairs(path / "utt2spk")
    columns: dict[str, pa.DataType] = {"audio": pa.string(), "transcript": pa.string()}
    if speakers is not None:
        columns["speaker"] = pa.string()
    utterances: Iterator[tuple[str, Any]] = iter(recordings.items())
    if (path / "segments").is_file():
        columns["audio"] = _PART
        utterances = _segments(path / "segments", recordings, orphans)
    return stream_rows(_rows(utterances, texts, speakers, orphans), **columns)


def _missing(path: Path) -> DataError:
    return DataError(
        "is missing.",
        "A Kaldi folder has the files wav.scp and text.",
        path=f"{path.parent.name}/{path.name}",
        reason="damaged",
    )


def _pairs(path: Path, may_be_empty: bool = False) -> dict[str, str]:
    """Returns {name: the rest of its line}."""
    found: dict[str, str] = {}
    if not path.is_file():
        raise _missing(path)
    for number, line in numbered_lines(path):
        name, *rest = line.split(maxsplit=1)
        if not rest and not may_be_empty:
            raise bad_line(path.name, number, "a name and a value", line, "Fix that line.")
        if name in found:
            raise bad_line(
                path.name,
                number,
                "a name that no line before it has",
                line,
                "Remove one of these lines.",
            )
        found[name] = rest[0].strip() if rest else ""
    return found


def _recordings(path: Path, orphans: Orphans, media_root: Path | None) -> dict[str, str | None]:
    """Returns {recording: its path from the root, or None where it is not there}."""
    named = _pairs(path / "wav.scp")
    for name, value in named.items():
        problem = None
        if value.endswith("|") or value.startswith("|"):
            problem = "is a command, and nothing from a table is executed"
        elif value == "-" or (value.rpartition(":")[2].isdigit() and ".ark:" in value):
            problem = "is not a file of sound"
        if problem:
            raise DataError(
                f'names the recording "{name}" by {value!r}, which {problem}.',
                "Write each recording into a file and its path into wav.scp.",
                path="wav.scp",
                reason="not_a_file",
            )
    media = find_media(path, named.values(), _ABOVE, "recordings", media_root)
    recordings = {name: media.cell(file) for name, file in named.items()}
    for name, file in recordings.items():
        if file is None:
            orphans.add("recordings are missing and are skipped", named[name])
    return recordings


def _segments(
    path: Path, recordings: dict[str, str | None], orphans: Orphans
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yields (utterance, cell); an end of -1 is that of the recording."""
    for number, line in numbered_lines(path):
        try:
            name, recording, start, end = line.split()
            start_seconds, end_seconds = float(start), float(end)
        except ValueError:
            raise bad_line(
                path.name,
                number,
                "an utterance, a recording, start and end in seconds",
                line,
                "Fix that line; of several channels, write each into a file.",
            ) from None
        file = recordings.get(recording)
        if file is None:
            orphans.add("segments belong to no recording in wav.scp and are skipped", name)
        cell = {"path": file, "start_seconds": start_seconds, "end_seconds": end_seconds}
        if end_seconds == -1:
            cell["end_seconds"] = None
        yield name, cell if file else None


def _rows(
    utterances: Iterator[tuple[str, Any]],
    texts: dict[str, str],
    speakers: dict[str, str] | None,
    orphans: Orphans,
) -> Iterator[dict[str, Any]]:
    for name, audio in utterances:
        if not audio:
            continue
        text = texts.pop(name, None)
        if not text:
            orphans.add("utterances have no transcript", name)
        if speakers is not None and name not in speakers:
            orphans.add("utterances have no speaker", name)
        yield {"audio": audio, "transcript": text or None, "speaker": (speakers or {}).get(name)}
    for name in texts:
        orphans.add("transcripts have no recording and are skipped", name)
    orphans.warn()
