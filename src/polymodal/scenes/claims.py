"""Parses English sentences about scenes, and decides which of their claims are true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import permutations

from polymodal.scenes.english import ENGLISH
from polymodal.scenes.language import Group
from polymodal.scenes.world import Scene, Thing, holds

__all__ = ["judge"]


def judge(scene: Scene, sentence: str) -> list[tuple[str, bool]]:
    """Returns (kind, whether it is true) of each claim that a caption makes about a scene.

    Args:
        scene: Scene.
        sentence: str, in the words and patterns of the English captions.

    Returns:
        list of ("object" | "colour" | "relation" | "count" | "absence", bool): an object claims
        that something with its shape, colour, size and pattern is there. A sentence of no known
        pattern is [("sentence", False)].

    Example:

    >>> ball = Thing("circle", "red", "small", "plain", 0.2, 0.5, 0.1, 0)
    >>> box = Thing("square", "blue", "large", "striped", 0.8, 0.5, 0.2, 0)
    >>> judge(Scene((ball, box), 0), "a red disc is left of a blue box")
    [('object', True), ('object', True), ('relation', True)]
    >>> judge(Scene((ball, box), 0), "there is a striped red circle")
    [('object', False)]
    """
    words = re.sub(r"\ban\b", "a", sentence.lower().rstrip(" ."))
    for kind, pattern in _patterns():
        found = pattern.fullmatch(words)
        if found:
            return list(_claims(scene, kind, found.groupdict()))
    return [("sentence", False)]


def _claims(scene: Scene, kind: str, said: dict[str, str]) -> Iterator[tuple[str, bool]]:
    things = {name: _like(said[name], scene) for name in ("a", "b") if name in said}
    if "b" in things and not _distinct(things["a"], things["b"]):
        things["b"] = []  # one thing cannot be both
    for found in things.values():
        yield "object", bool(found)
    if "relation" in said:
        name = _meaning(ENGLISH.relations, said["relation"])
        order = scene.things
        yield (
            "relation",
            any(
                holds(name, a, b, order.index(a) > order.index(b))
                for a, b in permutations(order, 2)
                if a in things["a"] and b in things["b"]
            ),
        )
    if "number" in said:
        number = ENGLISH.numbers.index(said["number"])
        yield "count", _group(said["group"]).count(scene.things) == number
    elif "colour" in said:
        same = [t for t in scene.things if t.shape == _shape(said["shape"])]
        has = any(t.colour == said["colour"] for t in same)
        yield ("absence", not has) if kind == "absent" else ("colour", has)


def _like(text: str, scene: Scene) -> list[Thing]:
    """Returns the things of a scene that a noun with its adjectives fits."""
    *adjectives, shape = text.split()
    found = [t for t in scene.things if t.shape == _shape(shape)]
    for word in adjectives:
        if word in ENGLISH.colours:
            found = [t for t in found if t.colour == word]
        elif any(word in words for words in ENGLISH.sizes.values()):
            found = [t for t in found if t.size == _meaning(ENGLISH.sizes, word)]
        else:
            found = [t for t in found if t.pattern == _meaning(ENGLISH.patterns, word)]
    return found


def _distinct(first: list[Thing], second: list[Thing]) -> bool:
    return any(a is not b for a in first for b in second)


def _group(text: str) -> Group:
    *colour, noun = text.split()
    shape = None if noun in ENGLISH.generic else _shape(noun)
    return Group(shape=shape, colour=colour[0] if colour else None)


def _shape(word: str) -> str:
    return next(
        shape for shape, pairs in ENGLISH.shapes.items() if any(word in pair for pair in pairs)
    )


def _meaning(table, word: str) -> str:
    return next(name for name, words in table.items() if word in words)


@cache
def _patterns() -> list[tuple[str, re.Pattern]]:
    one_of = lambda words: "|".join(sorted(words, key=len, reverse=True))
    flat = lambda table: [word for words in table.values() for word in words]
    shapes = [pair for pairs in ENGLISH.shapes.values() for pair in pairs]
    colour, noun = one_of(ENGLISH.colours), one_of([one for one, _ in shapes])
    thing = (
        f"(?:(?:{one_of(flat(ENGLISH.sizes))}) )?(?:(?:{one_of(flat(ENGLISH.patterns))}) )?"
        f"(?:{colour}) (?:{noun})"
    )
    every = one_of([word for pair in (*shapes, ENGLISH.generic) for word in pair])
    slots = {
        "relation": one_of(flat(ENGLISH.relations)),
        "number": one_of(ENGLISH.numbers),
        "group": f"(?:(?:{colour}) )?(?:{every})",
        "are": "is|are",
        "shape": noun,
        "colour": colour,
    }
    found = []
    for kind, texts in ENGLISH.captions.items():
        for text in texts:
            text = re.sub(r"\{([ab])\}", lambda m: f"a (?P<{m[1]}>{thing})", text)
            text = re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{slots[m[1]]})", text)
            found.append((kind, re.compile(text)))
    return found
