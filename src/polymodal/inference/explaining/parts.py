"""Parts of an input that an explanation hides: words, patches, spans, steps, columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.text.words import split_words

__all__ = ["Hidden", "Parts", "parts_of"]

_GRID = 7  # patches along each side of a picture
_SPANS = 12  # of a sound
_BANDS = 4  # of its frequencies
_MOST_STEPS = 64  # steps that are hidden one by one; more are hidden in spans


@dataclass(frozen=True)
class Hidden:
    """An input with some parts hidden, as a batch takes it.

    Args:
        array: encoded array, or None where nothing is left.
        gone: (time,) bool or (features,) bool, what the mask leaves out besides, or None.
    """

    array: np.ndarray | None
    gone: np.ndarray | None = None


class Parts:
    """The parts of one input of one row.

    Args:
        kind: str, what they are: "words", "patches", "spans", "steps" or "columns".
        names: list of str, one for each part, for a person.
        shape: (rows, columns) of a grid of parts, or None.
        whole: Hidden, nothing hidden.
    """

    def __init__(
        self, kind: str, names: list[str], shape: tuple[int, int] | None, whole: np.ndarray
    ):
        self.kind, self.names, self.shape, self.whole = kind, names, shape, whole

    def __len__(self) -> int:
        return len(self.names)

    def without(self, parts: Iterable[int]) -> Hidden:
        """Returns the input with those parts hidden."""
        raise NotImplementedError

    def shown(self, decoded: Any) -> np.ndarray | None:
        """Returns what the model saw, for a page: a picture or frames, uint8, or a spectrogram
        (time, frequencies); None where the names of the parts say it."""
        if isinstance(decoded, np.ndarray) and decoded.dtype == np.uint8 and decoded.ndim >= 3:
            return decoded
        return None


class Words(Parts):
    """Words of a text, which are deleted: what is left is read again."""

    def __init__(self, modality: Any, text: str):
        self._modality, self._text = modality, text
        self._spans = _word_spans(text)
        super().__init__("words", [text[a:b] for a, b in self._spans], None, modality.encode(text))

    def without(self, parts: Iterable[int]) -> Hidden:
        left = self._text
        for place in sorted(set(parts), reverse=True):
            start, end = self._spans[place]
            left = left[:start] + left[end:]
        left = " ".join(left.split())
        if not left:
            return Hidden(None)
        return Hidden(self._modality.encode(left))


class Columns(Parts):
    """Columns of numbers and categories, which become missing."""

    def __init__(self, modality: Any, cells: dict[str, Any]):
        self._modality, self._cells = modality, cells
        names = [name for name, cell in cells.items() if cell is not None]
        super().__init__("columns", names, None, modality.encode(modality.decode(cells)))

    def without(self, parts: Iterable[int]) -> Hidden:
        gone = {self.names[place] for place in parts}
        left = {name: None if name in gone else cell for name, cell in self._cells.items()}
        if all(cell is None for cell in left.values()):
            return Hidden(None)
        return Hidden(self._modality.encode(self._modality.decode(left)))


class Grid(Parts):
    """Patches of a picture, or spans of time and frequency of a sound, which take its mean."""

    def __init__(
        self,
        kind: str,
        names: list[str],
        shape: tuple[int, int],
        whole: np.ndarray,
        mean: np.ndarray,
    ):
        super().__init__(kind, names, shape, whole)
        self._mean, self._is_sound = mean, kind == "spans"
        self._rows = np.linspace(0, whole.shape[0], shape[0] + 1).astype(int)
        self._columns = np.linspace(0, whole.shape[1], shape[1] + 1).astype(int)

    def without(self, parts: Iterable[int]) -> Hidden:
        found = self.whole.copy()
        for place in parts:
            row, column = divmod(place, self.shape[1])  # type: ignore[index]
            rows = slice(self._rows[row], self._rows[row + 1])
            columns = slice(self._columns[column], self._columns[column + 1])
            found[rows, columns] = np.broadcast_to(self._mean, found.shape)[rows, columns]
        return Hidden(found)

    def shown(self, decoded: Any) -> np.ndarray | None:
        """Returns the picture, or the spectrogram as the model reads it."""
        if self._is_sound:
            return self.whole
        return super().shown(decoded)


class Steps(Parts):
    """Steps of a sequence, or frames of a video, which become missing."""

    def __init__(self, whole: np.ndarray):
        count = min(len(whole), _MOST_STEPS)
        self._edges = np.linspace(0, len(whole), count + 1).astype(int)
        spans = zip(self._edges[:-1], self._edges[1:], strict=True)
        names = [str(a + 1) if b - a == 1 else f"{a + 1} to {b}" for a, b in spans]
        super().__init__("steps", names, None, whole)

    def without(self, parts: Iterable[int]) -> Hidden:
        gone = np.zeros(len(self.whole), bool)
        for place in parts:
            gone[self._edges[place] : self._edges[place + 1]] = True
        if gone.all():
            return Hidden(None)
        found = self.whole.copy()
        found[gone] = 0
        return Hidden(found, gone)


def parts_of(modality: Any, decoded: Any, cell: Any) -> Parts | None:
    """Returns the parts of one input; None where it has none, as a vector, or is one whole.

    Args:
        modality: Modality of the input.
        decoded: what it decoded.
        cell: the cell, {column: cell} of a tabular input.
    """
    if modality.has_fields:
        found: Parts = Columns(modality, cell)
    elif modality.is_text and len(modality.shape) == 1:
        found = Words(modality, decoded)
    elif modality.has_time and modality.step_seconds and len(modality.shape) == 2:
        found = _sound(modality, modality.encode(decoded))
    elif modality.has_time:
        found = Steps(modality.encode(decoded))
    elif len(modality.shape) == 3:
        found = _picture(modality.encode(decoded))
    else:
        return None
    if len(found) > 1:
        return found
    return None


def _picture(array: np.ndarray) -> Parts:
    shape = (min(_GRID, array.shape[0]), min(_GRID, array.shape[1]))
    names = [
        f"row {row + 1}, column {column + 1}"
        for row in range(shape[0])
        for column in range(shape[1])
    ]
    return Grid("patches", names, shape, array, array.mean(axis=(0, 1), keepdims=True))


def _sound(modality: Any, array: np.ndarray) -> Parts:
    shape = (min(_SPANS, array.shape[0]), min(_BANDS, array.shape[1]))
    edges = np.linspace(0, len(array), shape[0] + 1) * modality.step_seconds
    names = [
        f"{edges[span]:.2f} to {edges[span + 1]:.2f} s, band {band + 1} of {shape[1]}"
        for span in range(shape[0])
        for band in range(shape[1])
    ]
    return Grid("spans", names, shape, array, array.mean(axis=0, keepdims=True))


def _word_spans(text: str) -> list[tuple[int, int]]:
    """Returns where each word of a text starts and ends; signs belong to the word before."""
    spans, place = [], 0
    for word in split_words(text):
        start = text.find(word, place)
        if start >= 0 and re.search(r"\w", word):
            spans.append((start, start + len(word)))
            place = start + len(word)
    return spans
