"""N-gram language models, scored step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from polymodal.text.words import is_unspaced

__all__ = [
    "END",
    "FILE",
    "SPACE",
    "START",
    "UNITS",
    "UNKNOWN",
    "NGram",
    "check_unit",
    "split_units",
]

START, END, UNKNOWN, SPACE = "<s>", "</s>", "<unk>", "<space>"
UNITS = ("word", "character")
FILE = "language.json"  # of a bundle, which holds the model of train's transcripts
_NO_UNKNOWN = -10.0  # log10 for unknown words where a file has no entry for them

_MOST_ORDER = 32  # largest order of a file; each prefix is kept as a context


class NGram:
    """Gives the probability of a word after the words before it, backing off where unseen.

    A state is the context that still matters, so equal states have equal futures.

    Args:
        table: mapping, tuple of words -> (log10 probability, log10 back-off weight).
        unit: str, "word" or "character": what the tuples are made of. A space is `SPACE`. Among
            words, each character of a script without spaces is one.

    Raises:
        ValueError: there is no such unit, or the table is empty.

    Example:

    >>> model = NGram({("a",): (-0.5, 0.0), ("b",): (-0.5, -0.2), ("b", "a"): (-0.1, 0.0)})
    >>> model.order, model.score(("b",), "a"), model.score(("b",), "b")
    (2, (-0.1, ()), (-0.7, ('b',)))
    """

    def __init__(self, table: Mapping[tuple[str, ...], tuple[float, float]], unit: str = "word"):
        self.unit = check_unit("NGram", unit)
        if not table:
            raise ValueError("NGram needs at least one word. Got an empty table. Train it on text.")
        self.table = table
        self.order = max(map(len, table))
        self._contexts = {gram[:length] for gram in table for length in range(1, len(gram))}
        self._contexts.update(gram for gram, (_, backoff) in table.items() if backoff != 0)

    def start(self) -> tuple[str, ...]:
        """Returns the state before the first word."""
        return self._state((START,))

    def score(self, state: tuple[str, ...], word: str) -> tuple[float, tuple[str, ...]]:
        """Returns the log10 probability of a word and the state after it."""
        if (word,) not in self.table:
            word = UNKNOWN
        log10, context = 0.0, state
        while (found := self.table.get((*context, word))) is None:
            if not context:
                return log10 + _NO_UNKNOWN, ()
            log10 += self.table.get(context, (0.0, 0.0))[1]
            context = context[1:]
        return log10 + found[0], self._state((*state, word))

    def finish(self, state: tuple[str, ...]) -> float:
        """Returns the log10 probability that the text ends here."""
        return self.score(state, END)[0]

    def score_text(self, text: str) -> float:
        """Returns the log10 probability of a whole text, its end included."""
        total, state = 0.0, self.start()
        for word in split_units(text, self.unit):
            log10, state = self.score(state, word)
            total += log10
        return total + self.finish(state)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        return {
            "unit": self.unit,
            "ngrams": [[" ".join(gram), *numbers] for gram, numbers in sorted(self.table.items())],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> NGram:
        """Returns what `to_json` described.

        Raises:
            ValueError, TypeError, KeyError: it is no such description.
        """
        table = {
            tuple(gram.split(" ")): (float(log10), float(backoff))
            for gram, log10, backoff in state["ngrams"]
        }
        if not all(math.isfinite(number) for pair in table.values() for number in pair):
            raise ValueError("NGram needs finite logarithms. Got others. Train it again.")
        if max(map(len, table), default=0) > _MOST_ORDER:
            raise ValueError(
                f"NGram needs an order of at most {_MOST_ORDER}. Got more. Train it again."
            )
        return cls(table, check_unit("NGram", state["unit"]))

    def _state(self, words: tuple[str, ...]) -> tuple[str, ...]:
        words = words[max(0, len(words) - self.order + 1) :]
        while words and words not in self._contexts:
            words = words[1:]
        return words


def check_unit(who: str, unit: str) -> str:
    """Returns the unit, or raises a ValueError where there is no such unit."""
    if unit not in UNITS:
        raise ValueError(
            f'{who} needs unit to be "word" or "character". Got {unit!r}. '
            "Characters suit languages that are written without spaces."
        )
    return unit


def split_units(text: str, unit: str) -> list[str]:
    """Returns the words or characters of a text; what looks like a mark of the model is unknown.

    Among words, each character of a script that is written without spaces is one.

    Example:

    >>> split_units("an  owl", "word"), split_units("an owl", "character")
    (['an', 'owl'], ['a', 'n', '<space>', 'o', 'w', 'l'])
    >>> split_units("a 红色T恤", "word")
    ['a', '红', '色', 'T', '恤']
    """
    words = text.split()
    if unit == "character":
        return [SPACE if letter == " " else letter for letter in " ".join(words)]
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> Iterator[str]:
    if word in (START, END):
        yield UNKNOWN
    elif word.isascii():
        yield word
    else:
        for alone, letters in groupby(word, is_unspaced):
            run = "".join(letters)
            yield from run if alone else [run]
