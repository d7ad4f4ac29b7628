"""Words, pieces of words and pairs of words in one bag of ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from zlib import crc32

from polymodal.core.fields import Fields
from polymodal.text.words import split_words

__all__ = ["NgramTokenizer"]

_LENGTHS = (3, 4, 5)  # characters of a piece; "<" and ">" mark the ends of a word
_LONGEST_WORD = 40  # characters of a word that are cut into pieces
_REMEMBERED = 50_000  # words whose ids are kept, so that each is cut only once


class NgramTokenizer:
    """Words, character n-grams inside words and pairs of words, for the `bag` encoder.

    Words of the train split have ids of their own. Pieces and pairs share `buckets` ids by a hash
    that is the same on every machine. The order of ids carries no meaning.

    Args:
        max_vocabulary: int, words with an id of their own at most.
        min_count: int, words seen less often in train are unknown; their pieces remain.
        buckets: int, ids for pieces and pairs.

    Source: Joulin et al. (2017), https://arxiv.org/abs/1607.01759; Bojanowski et al. (2017),
    https://arxiv.org/abs/1607.04606; with CRC-32 instead of FNV-1a.
    """

    max_length = 4096

    def __init__(self, max_vocabulary: int = 20_000, min_count: int = 2, buckets: int = 50_000):
        self.max_vocabulary, self.min_count, self.buckets = max_vocabulary, min_count, buckets
        self._words: dict[str, int] = {}
        self._known: dict[str, list[int]] = {}

    @property
    def vocabulary_size(self) -> int:
        """Number of ids: padding, unknown, words, buckets."""
        return 2 + len(self._words) + self.buckets

    def fit(self, texts: Iterable[str]) -> None:
        """Learns the words of cleaned texts."""
        counts = Counter(word for text in texts for word in split_words(text))
        frequent = [word for word, count in counts.items() if count >= self.min_count]
        ranked = sorted(frequent, key=lambda word: (-counts[word], word))
        self._set(ranked[: max(0, self.max_vocabulary - 2)])

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a cleaned text."""
        words = split_words(text)
        ids = [i for word in words for i in self._ids(word)]
        ids.extend(self._bucket(f"{first} {second}") for first, second in pairwise(words))
        return ids

    def state(self) -> dict[str, Any]:
        """Returns the words in the order of their ids."""
        return {"words": list(self._words), "buckets": self.buckets}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        fields = Fields(state)
        self.buckets = fields.whole("buckets", 1, 10_000_000)
        self._set(fields.texts("words"))

    def _set(self, words: list[str]) -> None:
        self._words = {word: 2 + index for index, word in enumerate(words)}
        self._known = {}

    def _ids(self, word: str) -> list[int]:
        ids = self._known.get(word)
        if ids is None:
            marked = f"<{word[:_LONGEST_WORD]}>"
            ids = [self._words.get(word, 1)]
            ids += [
                self._bucket(marked[start : start + length])
                for length in _LENGTHS
                for start in range(len(marked) - length + 1)
            ]
            if len(self._known) < _REMEMBERED:
                self._known[word] = ids
        return ids

    def _bucket(self, piece: str) -> int:
        return 2 + len(self._words) + crc32(piece.encode("utf-8")) % self.buckets
