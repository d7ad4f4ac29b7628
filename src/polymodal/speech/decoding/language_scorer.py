"""A language model as a scorer of a beam search."""

from __future__ import annotations

import math
from collections.abc import Sequence

from polymodal.speech.language.ngram import SPACE, UNKNOWN, NGram
from polymodal.text.words import is_unspaced

__all__ = ["LanguageScorer"]

_UNKNOWN = " "  # instead of the letters of a word that the model has not, and that is counted
State = tuple[tuple[str, ...], str]  # of the model, letters of the word that is not over


class LanguageScorer:
    """Adds the weighted log-probability of each word when it ends, or of each character at once.

    Among words, a character of a script without spaces is one, and ends the one before it. A prefix
    that no known word has is scored at once, so that non-words do not crowd out the others in a
    beam.

    Args:
        model: NGram.
        symbols: sequence of str, the text of each id; a space separates words, blank is "".
        weight: float, weight of the model's log-probability.
        word_bonus: float, added for each word, or each character with a model of characters;
            without it a language model favours short texts.

    Source: Graves and Jaitly 2014, "Towards end-to-end speech recognition with recurrent neural
    networks", section 4, with a bonus for words as Hannun et al. 2014.

    Example:

    >>> model = NGram({("a",): (-0.1, 0.0), ("b",): (-0.9, 0.0), ("</s>",): (-0.5, 0.0)})
    >>> scorer = LanguageScorer(model, ["a", "b", " ", ""], weight=1.0)
    >>> added, in_word = scorer.read(scorer.start(), 1)  # a word that is not over costs nothing
    >>> added, round(scorer.read(in_word, 2)[0], 2)
    (0.0, -2.07)
    """

    name = "language"

    def __init__(
        self, model: NGram, symbols: Sequence[str], weight: float = 0.5, word_bonus: float = 0.0
    ):
        self.model, self.symbols = model, list(symbols)
        self.weight, self.word_bonus = weight, word_bonus
        self._scale = weight * math.log(10)
        self._by_letter = model.unit == "character"
        if self._by_letter:
            words = []
        else:
            words = [gram[0] for gram in model.table if len(gram) == 1]
        self._beginnings = {word[:length] for word in words for length in range(1, len(word) + 1)}
        longer = any(len(word) > 1 and any(map(is_unspaced, word)) for word in words)
        # Letters that are words by themselves, unless the model has words of several of them.
        self._alone = {
            letter for text in self.symbols for letter in text if is_unspaced(letter) and not longer
        }

    def start(self) -> State:
        return self.model.start(), ""

    def read(self, state: State, symbol: int) -> tuple[float, State]:
        return self._read(state, self.symbols[symbol])

    def finish(self, state: State) -> float:
        ended, (context, _) = self._read(state, "" if self._by_letter else " ")
        return ended + self._scale * self.model.finish(context)

    def _read(self, state: State, text: str) -> tuple[float, State]:
        added, (context, partial) = 0.0, state
        for letter in text:
            words: tuple[str, ...] = ()
            if self._by_letter:
                words = (SPACE if letter == " " else letter,)
            elif letter == " " or letter in self._alone:
                words, partial = (partial, letter), ""
            elif partial != _UNKNOWN:
                partial += letter
                if partial not in self._beginnings:  # whatever follows, no known word
                    words, partial = (UNKNOWN,), _UNKNOWN
            for word in filter(str.strip, words):  # neither a space nor what is counted already
                log10, context = self.model.score(context, word)
                added += self._scale * log10 + self.word_bonus
        return added, (context, partial)
