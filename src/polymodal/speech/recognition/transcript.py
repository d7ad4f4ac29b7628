"""A transcript of one file, and how it is written: text, JSON, subtitles."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polymodal.core.disk.files import check_writable, write_atomic
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError
from polymodal.speech.transcripts.subtitles import to_json, to_srt, to_text, to_vtt
from polymodal.speech.transcripts.transcript import Segment, Word, join_words

__all__ = ["FORMATS", "Transcript", "check_format", "render", "write_transcript"]


@dataclass(frozen=True)
class Transcript:
    """The transcript of a file.

    Args:
        file: str, its path.
        seconds: float, how long it is.
        words: tuple of Word; empty where only segments have times.
        segments: tuple of Segment, the words as they can be read.
        error: str, why there is nothing, or None.
        choice: mapping, decoding options: beam, language_model, hot_words; and whether the
            confidence of words is calibrated.
    """

    file: str
    seconds: float = 0.0
    words: tuple[Word, ...] = ()
    segments: tuple[Segment, ...] = ()
    error: str | None = None
    choice: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words as one line; the segments where words have no times."""
        if self.words:
            return join_words(word.text for word in self.words)
        return join_words(line for one in self.segments for line in one.text.split("\n"))

    def as_json(self) -> dict[str, Any]:
        """Returns everything as JSON values, times in seconds."""
        segments = json.loads(to_json(self.segments))["segments"]
        return {
            "file": self.file,
            "text": self.text,
            "seconds": round(self.seconds, 3),
            "words": [word for segment in segments for word in segment["words"]],
            "segments": [
                {k: v for k, v in segment.items() if k != "words"} for segment in segments
            ],
            **self.choice,
            "error": self.error,
        }


def render(transcript: Transcript, name: str, words: bool = False) -> str:
    """Returns a transcript in a format.

    Args:
        transcript: Transcript.
        name: str, one of FORMATS.
        words: bool, with the time of each word: a line for each in text, with its confidence, a
            subtitle for each in srt, inside of the text in vtt. JSON always has them.

    Raises:
        RecipeError: there is no such format.

    Example:

    >>> heard = Transcript("a.wav", 2.0, (Word("one", 0.5, 0.75, 0.93),))
    >>> print(render(heard, "text", words=True), end="")
        0.50     0.75  0.93  one
    """
    return FORMATS[check_format(name)][1](transcript, words)


def write_transcript(
    transcript: Transcript, folder: str | Path, name: str, words: bool = False
) -> Path:
    """Writes a transcript into a folder, under the name of its file, and returns the path."""
    folder = user_path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(transcript.file).stem}{FORMATS[check_format(name)][0]}"
    write_atomic(path, render(transcript, name, words))
    return path


def check_format(name: str, files: Sequence[str | Path] = (), out: Path | None = None) -> str:
    """Returns the name of a format that so many files can be written in.

    Raises:
        RecipeError: there is no such format; or several files would end in one.
        PolymodalError: no folder `out` can be written.
    """
    if name not in FORMATS:
        raise RecipeError(
            f"--format needs one of {', '.join(FORMATS)}. Got {name!r}. Leave it out for text."
        )
    if out is None and len(files) > 1 and name in ("srt", "vtt"):
        raise RecipeError(
            f"--format {name} needs one file, or --out with a folder. "
            f"Got {len(files)} files. Add --out subtitles."
        )
    stems = [Path(file).stem for file in files]
    if out is not None and len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise RecipeError(
            f"--out needs files of different names. Got {twice!r} twice. "
            "Rename one, or transcribe them into two folders."
        )
    if out is not None:
        endings = {ending for ending, _ in FORMATS.values()} | {".csv"}
        if Path(out).suffix.lower() in endings and not Path(out).is_dir():
            raise RecipeError(
                f"--out needs a folder, which gets a file for each recording. Got "
                f"{Path(out).name}. Write --out {Path(out).with_suffix('')}."
            )
        check_writable(out, folder=True)
    return name


def _text(transcript: Transcript, words: bool) -> str:
    if not words:
        return to_text(transcript.segments)
    return "".join(
        f"{word.start_seconds:8.2f} {word.end_seconds:8.2f}  {word.confidence:.2f}  {word.text}\n"
        for word in transcript.words
    )


def _srt(transcript: Transcript, words: bool) -> str:
    if not words:
        return to_srt(transcript.segments)
    return to_srt(
        Segment(word.text, word.start_seconds, word.end_seconds) for word in transcript.words
    )


def _json(transcript: Transcript, words: bool) -> str:
    return json.dumps(transcript.as_json(), ensure_ascii=False, indent=2) + "\n"


# Name of each format: ending of its files, and what writes it.
FORMATS: dict[str, tuple[str, Callable[[Transcript, bool], str]]] = {
    "text": (".txt", _text),
    "json": (".json", _json),
    "srt": (".srt", _srt),
    "vtt": (".vtt", lambda transcript, words: to_vtt(transcript.segments, word_times=words)),
}
