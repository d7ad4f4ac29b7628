"""Captions: one text, or several that are all right, as words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from polymodal.core.errors import DataError
from polymodal.preprocess.targets.seq2seq import SymbolsTarget

__all__ = ["CaptionTarget"]


class CaptionTarget(SymbolsTarget):
    """The words of a caption as indices, int32 (time,), ended by `end_id`.

    A cell is a text, or a list of texts of which each is a right answer. Training takes one of
    them by chance each time that it sees the row; scores compare with all.

    Args:
        split: str, how a caption becomes symbols: word or character. Characters of scripts without
            spaces are words.
        lowercase: bool, whether capitals become small letters.
        max_symbols: int, words that are kept, the most frequent ones.
        max_length: int, longer captions are cut there, the end included; the longest of train
            lowers it.

    Example:

    >>> target = CaptionTarget()
    >>> target.fit([["a red ball", "a ball, red"], "one ball"])
    >>> target.references(["A red ball", "a ball, red"])
    ['A red ball', 'a ball, red']
    >>> target.decode(target.encode("a ball, red"))
    'a ball, red'
    """

    def __init__(self, split: Literal["word", "character"] = "word", lowercase: bool = True,
                 max_symbols: int = 10_000, max_length: int = 64):
        super().__init__(False, split, lowercase, max_symbols, max_length)

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the words of the train split.

        Raises:
            DataError: there is no word.
        """
        super().fit(text for value in values for text in self.references(value))

    def references(self, value: Any) -> list[str]:
        """Returns the texts of a cell, as they stand there.

        Raises:
            DataError: the cell holds no text, or something else.
        """
        texts = list(value) if isinstance(value, list | tuple | np.ndarray) else [value]
        texts = [text for text in texts if text is not None]
        for text in texts:
            if not isinstance(text, str):
                raise DataError(f"needs a text or a list of texts. Got {type(text).__name__}.",
                                "Write the caption as text.", reason="not_a_text")
        texts = [text for text in texts if text.strip()]
        if not texts:
            raise DataError("holds no text.", "Leave the cell empty if there is no caption.",
                            reason="empty_text")
        return texts

    def encode(self, value: Any, rng: np.random.Generator | None = None) -> np.ndarray:
        """Returns the indices of one caption, the first, or one by chance if `rng` is given."""
        texts = self.references(value)
        return super().encode(texts[0 if rng is None else int(rng.integers(len(texts)))])

    def longest(self, value: Any) -> int:
        """Returns the steps of the longest caption of a cell."""
        return max(len(super(CaptionTarget, self).encode(text))
                   for text in self.references(value))

    def truncated(self, value: Any) -> bool:
        """Returns whether a caption of the cell is cut."""
        return any(super(CaptionTarget, self).truncated(text) for text in self.references(value))
