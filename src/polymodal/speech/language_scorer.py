"""A language model as a part of the score of a beam search."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from polymodal.speech.ngram import SPACE, NGram

__all__ = ["LanguageScorer"]

_MAX_ROWS = 10_000  # states remembered; a long run meets ever new ones
State = tuple[tuple[str, ...], str]  # of the model, letters of the word that is not over


class LanguageScorer:
    """Adds the weighted log-probability of each word when it ends, or of each character at once.

    Args:
        model: NGram.
        symbols: sequence of str, the text of each id; a space separates words, blank is "".
        weight: float, what natural logarithms of the model's probabilities are multiplied by.
        word_bonus: float, added for each word, or each character with a model of characters;
            without it a language model favours short texts.

    Source: Graves and Jaitly 2014, "Towards end-to-end speech recognition with recurrent neural
    networks", section 4, with a bonus for words as Hannun et al. 2014.

    Example:

    >>> model = NGram({("a",): (-0.1, 0.0), ("b",): (-0.9, 0.0), ("</s>",): (-0.5, 0.0)})
    >>> scorer = LanguageScorer(model, ["a", "b", " ", ""], weight=1.0)
    >>> round(float(scorer.scores(scorer.advance(scorer.start(), 1))[2]), 2)
    -2.07
    """

    name = "language"

    def __init__(self, model: NGram, symbols: Sequence[str], weight: float = 0.5,
                 word_bonus: float = 0.0):
        self.model, self.symbols = model, list(symbols)
        self.weight, self.word_bonus = weight, word_bonus
        self._scale = weight * math.log(10)
        self._by_letter = model.unit == "character"
        # A word that is not over costs nothing yet, and before " x" it ends as before " ".
        starts = [not self._by_letter and text.startswith(" ") and " " not in text[1:]
                  for text in self.symbols]
        self._starts = np.flatnonzero(starts)
        self._others = [symbol for symbol, text in enumerate(self.symbols)
                        if not starts[symbol] and (self._by_letter or " " in text)]
        self._rows: dict[State, np.ndarray] = {}

    def start(self) -> State:
        return self.model.start(), ""

    def scores(self, state: State) -> np.ndarray:
        row = self._rows.get(state)
        if row is None:
            row = np.zeros(len(self.symbols))
            row[self._starts] = self._read(state, " ")[0]
            for symbol in self._others:
                row[symbol] = self._read(state, self.symbols[symbol])[0]
            if len(self._rows) >= _MAX_ROWS:
                self._rows.clear()
            self._rows[state] = row
        return row

    def advance(self, state: State, symbol: int) -> State:
        return self._read(state, self.symbols[symbol])[1]

    def finish(self, state: State) -> float:
        ended, (context, _) = self._read(state, "" if self._by_letter else " ")
        return ended + self._scale * self.model.finish(context)

    def _read(self, state: State, text: str) -> tuple[float, State]:
        added, (context, partial) = 0.0, state
        for letter in text:
            if self._by_letter:
                word = SPACE if letter == " " else letter
            elif letter == " ":
                word, partial = partial, ""
            else:
                word, partial = "", partial + letter
            if word:
                log10, context = self.model.score(context, word)
                added += self._scale * log10 + self.word_bonus
        return added, (context, partial)
