"""Hot words: names and terms that a beam search favours."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["HotWords"]

_NONE = -1
# Places in the tree of phrases that what was read last may lead to; whether a word may start.
State = tuple[tuple[int, ...], bool]


class HotWords:
    """Raises the score while listed words are being spelt, and takes it back if they break off.

    A phrase of n letters adds a share of `boost` with each letter, all of it at the end. Upper and
    lower case are the same.

    Args:
        phrases: sequence of str, words or phrases with single spaces.
        symbols: sequence of str, the text of each id; a space separates words, blank is "".
        boost: float, natural logarithm that a whole phrase adds.
        whole_words: bool, whether phrases must start and end where words do; False for languages
            that are written without spaces.

    Raises:
        ValueError: a phrase is empty or has a letter that no symbol has.

    Source: Zhao et al. 2019, "Shallow-fusion end-to-end contextual biasing", section 3.1; what
    failed partial matches added is subtracted as there.

    Example:

    >>> hot = HotWords(["ab"], ["a", "b", " ", ""], boost=4.0)
    >>> lent, after_a = hot.read(hot.start(), 0)
    >>> lent, [hot.read(after_a, symbol)[0] for symbol in range(4)]
    (2.0, [-2.0, 2.0, -2.0, 0.0])
    """

    name = "hot_words"

    def __init__(
        self,
        phrases: Sequence[str],
        symbols: Sequence[str],
        boost: float = 5.0,
        whole_words: bool = True,
    ):
        self.boost, self.whole_words = boost, whole_words
        self.symbols = [text.lower() for text in symbols]
        self._children: list[dict[str, int]] = [{}]
        self._share, self._is_end = [0.0], [False]  # of the boost, by place
        letters = set("".join(self.symbols))
        for phrase in phrases:
            self._add(" ".join(phrase.lower().split()), letters)

    def _add(self, phrase: str, letters: set[str]) -> None:
        if not phrase or (strange := set(phrase) - letters):
            got = "an empty one"
            if phrase:
                got = f"{phrase!r} with {''.join(sorted(strange))!r}"
            raise ValueError(
                f"HotWords needs phrases spelt with the model's symbols. Got {got}. "
                "Spell it as a transcript would."
            )
        place = 0
        for count, letter in enumerate(phrase, 1):
            if letter not in self._children[place]:
                self._children[place][letter] = len(self._children)
                self._children.append({})
                self._share.append(0.0)
                self._is_end.append(False)
            place = self._children[place][letter]
            if self.whole_words or count < len(phrase):  # else the boost is given at once
                self._share[place] = max(self._share[place], count / len(phrase))
        self._is_end[place] = True

    def start(self) -> State:
        return (), True

    def read(self, state: State, symbol: int) -> tuple[float, State]:
        return self._read(state, self.symbols[symbol])

    def finish(self, state: State) -> float:
        added, (places, _) = self._read(state, " ") if self.whole_words else (0.0, state)
        return added - self._pending(places)

    def _read(self, state: State, text: str) -> tuple[float, State]:
        (places, at_start), added = state, 0.0
        for letter in text:
            before = self._pending(places)
            ended = self.whole_words and letter == " " and any(self._is_end[p] for p in places)
            moved = [
                self._children[p].get(letter, _NONE)
                for p in ((*places, 0) if at_start or not self.whole_words else places)
            ]
            places = tuple(sorted({p for p in moved if p != _NONE}))
            if not self.whole_words:
                ended = any(self._is_end[p] for p in places)
            added += self._pending(places) - before + self.boost * ended
            at_start = letter == " "
        return added, (places, at_start)

    def _pending(self, places: tuple[int, ...]) -> float:
        """Returns the boost of the longest partial match."""
        return self.boost * max((self._share[p] for p in places), default=0.0)
