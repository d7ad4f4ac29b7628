"""Chooses what to say about a scene, or to ask, and the answer: slots for a language's patterns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from polymodal.scenes.language import Group
from polymodal.scenes.shapes import SHAPES
from polymodal.scenes.world import COLOURS, NEW_COLOURS, RELATIONS, Scene, Thing, holds


class Saying(NamedTuple):
    """What is said or asked: its kind, the values of the slots and, for questions, the answer."""

    kind: str
    slots: Mapping
    answer: str = ""


def statement(scene: Scene, rng: np.random.Generator) -> Saying:
    """Returns something true about the scene, its kind drawn evenly among those that apply."""
    return _draw(scene, rng, _STATEMENTS)


def question(scene: Scene, rng: np.random.Generator) -> Saying:
    """Returns a question whose answer the scene gives without doubt."""
    return _draw(scene, rng, _QUESTIONS)


def topics() -> tuple[str, ...]:
    """Returns the kinds of statement."""
    return tuple(_STATEMENTS)


def _draw(scene: Scene, rng: np.random.Generator, makers: Mapping[str, Callable]) -> Saying:
    kinds = list(makers)
    while True:  # presence and existence always apply, so this ends
        kind = kinds[int(rng.integers(len(kinds)))]
        made = makers[kind](scene, rng)
        if made is not None:
            return Saying(kind, *made)


def _pick(options, rng: np.random.Generator):
    options = list(options)
    if options:
        return options[int(rng.integers(len(options)))]
    return None


def _yes(condition: bool) -> str:
    if condition:
        return "yes"
    return "no"


def _alone(scene: Scene, attribute: str) -> list[Thing]:
    """The objects whose shape (colour) no other object has."""
    values = [getattr(thing, attribute) for thing in scene.things]
    return [t for t, v in zip(scene.things, values, strict=True) if values.count(v) == 1]


def _absent_pair(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    """A colour and a shape that both occur, if possible, but not in one object."""
    shown = {(t.colour, t.shape) for t in scene.things}
    near = sorted({(c, s) for c, _ in shown for _, s in shown} - shown - NEW_COLOURS)
    every = sorted({(c, s) for c in COLOURS for s in SHAPES} - shown - NEW_COLOURS)
    pairs = near or every
    return pairs[int(rng.integers(len(pairs)))]


# --- Statements ---------------------------------------------------------------------------------


def _one(scene, rng):
    return ({"a": _pick(scene.things, rng)},)


def _two(scene, rng):
    first, second = rng.permutation(len(scene.things))[:2]
    return ({"a": scene.things[first], "b": scene.things[second]},)


def _related(scene, rng):
    true = [
        (a, r, b)
        for i, a in enumerate(scene.things)
        for j, b in enumerate(scene.things)
        for r in RELATIONS
        if i != j and holds(r, a, b, i > j)
    ]
    chosen = _pick(true, rng)
    return chosen and (dict(zip(("a", "relation", "b"), chosen, strict=True)),)


def _counted(scene, rng):
    group = _group(scene, rng, int(rng.integers(1, 4)))
    return group and ({"group": group, "number": group.count(scene.things)},)


def _coloured(scene, rng):
    thing = _pick(_alone(scene, "shape"), rng)
    return thing and ({"shape": thing.shape, "colour": thing.colour},)


def _missing(scene, rng):
    colour, shape = _absent_pair(scene, rng)
    return ({"colour": colour, "shape": shape},)


# --- Questions ----------------------------------------------------------------------------------


def _present(scene, rng):
    if rng.random() < 0.5:
        return {"a": _pick(scene.things, rng)}, "yes"
    colour, shape = _absent_pair(scene, rng)
    template = scene.things[int(rng.integers(len(scene.things)))]
    return {"a": Thing(shape, colour, template.size, template.pattern, 0, 0, 0, 0)}, "no"


def _which_colour(scene, rng):
    thing = _pick(_alone(scene, "shape"), rng)
    return thing and ({"shape": thing.shape}, thing.colour)


def _which_shape(scene, rng):
    thing = _pick(_alone(scene, "colour"), rng)
    return thing and ({"colour": thing.colour}, thing.shape)


def _how_many(scene, rng):
    group = _group(scene, rng, int(rng.integers(0, 4)))
    return group and ({"group": group}, str(group.count(scene.things)))


def _is_related(scene, rng):
    """Both objects must be known by colour and shape; yes and no are equally likely."""
    wanted = rng.random() < 0.5
    relation = RELATIONS[int(rng.integers(len(RELATIONS)))]
    names = [(t.colour, t.shape) for t in scene.things]
    fitting = [
        (a, b)
        for i, a in enumerate(scene.things)
        for j, b in enumerate(scene.things)
        if i != j
        and names.count(names[i]) == names.count(names[j]) == 1
        and holds(relation, a, b, i > j) == wanted
    ]
    chosen = _pick(fitting, rng)
    return chosen and ({"a": chosen[0], "b": chosen[1], "relation": relation}, _yes(wanted))


def _is_more(scene, rng):
    wanted = rng.random() < 0.5
    table = _groups()
    pairs = [
        (a, b)
        for kind in ("shape", "colour")
        for a in table[kind]
        for b in table[kind]
        if a != b
        and a.count(scene.things) + b.count(scene.things) > 0
        and (a.count(scene.things) > b.count(scene.things)) == wanted
    ]
    first, second = pairs[int(rng.integers(len(pairs)))]
    return {"group": first, "other": second}, _yes(wanted)


def _groups() -> dict[str, list[Group]]:
    return {"shape": [Group(shape=s) for s in SHAPES], "colour": [Group(colour=c) for c in COLOURS]}


def _group(scene: Scene, rng: np.random.Generator, number: int) -> Group | None:
    """A group with that many members; now and then all objects, whatever their number."""
    if rng.random() < 0.15:
        return Group()
    every = [group for groups in _groups().values() for group in groups]
    return _pick([group for group in every if group.count(scene.things) == number], rng)


_STATEMENTS = {
    "one": _one,
    "two": _two,
    "relation": _related,
    "count": _counted,
    "colour": _coloured,
    "absent": _missing,
}
_QUESTIONS = {
    "presence": _present,
    "colour": _which_colour,
    "shape": _which_shape,
    "count": _how_many,
    "relation": _is_related,
    "comparison": _is_more,
}
