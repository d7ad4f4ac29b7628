"""TF-IDF of words, of pairs of words, and of pieces of words: its vocabulary is plain text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields

__all__ = ["NGrams"]

_WORD = re.compile(r"(?u)\b\w+\b")
_SPACES = re.compile(r"\s\s+")
_PIECES = (2, 4)  # characters of a piece of a word, at least and at most
_KINDS = ("words", "pieces")


class NGrams:
    """TF-IDF of the n-grams of a text, those of each kind of length one.

    Source: scikit-learn's `TfidfVectorizer` with `sublinear_tf`, for words and pairs of words and
    for `char_wb` pieces of 2 to 4 characters, whose numbers these are; here the vocabulary is
    plain text.

    Args:
        most: int, n-grams of each kind at most, the most frequent of train.

    Example:

    >>> ngrams = NGrams()
    >>> ngrams.fit(["good", "bad"])
    >>> ngrams.names("words"), ngrams.vector("good")[:2].tolist()
    (['bad', 'good'], [0.0, 1.0])
    """

    def __init__(self, most: int = 20_000):
        self._most = most
        self._index: dict[str, dict[str, int]] = {kind: {} for kind in _KINDS}
        self.idf = np.zeros(0)

    @property
    def width(self) -> int:
        """How many n-grams are known."""
        return sum(len(index) for index in self._index.values())

    def names(self, kind: str) -> list[str]:
        """Returns the n-grams of a kind, "words" or "pieces", in the order of a vector."""
        return list(self._index[kind])

    def fit(self, texts: Sequence[str]) -> None:
        """Learns which n-grams there are, and how many texts have each."""
        parts = []
        for kind in _KINDS:
            rows, frequency = Counter(), Counter()
            for text in texts:
                found = Counter(_grams(kind, text))
                frequency.update(found)
                rows.update(found.keys())
            kept = sorted(sorted(frequency), key=lambda gram: -frequency[gram])[: self._most]
            self._index[kind] = {gram: place for place, gram in enumerate(sorted(kept))}
            counts = np.array([rows[gram] for gram in self._index[kind]], np.float64)
            parts.append(np.log((1 + len(texts)) / (1 + counts)) + 1)
        self.idf = np.concatenate(parts)

    def entries(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the places of a text's n-grams and their values."""
        places, values, start = [], [], 0
        for kind in _KINDS:
            index = self._index[kind]
            found = Counter(index[gram] for gram in _grams(kind, text) if gram in index)
            here = np.array(sorted(found), np.int64) + start
            counts = np.array([found[place] for place in sorted(found)], np.float64)
            weights = (1 + np.log(counts)) * self.idf[here] if len(here) else counts
            places.append(here)
            values.append(weights / (np.linalg.norm(weights) or 1.0))
            start += len(index)
        return np.concatenate(places), np.concatenate(values)

    def vector(self, text: str) -> np.ndarray:
        """Returns the values of all n-grams for a text, (width,)."""
        found = np.zeros(self.width)
        places, values = self.entries(text)
        found[places] = values
        return found

    def matrix(self, texts: Sequence[str | None]) -> Any:
        """Returns a sparse matrix (texts, width); a row of zeros for None."""
        from scipy.sparse import csr_matrix

        empty = (np.zeros(0, np.int64), np.zeros(0))
        each = [empty if text is None else self.entries(text) for text in texts]
        starts = np.cumsum([0, *(len(places) for places, _ in each)])
        places, values = (
            np.concatenate([one[side] for one in each]) if each else np.zeros(0) for side in (0, 1)
        )
        return csr_matrix((values, places, starts), shape=(len(texts), self.width))

    def state(self) -> dict[str, Any]:
        """Returns the vocabulary."""
        return {kind: self.names(kind) for kind in _KINDS}

    def restore(self, state: Mapping[str, Any], idf: np.ndarray) -> None:
        """Takes what `state` returned, and `idf`.

        Raises:
            BundleError: they do not belong together.
        """
        fields = Fields(state)
        for kind in _KINDS:
            self._index[kind] = {gram: place for place, gram in enumerate(fields.texts(kind))}
        if idf.shape != (self.width,):
            raise BundleError(
                f"needs {self.width} inverse frequencies. Got {idf.shape}. Copy the "
                "whole bundle again."
            )
        self.idf = idf


def _grams(kind: str, text: str) -> Iterable[str]:
    """Yields the n-grams of a text."""
    text = text.lower()
    if kind == "words":
        words = _WORD.findall(text)
        yield from words
        yield from (f"{one} {other}" for one, other in pairwise(words))
        return
    for word in _SPACES.sub(" ", text).split():
        padded = f" {word} "
        for size in range(_PIECES[0], _PIECES[1] + 1):
            yield padded[:size]
            if len(padded) <= size:
                break  # a short word counts once
            yield from (padded[start : start + size] for start in range(1, len(padded) - size + 1))
