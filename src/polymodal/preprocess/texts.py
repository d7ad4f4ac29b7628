"""Texts: one text per step of a sequence, steps possibly missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.preprocess.modality import Modality, check_range
from polymodal.preprocess.sequence import listed_steps
from polymodal.preprocess.text import Text
from polymodal.preprocess.vector import from_json

__all__ = ["Texts"]

_WHOLE = 99  # percent of the train split's texts that are kept whole by default
_MOST_PIECES = 1024  # of a text: every step of a batch takes as much memory as the longest


class Texts(Modality):
    """A list of texts as ids `(steps, pieces)`: 0 fills up a step, 1 is unknown.

    Each text is cleaned and split as `Text` does. A step that is None is missing: it is zeros, with
    mask False in the batch.

    Args:
        tokenizer: str, a file of `text/tokenizers`: ngram, word, bpe, character or byte.
            "pretrained" comes with an imported encoder; its ids are then one higher.
        max_length: int, steps; longer sequences are cut there.
        max_pieces: int, ids kept of one text; None keeps 99 of 100 texts of the train split whole,
            up to 1,024 ids.
        max_vocabulary: int, different ids at most; None leaves it to the tokenizer.
        lowercase: bool, whether to lowercase.
        min_count: int, what occurs less often in train is unknown.
        buckets: int, ids that the ngram tokenizer hashes into.
        word_dropout: float 0..1, augmentation: share of words that become unknown.

    Example:

    >>> texts = Texts("word", min_count=1)
    >>> texts.fit([texts.decode(["two cats", None, "two"])])
    >>> texts.encode(texts.decode(["Two dogs", None])).tolist()
    [[2, 1], [0, 0]]
    """

    encoder = "bag"
    is_text = True
    has_time = True
    limit: int
    has_gaps = True
    dtype = np.int32
    augmentation = ("word_dropout",)

    def __init__(
        self,
        tokenizer: str = "ngram",
        max_length: int = 512,
        max_pieces: int | None = None,
        max_vocabulary: int | None = None,
        lowercase: bool = True,
        min_count: int = 2,
        buckets: int = 50_000,
        word_dropout: float = 0.1,
    ):
        check_range("Texts", "max_length", max_length, 1, 1_000_000)
        check_range("Texts", "max_pieces", 1 if max_pieces is None else max_pieces, 1, 100_000)
        self.limit, self.max_pieces = max_length, max_pieces
        self._shift = int(tokenizer == "pretrained")  # its 0 is a token; here 0 fills up a step
        self.text = Text(
            tokenizer, max_vocabulary, max_pieces, lowercase, min_count, buckets, word_dropout
        )

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        known, longest = [], 0
        for cell in cells:
            try:
                steps = [] if cell is None else _steps(cell)
            except DataError:
                continue
            known += [step for step in steps if step is not None]
            longest = max(longest, len(steps))
        if not known:
            return {}
        return {
            **Text.suggest(known, root),
            "tokenizer": "ngram",
            "max_length": min(2048, max(8, 2 * longest)),
        }

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None, self.text.limit)

    @property
    def vocabulary_size(self) -> int:
        """Number of different ids, padding and unknown included."""
        return self.text.vocabulary_size

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> list[str | None]:
        """Returns the cleaned texts, one step above the limit if longer; a text is JSON."""
        return [
            None if step is None else self._cleaned(step, number)
            for number, step in enumerate(_steps(cell)[: self.limit + 1], start=1)
        ]

    def decode_key(self) -> dict[str, Any]:
        return {**super().decode_key(), "lowercase": self.text.lowercase, "limit": self.limit}

    def fit(self, decoded: Iterable[list[str | None]]) -> None:
        texts = [text for steps in decoded for text in steps if text is not None]
        self.text.fit(texts)
        if self.max_pieces is None:
            counts = [self.text.length(text) for text in texts] or [1]
            self.text.limit = min(_MOST_PIECES, int(np.ceil(np.percentile(counts, _WHOLE))))

    def look(self, decoded: Iterable[list[str | None]]) -> None:
        self.text.look(text for steps in decoded for text in steps if text is not None)

    def notes(self) -> list[str]:
        return self.text.notes()

    def augment(self, decoded: list[str | None], rng: np.random.Generator) -> list[str | None]:
        return [None if text is None else self.text.augment(text, rng) for text in decoded]

    def encode(self, decoded: list[str | None]) -> np.ndarray:
        """Returns int32 (steps, pieces); a text without any token is one unknown."""
        rows = [
            [] if text is None else self.text.encode(text) + self._shift
            for text in decoded[: self.limit]
        ]
        pieces = self.text.limit or max([1, *map(len, rows)])
        ids = np.zeros((len(rows), pieces), np.int32)
        for step, row in enumerate(rows):
            ids[step, : len(row)] = row
        return ids

    def length(self, decoded: list[str | None]) -> int:
        return min(len(decoded), self.limit)

    def truncated(self, decoded: list[str | None]) -> bool:
        kept = decoded[: self.limit]
        return len(decoded) > self.limit or any(
            self.text.truncated(text) for text in kept if text is not None
        )

    def state(self) -> dict[str, Any]:
        return self.text.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.text.restore(state)

    def _cleaned(self, step: Any, number: int) -> str:
        if isinstance(step, bytes | dict | list | tuple):
            raise DataError(
                f"needs a text at step {number}. Got {type(step).__name__}.",
                "Check the modality of this column.",
                reason="not_text",
            )
        return self.text.decode(step)


def _steps(cell: Any) -> list[Any]:
    fix = "Group rows, or check the modality of this column."
    return listed_steps(from_json(cell), "text", fix)
