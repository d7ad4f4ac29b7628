"""Transcripts: what is said, as the characters that a recogniser emits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.text.cleaning import clean_text

__all__ = ["TranscriptTarget"]


class TranscriptTarget:
    """The characters of a transcript as indices, int32 (time,).

    Outputs of the model are the characters of train, the space among them, and, as the last one,
    blank: nothing. A character that train lacks cannot be predicted and is dropped.

    Args:
        lowercase: bool, whether to lowercase: case cannot be heard.
        max_symbols: int, characters that are kept, the most frequent ones.
        max_length: int, longer transcripts are cut there.
        ctc_weight: float, below 1 if a decoder is trained next to CTC, with teacher forcing.

    Example:

    >>> target = TranscriptTarget()
    >>> target.fit(["ab a"])
    >>> target.encode("Ba").tolist(), target.num_outputs
    ([2, 1], 4)
    >>> target.decode([2, 1])
    'ba'
    """

    has_time = True
    dtype = np.int32
    shape = (None,)
    padding = -1  # behind the last character, where 0 would be a character

    def __init__(self, lowercase: bool = True, max_symbols: int = 5000, max_length: int = 2000,
                 ctc_weight: float = 1.0):
        self.lowercase, self.max_symbols, self.max_length = lowercase, max_symbols, max_length
        self.previous = self._previous if ctc_weight < 1 else None
        self._set([])

    @property
    def labels(self) -> list[str]:
        """Characters in the order of the model's outputs."""
        return self._characters

    @property
    def num_outputs(self) -> int:
        """Number of outputs: characters and blank."""
        return len(self._characters) + 1

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the characters of the train split.

        Raises:
            DataError: there is none.
        """
        counts = Counter(c for value in values for c in self.clean(value))
        if not counts:
            raise DataError("holds no character in train.", "Name another target.",
                            reason="single_label")
        ranked = sorted(counts, key=lambda c: (-counts[c], c))
        self._set(sorted(ranked[: self.max_symbols]))

    def references(self, value: Any) -> list[str]:
        """Returns the text of a cell, unchanged, in a list.

        Raises:
            DataError: the cell is not a text.
        """
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)  # a table of digits is read as numbers
        if not isinstance(value, str):
            raise DataError(f"needs a text. Got {type(value).__name__}.",
                            "Write what is said as text.", reason="not_a_text")
        if not value.strip():
            raise DataError("holds no text.", "Leave the cell empty if there is no transcript.",
                            reason="empty_text")
        return [value]

    read = references  # what `fit` needs of a cell

    def encode(self, value: Any) -> np.ndarray:
        """Returns the indices of the characters that train has, int32 (time,).

        Raises:
            DataError: the cell is not a text.
        """
        known = [self._index[c] for c in self.clean(value) if c in self._index]
        return np.array(known[: self.max_length], np.int32)

    def truncated(self, value: Any) -> bool:
        """Returns whether `encode` truncates the text."""
        return len(self.clean(value)) > self.max_length

    def _previous(self, targets: np.ndarray) -> np.ndarray:
        """Returns the output before each step and before the end, int32 (batch, symbols + 1)."""
        start = np.full((len(targets), 1), self.num_outputs)
        return np.concatenate([start, targets], axis=1).astype(np.int32)

    def num_valid(self, encoded: np.ndarray) -> int:
        """Returns how many characters there are."""
        return len(encoded)

    def num_frames(self, encoded: np.ndarray) -> int:
        """Returns the frames that CTC needs: one for each, and blank between equal neighbours."""
        return len(encoded) + int((encoded[1:] == encoded[:-1]).sum())

    def decode(self, indices: Iterable[int]) -> str:
        """Returns the text of character indices, without negative ones and blank."""
        known = len(self._characters)
        text = "".join(self._characters[i] for i in map(int, indices) if 0 <= i < known)
        return " ".join(text.split())

    def state(self) -> dict[str, Any]:
        """Returns the characters."""
        return {"labels": self._characters}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        self._set(Fields(state).texts("labels"))

    def _set(self, characters: list[str]) -> None:
        self._characters = list(characters)
        self._index = {c: i for i, c in enumerate(self._characters)}

    def clean(self, value: Any) -> str:
        """Returns the text of a cell as it is learned, with normalised spaces and case."""
        return clean_text(self.references(value)[0], self.lowercase)
