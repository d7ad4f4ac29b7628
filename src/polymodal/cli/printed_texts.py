"""Captions and transcripts as the commands print them or write them into files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polymodal.cli.aligned import columns
from polymodal.cli.output import emit
from polymodal.cli.score_tables import as_number
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError
from polymodal.core.printed.progress import say, show


def captions(files: Sequence[Path], found: Sequence[Mapping[str, Any]], json: bool) -> None:
    """Prints the captions of each file, the best first.

    Raises:
        DataError: a file could not be read; the others are still printed.
    """
    if json:
        emit(
            {
                "captions": [
                    {"file": str(file), **one} for file, one in zip(files, found, strict=True)
                ]
            }
        )
    else:
        names = [file.name for file in files]
        if len(set(names)) < len(names):  # two of the same name in different folders
            names = list(map(str, files))
        show(
            columns(
                (name, result["text"], as_number(result["score"]))
                for name, one in zip(names, found, strict=True)
                for result in one["results"]
            )
        )
    bad = [one["error"] for one in found if one["error"]]
    if bad:
        raise DataError("\n".join(bad), reason="bad_files")


def transcripts(found: Iterable[Any], count: int, name: str, words: bool, out: Path | None) -> None:
    """Prints transcripts as they come, or writes a file for each.

    Raises:
        DataError: a file could not be read; the others are still written.
    """
    from polymodal.speech.recognition.transcript import render, write_transcript

    entries, bad = [], []
    for one in found:
        if one.error:
            bad.append(one.error)
        if out is not None and not one.error:
            say(f"Wrote {write_transcript(one, out, name, words)}.")
        elif out is None and name == "json":
            entries.append(one.as_json())
        elif not one.error:
            heading = ""
            if count > 1:
                heading = f"{one.file}\n"
            show(heading + render(one, name, words), end="\n" if heading else "")
    if entries:
        emit({"files": entries})
    if bad:
        raise DataError("\n".join(bad), reason="bad_files")


def text_of(path: Path | None) -> str:
    """Returns the text of a file.

    Raises:
        DataError: it cannot be read, or is not a text.
    """
    try:
        return user_path(path or "").read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"cannot be read: {error}.",
            "Write it as text in UTF-8.",
            path=str(path),
            reason="not_a_text",
        ) from None
