"""Words and sentence patterns of a language, and how slots become words.

A pattern is a string of words with slots, separated by spaces also where the language writes none,
so that every word can be looked up among the recorded clips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polymodal.scenes.world import Thing


@dataclass(frozen=True)
class Group:
    """Objects that are counted together: those of a shape, those of a colour, or all."""

    shape: str | None = None
    colour: str | None = None

    def count(self, things: Sequence[Thing]) -> int:
        """Returns how many of `things` belong to the group."""
        return sum(
            (self.shape in (None, t.shape)) and (self.colour in (None, t.colour)) for t in things
        )


@dataclass(frozen=True)
class Language:
    """The vocabulary and the patterns of one language. Values are tuples of synonyms.

    Args:
        code: str, "en" or "zh".
        joiner: str, separator of words in writing.
        shapes: {shape: synonyms}, each synonym a pair (singular, plural).
        colours, sizes, patterns, relations: {fact: synonyms}.
        numbers: words for 0 to 5.
        generic: pair, "shape" and "shapes".
        one, the: words before an object that is mentioned first, or that is known.
        captions, questions: {kind: patterns}; the last pattern of each kind is for test only.
    """

    code: str
    joiner: str
    shapes: Mapping[str, tuple[tuple[str, str], ...]]
    colours: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[str, ...]]
    relations: Mapping[str, tuple[str, ...]]
    numbers: tuple[str, ...]
    generic: tuple[str, str]
    one: str
    the: str
    captions: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, tuple[str, ...]]

    def say(self, pattern: str, slots: Mapping, rng: np.random.Generator) -> list[str]:
        """Returns the words of a pattern whose slots are filled.

        Args:
            pattern: str such as "{a} is {relation} {b}".
            slots: values by slot name: Thing for `a`, `b`; Group for `group`, `other`; int for
                `number`; names of facts for `shape`, `colour` and `relation`.
            rng: numpy Generator, chooses among synonyms.
        """
        text = re.sub(r"\{(\w+)\}", lambda m: self._slot(m[1], slots, rng), pattern)
        words = text.split()
        if self.code == "en":
            return [
                "an" if word == "a" and after[0] in "aeiou" else word
                for word, after in zip(words, [*words[1:], "."], strict=True)
            ]
        return words

    def write(self, words: Sequence[str]) -> str:
        """Returns words as a written sentence."""
        return self.joiner.join(words)

    def vocabulary(self) -> list[str]:
        """Returns every word that a sentence can hold, sorted."""
        words = {w for text in self._texts() for w in re.sub(r"\{\w+\}", " ", text).split()}
        return sorted(words | ({"an"} if self.code == "en" else set()))

    def _texts(self) -> Iterator[str]:
        for pairs in self.shapes.values():
            yield from (word for pair in pairs for word in pair)
        for table in (
            self.colours,
            self.sizes,
            self.patterns,
            self.relations,
            self.captions,
            self.questions,
        ):
            yield from (text for texts in table.values() for text in texts)
        yield from (*self.numbers, *self.generic, self.one, self.the, *_ARE[self.code])

    def _slot(self, name: str, slots: Mapping, rng: np.random.Generator) -> str:
        if name.startswith("the_"):
            return f"{self.the} {self._noun(slots[name[4:]], rng)}"
        value = slots["number" if name == "are" else name]
        if name == "are":
            return _ARE[self.code][value != 1]
        if isinstance(value, Thing):
            return f"{self.one} {self._noun(value, rng)}"
        if isinstance(value, Group):
            return self._group(value, slots.get("number", 2), rng)
        if name == "number":
            return self.numbers[value]
        if name == "shape":
            return _pick(self.shapes[value], rng)[0]
        return _pick({"colour": self.colours, "relation": self.relations}[name][value], rng)

    def _noun(self, thing: Thing, rng: np.random.Generator) -> str:
        """Colour and shape always, size and pattern now and then."""
        parts = []
        if rng.random() < 0.3:
            parts.append(_pick(self.sizes[thing.size], rng))
        if thing.pattern in self.patterns and rng.random() < 0.5:
            parts.append(_pick(self.patterns[thing.pattern], rng))
        parts += [_pick(self.colours[thing.colour], rng), _pick(self.shapes[thing.shape], rng)[0]]
        return " ".join(parts)

    def _group(self, group: Group, number: int, rng: np.random.Generator) -> str:
        if group.shape:
            pair = _pick(self.shapes[group.shape], rng)
        else:
            pair = self.generic
        noun = pair[number != 1]
        if group.colour:
            return f"{_pick(self.colours[group.colour], rng)} {noun}"
        return noun


_ARE = {"en": ("is", "are"), "zh": ("是", "是")}


def choose(patterns: Sequence[str], test: bool, rng: np.random.Generator) -> tuple[str, bool]:
    """Returns a pattern and whether it is the one kept for test, which half of test gets."""
    if test and rng.random() < 0.5:
        return patterns[-1], True
    return _pick(patterns[:-1], rng), False


def _pick(options: Sequence, rng: np.random.Generator):
    return options[int(rng.integers(len(options)))]
