"""Text: cleaning, splitting into tokens, ids."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.arguments import parameters
from polymodal.core.errors import DataError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.preprocess.modality import Modality, check_range
from polymodal.text.cleaning import HIDDEN_WORD, clean_text
from polymodal.text.words import replace_words, split_words

__all__ = ["Text"]

_UNKNOWN_ID = 1
_SHORT = 10  # words; in a text as short as a question, each may decide the answer


class Text(Modality):
    """Text as a row of token ids: 0 is padding, 1 is unknown.

    Args:
        tokenizer: str, a file of `text/tokenizers`: word, bpe, character, byte, or ngram
            (for the encoder `bag`). All but byte learn from the train split. "pretrained" comes
            with an imported encoder and takes text as it is.
        max_vocabulary: int, different ids at most; None leaves it to the tokenizer.
        max_length: int, tokens kept of one text; None takes it from the longest of the train split,
            up to what the tokenizer deems worth keeping.
        lowercase: bool, whether to lowercase.
        min_count: int, what occurs less often in train is unknown.
        buckets: int, ids that the ngram tokenizer hashes into.
        word_dropout: float 0..1, augmentation: share of words that become unknown.

    Example:

    >>> text = Text(min_count=1)
    >>> text.fit([text.decode("<b>Two</b> cats"), text.decode("two dogs")])
    >>> text.encode(text.decode("TWO birds")).tolist()
    [2, 1]
    """

    encoder = "rnn"
    is_text = True
    has_time = True
    dtype = np.int32
    augmentation = ("word_dropout",)

    def __init__(
        self,
        tokenizer: str = "word",
        max_vocabulary: int | None = None,
        max_length: int | None = None,
        lowercase: bool = True,
        min_count: int = 2,
        buckets: int = 50_000,
        word_dropout: float = 0.1,
    ):
        check_range("Text", "max_length", 1 if max_length is None else max_length, 1, 1_000_000)
        size = 300 if max_vocabulary is None else max_vocabulary
        check_range("Text", "max_vocabulary", size, 3, 1_000_000)
        check_range("Text", "buckets", buckets, 1, 10_000_000)
        check_range("Text", "word_dropout", word_dropout, 0, 0.9)
        factory = find("text.tokenizers", tokenizer)
        given = {"max_vocabulary": max_vocabulary, "min_count": min_count, "buckets": buckets}
        taken = parameters(factory)
        self.tokenizer = factory(**{k: v for k, v in given.items() if k in taken and v is not None})
        self.lowercase, self.word_dropout, self.limit = lowercase, word_dropout, max_length
        self._takes_raw = tokenizer == "pretrained"
        self._unknown = 0.0  # share of the train split's tokens

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        counts = [len(split_words(clean_text(str(cell)))) for cell in cells if cell is not None]
        if not counts:
            return {}
        every_word_counts = statistics.median(counts) < _SHORT
        return {"tokenizer": "word", "word_dropout": 0.0 if every_word_counts else 0.1}

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None,)

    @property
    def vocabulary_size(self) -> int:
        """Number of different ids, padding and unknown included."""
        return self.tokenizer.vocabulary_size

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> str:
        """Returns the cleaned text; a list of texts is joined by spaces."""
        if isinstance(cell, list | tuple):
            cell = " ".join(str(part) for part in cell if part is not None)
        if isinstance(cell, bytes | dict):
            raise DataError(
                f"needs text. Got {type(cell).__name__}.",
                "Check the modality of this column.",
                reason="not_text",
            )
        if self._takes_raw:
            return str(cell)
        return clean_text(str(cell), self.lowercase)

    def decode_key(self) -> dict[str, Any]:
        return {**super().decode_key(), "lowercase": self.lowercase}

    def fit(self, decoded: Iterable[str]) -> None:
        texts = list(decoded)
        self.tokenizer.fit(texts)
        if self.limit is None:
            longest = max((len(self.tokenizer.encode(text)) for text in texts), default=1)
            self.limit = min(max(1, longest), self.tokenizer.max_length)

    def look(self, decoded: Iterable[str]) -> None:
        if self._takes_raw:
            self._unknown = self.tokenizer.unknown_share(decoded)

    def notes(self) -> list[str]:
        if not self._unknown:
            return []
        return [
            f"{self._unknown:.1%} of the tokens are unknown to the tokenizer of the imported "
            "encoder. It was trained on other texts, perhaps of another language."
        ]

    def augment(self, decoded: str, rng: np.random.Generator) -> str:
        if not self.word_dropout or self._takes_raw:
            return decoded
        hidden = rng.random(len(split_words(decoded))) < self.word_dropout
        return replace_words(decoded, hidden.tolist(), HIDDEN_WORD)

    def encode(self, decoded: str) -> np.ndarray:
        """Returns int32 (time,); a text without any token is one unknown."""
        if self._takes_raw:
            return np.array(self.tokenizer.encode_within(decoded, self.limit), np.int32)
        return np.array(self.tokenizer.encode(decoded)[: self.limit] or [_UNKNOWN_ID], np.int32)

    def length(self, decoded: str) -> int:
        if self._takes_raw and self.limit is not None:
            return len(self.tokenizer.encode_within(decoded, self.limit))
        count = max(1, len(self.tokenizer.encode(decoded)))
        if self.limit is None:
            return count
        return min(count, self.limit)

    def truncated(self, decoded: str) -> bool:
        return self.limit is not None and len(self.tokenizer.encode(decoded)) > self.limit

    def state(self) -> dict[str, Any]:
        return {**self.tokenizer.state(), "max_length": self.limit}

    def restore(self, state: dict[str, Any]) -> None:
        self.tokenizer.restore(state)
        limit = Fields(state).whole_or_none("max_length", 1, 1_000_000)
        if self._takes_raw and self.limit is not None and limit is not None:
            limit = min(limit, self.limit)  # what a recipe asks for, up to what the encoder reads
        self.limit = limit
