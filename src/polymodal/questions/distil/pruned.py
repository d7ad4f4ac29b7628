"""Structured pruning: the most important units of a model as the start of a narrower one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

__all__ = ["pruned"]

_NORMS = ("scale", "shift", "gamma", "beta", "moving_mean", "moving_variance")
_HEADS = (8, 4, 2)  # equal parts of which each keeps as many units, so that heads stay whole

Pair = tuple[int, int]  # the length of an axis before and after


def pruned(
    teacher: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, np.ndarray]:
    """Returns weights of a narrower model of the same kind, which are parts of those of a wider.

    Axes that get equally long are cut alike everywhere, so that the units that one layer gives are
    those that the next one reads; gates of recurrent layers and features that were flattened are
    cut block by block. A unit counts by the mean size of all weights at it, each variable as much.

    Args:
        teacher: {name: array} of the wider model.
        shapes: {name: shape} of the narrower one.

    Returns:
        {name: array}, of the variables that both have with as many axes.

    Source: magnitudes of whole channels, Li et al., "Pruning filters for efficient ConvNets", 2017,
    section 3.1; channels of coupled layers together, Fang et al., "DepGraph", 2023, here by length.

    Example:

    >>> wide = {"a.kernel": np.array([[1., 9.], [2., 8.]]), "a.bias": np.array([0., 1.])}
    >>> pruned(wide, {"a.kernel": (2, 1), "a.bias": (1,)})
    {'a.kernel': array([[9.],
           [8.]]), 'a.bias': array([1.])}
    """
    both = {
        name: shape
        for name, shape in shapes.items()
        if name in teacher
        and len(shape) == teacher[name].ndim
        and all(wide >= narrow for wide, narrow in zip(teacher[name].shape, shape, strict=True))
    }
    bases = _bases(teacher, both)
    kept = {
        base: _most_important(base, score)
        for base, score in _importance(teacher, both, bases).items()
    }
    found = {}
    for name, shape in both.items():
        array = teacher[name]
        for axis, pair in enumerate(zip(array.shape, shape, strict=True)):
            if pair[0] != pair[1]:
                array = np.take(array, _places(pair, bases[pair], kept), axis=axis)
        found[name] = np.ascontiguousarray(array)
    return found


def _axes(
    teacher: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, int, Pair]]:
    """Yields variable, axis and lengths of each axis that gets shorter."""
    for name, shape in shapes.items():
        for axis, pair in enumerate(zip(teacher[name].shape, shape, strict=True)):
            if pair[0] != pair[1]:
                yield name, axis, pair


def _bases(
    teacher: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]
) -> dict[Pair, Pair]:
    """Returns for each pair of lengths the pair whose units are chosen: itself, or that of which
    it is a multiple, as gates and flattened features are.

    What is normalised has units of its own. Other axes follow such units, else any shorter axis.
    """
    pairs = sorted({pair for _, _, pair in _axes(teacher, shapes)})
    units = {pair for name, _, pair in _axes(teacher, shapes) if name.rsplit(".", 1)[-1] in _NORMS}
    found: dict[Pair, Pair] = {}
    for pair in pairs:  # the shorter ones first
        parts = [
            one
            for one in pairs
            if one[0] < pair[0] and pair[0] % one[0] == 0 and pair[0] // one[0] * one[1] == pair[1]
        ]
        known = [one for one in parts if one in units] or parts
        found[pair] = pair if pair in units or not known else found[max(known)]
    return found


def _importance(
    teacher: Mapping[str, np.ndarray],
    shapes: Mapping[str, tuple[int, ...]],
    bases: Mapping[Pair, Pair],
) -> dict[Pair, np.ndarray]:
    """Returns how much each unit of a base weighs, (units,)."""
    scores: dict[Pair, np.ndarray] = defaultdict(lambda: np.zeros(1))
    for name, axis, pair in _axes(teacher, shapes):
        if name.rsplit(".", 1)[-1].startswith("moving_"):
            continue  # says how large activations are, not how much they matter
        array = np.abs(np.asarray(teacher[name], np.float64))
        others = tuple(one for one in range(array.ndim) if one != axis)
        base = bases[pair]
        each = array.mean(axis=others).reshape(-1, base[0]).mean(axis=0)
        scores[base] = scores[base] + each / max(float(each.mean()), 1e-12)
    return dict(scores)


def _most_important(base: Pair, score: np.ndarray) -> np.ndarray:
    """Returns the units that are kept, ascending, as many of each of some equal parts."""
    wide, narrow = base
    score = np.broadcast_to(score, (wide,))
    parts = next((one for one in _HEADS if wide % one == 0 and narrow % one == 0), 1)
    places = np.arange(wide).reshape(parts, -1)
    best = np.argsort(-score.reshape(parts, -1), axis=1, kind="stable")[:, : narrow // parts]
    return np.sort(np.take_along_axis(places, best, axis=1).ravel())


def _places(pair: Pair, base: Pair, kept: Mapping[Pair, np.ndarray]) -> np.ndarray:
    starts = np.arange(pair[0] // base[0]) * base[0]
    return (starts[:, None] + kept[base]).ravel()
