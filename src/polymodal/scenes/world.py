"""Scenes as facts: three to five objects with shape, colour, size, pattern, place and depth."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from polymodal.scenes.shapes import SHAPES

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
SIZES = {"small": (0.125, 0.145), "large": (0.17, 0.2)}  # radius as a share of the picture
PATTERNS = ("plain", "striped", "dotted")
_SHARES = (0.7, 0.15, 0.15)  # of the patterns
_FRONT = (0.26, 0.32)  # radius of an object put in front
_COUNTS = (0.4, 0.35, 0.25)  # shares of pictures with three, four and five objects

# Pairs that train and val never show: one shape for each colour, one pattern for each shape.
NEW_COLOURS = frozenset(
    zip(COLOURS, ("heart", "star", "cross", "circle", "triangle", "square"), strict=True)
)
NEW_PATTERNS = frozenset(zip(("striped", "dotted") * 3, SHAPES, strict=True))


@dataclass(frozen=True)
class Thing:
    """One object. Lengths are shares of the picture's width; y grows downwards."""

    shape: str
    colour: str
    size: str
    pattern: str
    x: float
    y: float
    radius: float
    turn: float

    @property
    def novelty(self) -> str:
        """Gives "new colour" or "new pattern" when train never shows this shape so, else "seen"."""
        if (self.colour, self.shape) in NEW_COLOURS:
            return "new colour"
        if (self.pattern, self.shape) in NEW_PATTERNS:
            return "new pattern"
        return "seen"


@dataclass(frozen=True)
class Scene:
    """Objects from back to front, and the seed of everything that is not a fact."""

    things: tuple[Thing, ...]
    background: int

    def facts(self) -> dict:
        """Returns plain values for JSON: the objects, back to front, and their relations."""
        return {
            "objects": [asdict(thing) for thing in self.things],
            "relations": [
                {"subject": i, "relation": name, "object": j}
                for i, a in enumerate(self.things)
                for j, b in enumerate(self.things)
                if i != j
                for name in RELATIONS
                if holds(name, a, b, i > j)
            ],
        }


RELATIONS = ("left", "right", "above", "below", "front")
_CLEAR = 0.12  # a distance in x or y below this is not called left, right, above or below


def holds(relation: str, a: Thing, b: Thing, nearer: bool) -> bool:
    """Returns whether `a` is left of (right of, above, below, in front of) `b`.

    Args:
        relation: str, one of `RELATIONS`.
        a, b: Thing.
        nearer: bool, True when `a` is drawn after `b`.
    """
    if relation == "front":
        return nearer and math.hypot(a.x - b.x, a.y - b.y) < 0.9 * (a.radius + b.radius)
    distance = {"left": b.x - a.x, "right": a.x - b.x, "above": b.y - a.y, "below": a.y - b.y}
    return distance[relation] > _CLEAR


def scene(rng: np.random.Generator, test: bool) -> Scene:
    """Draws a scene.

    Args:
        rng: numpy Generator.
        test: bool, True: at least one object is of a kind that train never shows, others may be.
    """
    count = int(rng.choice((3, 4, 5), p=_COUNTS))
    things = []
    for index, (x, y, size, radius) in enumerate(_places(rng, count)):
        new = test and index == 0
        while True:
            shape, colour = SHAPES[int(rng.integers(6))], COLOURS[int(rng.integers(6))]
            turn = float(rng.uniform(-0.3, 0.3))
            thing = Thing(shape, colour, size, _pattern(rng), x, y, radius, turn)
            if (test and not new) or new == (thing.novelty != "seen"):
                break
        things.append(thing)
    order = rng.permutation(count)
    return Scene(tuple(things[i] for i in order), int(rng.integers(1 << 31)))


def in_front(base: Scene, shape: str, colour: str, new: bool, rng: np.random.Generator) -> Scene:
    """Returns a scene whose nearest object is very large and has this shape and colour.

    Args:
        base: Scene.
        shape, colour: str, of the nearest object, whose place is drawn anew.
        new: bool, whether its pattern is one that train never shows on this shape.
        rng: numpy Generator.
    """
    look = _pattern(rng)
    while ((look, shape) in NEW_PATTERNS) != new:
        look = _pattern(rng)
    radius = float(rng.uniform(*_FRONT))
    x, y = (float(v) for v in rng.uniform(radius, 1 - radius, 2))
    turn = float(rng.uniform(-0.3, 0.3))
    thing = Thing(shape, colour, "large", look, x, y, radius, turn)
    return Scene((*base.things[:-1], thing), base.background)


def _pattern(rng: np.random.Generator) -> str:
    """Returns one of `PATTERNS`; plain is the most frequent."""
    return PATTERNS[rng.choice(3, p=_SHARES)]


def _places(rng: np.random.Generator, count: int) -> list[tuple[float, float, str, float]]:
    """Returns centres and sizes such that neighbours may overlap but none is hidden."""
    while True:
        placed: list[tuple[float, float, str, float]] = []
        for _ in range(60):
            size = "small"
            if rng.random() < 0.5:
                size = "large"
            radius = float(rng.uniform(*SIZES[size]))
            x, y = (float(v) for v in rng.uniform(radius, 1 - radius, 2))
            near = any(math.hypot(x - a, y - b) < 0.8 * (radius + r) for a, b, _, r in placed)
            if not near:
                placed.append((x, y, size, radius))
            if len(placed) == count:
                return placed
