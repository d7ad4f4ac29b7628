"""Scenes as facts: three to five objects with shape, colour, size, pattern, place and depth."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from polymodal.data.scenes.shapes import SHAPES

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
SIZES = {"small": (0.115, 0.135), "large": (0.165, 0.19)}  # radius as a share of the picture
PATTERNS = ("plain", "striped", "dotted")
MAX_OBJECTS = 5
_SHARES = (0.7, 0.15, 0.15)  # of the patterns

# One shape for each colour: these pairs are in no picture of train or val, and in every of test.
HELD_OUT = frozenset(zip(COLOURS, ("heart", "star", "cross", "circle", "triangle", "square"),
                         strict=True))


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
    def held_out(self) -> bool:
        """True when this colour and shape never occur together in train."""
        return (self.colour, self.shape) in HELD_OUT


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


def scene(rng: np.random.Generator, test: bool, distinct: bool = False) -> Scene:
    """Draws a scene.

    Args:
        rng: numpy Generator.
        test: bool, True: at least one pair of colour and shape is one that train never shows.
        distinct: bool, True: no colour occurs twice.
    """
    count = int(rng.integers(3, MAX_OBJECTS + 1))
    colours = rng.permutation(6)[:count] if distinct else rng.integers(6, size=count)
    shapes = rng.integers(6, size=count)
    things = []
    for index, (x, y, size, radius) in enumerate(_places(rng, count)):
        colour = COLOURS[colours[index]]
        shape = SHAPES[shapes[index]]
        if test and index == 0:
            shape = next(s for c, s in HELD_OUT if c == colour)
        while not test and (colour, shape) in HELD_OUT:
            shape = SHAPES[rng.integers(6)]
        pattern = PATTERNS[rng.choice(3, p=_SHARES)]
        turn = float(rng.uniform(-0.3, 0.3))
        things.append(Thing(shape, colour, size, pattern, x, y, radius, turn))
    order = rng.permutation(count)
    return Scene(tuple(things[i] for i in order), int(rng.integers(1 << 31)))


def _places(rng: np.random.Generator, count: int) -> list[tuple[float, float, str, float]]:
    """Returns centres and sizes such that neighbours may overlap but none is hidden."""
    while True:
        placed: list[tuple[float, float, str, float]] = []
        for _ in range(60):
            size = "large" if rng.random() < 0.5 else "small"
            radius = float(rng.uniform(*SIZES[size]))
            x, y = (float(v) for v in rng.uniform(radius, 1 - radius, 2))
            near = any(math.hypot(x - a, y - b) < 0.75 * (radius + r) for a, b, _, r in placed)
            if not near:
                placed.append((x, y, size, radius))
            if len(placed) == count:
                return placed
