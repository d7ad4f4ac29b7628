"""Fills in the texts that a table lacks with transcripts of its sound, by a recogniser."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polymodal.bundle.write import WEIGHTS
from polymodal.core.disk.files import sha256, write_atomic
from polymodal.core.errors import BundleError, DataError, RecipeError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say, warn
from polymodal.inference.predictor import load
from polymodal.media.cache import default_folder
from polymodal.media.cells import open_part
from polymodal.pretrained.base import folder_with
from polymodal.pretrained.shelf import VARIABLE
from polymodal.pretrained.speech.model import is_speech_model, load_speech_model
from polymodal.pretrained.speech.transcribing import Options, transcripts
from polymodal.recipe.heard import HEARD_BY, HeardBy, heard_texts
from polymodal.speech.recognition.transcribe import transcribe
from polymodal.tables.table import Table

__all__ = ["Hearing", "copy_recognisers", "heard_here", "hearing_of"]

FOLDER = "recognisers"  # of a bundle
_KEPT = "transcripts"  # folder of the cache
_VERSION = 1  # raised when the same sound would give another transcript


class Hearing:
    """Fills in the texts of a run's inputs.

    Args:
        inputs: settings of the inputs of a complete recipe.
        bundle: Path of the run's folder, or None before it has one.
    """

    def __init__(self, inputs: Mapping[str, Any], bundle: Path | None):
        self._texts, self._bundle = list(heard_texts(inputs)), bundle
        self._loaded: dict[str, Any] = {}

    def __call__(self, table: Table) -> Table:
        """Returns the table with a transcript in each empty cell of a text whose sound is there.

        A recording that cannot be read, or in which nothing is said, leaves the cell empty.
        """
        for text in self._texts:
            if text.sound in table.column_names:
                table = self._filled(table, text)
        return table

    def _filled(self, table: Table, text: HeardBy) -> Table:
        cells: list[Any] = [None] * len(table)
        if text.text in table.column_names:
            cells = list(table.values(text.text))
        sounds = list(table.values(text.sound))
        rows = [
            row for row, cell in enumerate(cells) if _is_empty(cell) and sounds[row] is not None
        ]
        if not rows:
            return table
        for row, said in zip(
            rows, self._said(table, text, [sounds[row] for row in rows]), strict=True
        ):
            cells[row] = said or None
        return table.with_column(text.text, cells)

    def _said(self, table: Table, text: HeardBy, sounds: Sequence[Any]) -> list[str]:
        """Returns the transcript of each cell, from the cache where it is there."""
        paths = [_kept_at(text.sha256, sound, table.root) for sound in sounds]
        found = {path: _read(path) for path in paths if path is not None}
        new = [place for place, path in enumerate(paths) if path is None or found[path] is None]
        if not new:
            return [found[path] or "" for path in paths if path is not None]
        say(f"Transcribing {counted(len(new), 'recording')} of {table.name} for {text.name}")
        said = [found.get(path) or "" if path else "" for path in paths]
        errors = []
        each = self._transcripts(table, text, [sounds[place] for place in new])
        for place, one in zip(new, each, strict=True):
            if one.error:
                errors.append(one.error)
                continue
            said[place] = one.text
            _write(paths[place], one.text)
        if errors:
            warn(
                f"{counted(len(errors), 'recording')} of {table.name} cannot be read, so that "
                f"{text.name} stays empty there. The first: {errors[0]}"
            )
        return said

    def _transcripts(self, table: Table, text: HeardBy, sounds: Sequence[Any]) -> Any:
        folder = self.folder_of(text)
        if text.sha256 not in self._loaded:
            if sha256(folder / WEIGHTS) != text.sha256:
                raise BundleError(
                    f"{folder} needs the weights that {text.name} was transcribed "
                    f"with, with sha256 {text.sha256}. Got others. Put them back."
                )
            imported = is_speech_model(folder)
            self._loaded[text.sha256] = load_speech_model(folder) if imported else load(folder)
        model = self._loaded[text.sha256]
        if is_speech_model(folder):
            return transcripts(model, sounds, Options(timed=False), root=table.root)
        return transcribe(model, [str(_path(sound, table.root)) for sound in sounds])

    def folder_of(self, text: HeardBy) -> Path:
        """Returns where the recogniser is: in the bundle, in POLYMODAL_MODELS, or where it was."""
        own = None if self._bundle is None else self._bundle / FOLDER / text.sha256[:16]
        if own is not None and own.is_dir():
            return own
        known = folder_with(text.sha256)
        if known is not None:
            return known
        if self._bundle is None and Path(text.source).is_dir():
            return Path(text.source)
        raise BundleError(
            f"{self._bundle or text.source} needs the recogniser that transcribes "
            f"{text.name}, {Path(text.source).name}, with sha256 {text.sha256}. Got "
            f"none. Put it into a folder and set {VARIABLE} to the folder around it."
        )


def hearing_of(inputs: Mapping[str, Any], bundle: Path | None) -> Hearing | None:
    """Returns what fills in the texts of a run's inputs, or None where nothing is transcribed.

    Args:
        inputs: settings of the inputs of a complete recipe.
        bundle: Path of the run's folder, or None before it has one.
    """
    if any(True for _ in heard_texts(inputs)):
        return Hearing(inputs, bundle)
    return None


def heard_here(inputs: Mapping[str, Any], bundle: Path) -> dict[str, Any]:
    """Returns settings of inputs whose recognisers are named where they are now: a bundle has its
    own, wherever it was moved.

    Args:
        inputs: settings of the inputs of a complete recipe.
        bundle: Path of the run's folder.

    Raises:
        BundleError: a recogniser is nowhere.
    """
    found, hearing = dict(inputs), Hearing(inputs, bundle)
    for text in heard_texts(inputs):
        words = {**found[text.name][HEARD_BY], "from": str(hearing.folder_of(text))}
        found[text.name] = {**found[text.name], HEARD_BY: words}
    return found


def copy_recognisers(inputs: Mapping[str, Any], bundle: Path) -> None:
    """Copies the recognisers of a recipe's inputs into a bundle, so that it needs nothing else.

    Args:
        inputs: settings of the inputs of a complete recipe.
        bundle: Path of the run's folder.

    Raises:
        RecipeError: the folder of one is gone.
    """
    for text in heard_texts(inputs):
        place = bundle / FOLDER / text.sha256[:16]
        if not text.copy_weights or place.is_dir():
            continue
        if not Path(text.source).is_dir():
            raise RecipeError(
                f"inputs.{text.name} needs its recogniser in {text.source}. Got no "
                "such folder. Put it back, or add copy_weights: false."
            )
        begun = place.with_name(f".{place.name}")
        shutil.rmtree(begun, ignore_errors=True)  # of a process that was stopped
        shutil.copytree(
            text.source,
            begun,
            copy_function=_linked,
            ignore=shutil.ignore_patterns("checkpoints", "baselines", ".*"),
        )
        begun.rename(place)


def _linked(source: str, place: str) -> None:
    """Copies a file, or links weights, which are large and always written as a new file: a search
    has a folder for each candidate."""
    if Path(source).name == WEIGHTS:
        with contextlib.suppress(OSError):  # another disk
            os.link(source, place)
            return
    shutil.copy2(source, place)


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _path(sound: Any, root: Any) -> Path:
    """Returns the file of a cell, which a run that transcribes reads as a whole."""
    source, shown, start, end = open_part(sound, root)
    if isinstance(source, bytes) or start or end is not None:
        raise DataError(
            "needs to be a whole file for a run that transcribes.",
            "Give files, or use an imported recogniser.",
            path=shown,
            reason="not_whole",
        )
    return source


def _kept_at(weights: str, sound: Any, root: Any) -> Path | None:
    """Returns the file of the cache for a transcript, by what the sound holds; None for what cannot
    be opened."""
    try:
        source, _, start, end = open_part(sound, root)
        content = sha256(source) if isinstance(source, Path) else hashlib.sha256(source).hexdigest()
        key = f"{_VERSION} {weights} {content} {start} {end}"
        return default_folder() / _KEPT / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
    except (DataError, OSError, RuntimeError):
        return None


def _read(path: Path) -> str | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["text"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if isinstance(found, str):
        return found
    return None


def _write(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps({"text": text}))
    except OSError:
        return  # it is transcribed again the next time
