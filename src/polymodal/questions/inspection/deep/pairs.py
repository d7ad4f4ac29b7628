"""Wrong pairs: columns of a row that do not belong together, by what the other rows show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
from sklearn.isotonic import IsotonicRegression

from polymodal.questions.inspection.deep.kernel import held_out
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.finding import Finding
from polymodal.tables.kinds import MEDIA

_DIMS = 64  # main directions of the column that is predicted
_SHUFFLES = 40
_TELLS = 0.75  # how often the right partner must fit better than a wrong one
_SURE = 0.5
_BINS = 30
_MOST_SHARE = 0.3  # of wrong pairs that is believed
_FEWEST = 100


def wrong_pairs(sampled: Sampled) -> Iterator[Finding]:
    """Finds rows whose image, sound and text do not belong together."""
    look = sampled.look
    names = [name for name in sampled.inputs if look.kind(name) in (*MEDIA, "text")]
    if look.target is not None and look.kind(look.target) == "text":
        names.append(look.target)
    best: dict[frozenset[str], np.ndarray] = {}
    for source, goal in permutations(names, 2):
        if "text" in (look.kind(source), look.kind(goal)) or look.kind(source) != look.kind(goal):
            chance = _mismatch(sampled, source, goal)
            if chance is not None:
                pair = frozenset((source, goal))
                best[pair] = np.maximum(best.get(pair, np.zeros(len(chance))), chance)
    for pair, chance in best.items():
        odd = np.flatnonzero(chance > _SURE)
        if len(odd):
            columns = tuple(name for name in names if name in pair)
            yield look.finding(
                "wrong pair", columns, sampled.rows[odd],
                f"{{rows}} do not fit together as the other rows do{sampled.of_all}.",
                "A wrong pair teaches the model the opposite of what holds.",
                "Look at these rows, and correct or remove those that are wrong.",
                notes={int(sampled.rows[one]): f"{chance[one]:.0%} sure" for one in odd})


def _mismatch(sampled: Sampled, source: str, goal: str) -> np.ndarray | None:
    """Returns the chance of each row to be a wrong pair; None where pairs cannot be told."""
    alike, targets = sampled.kernel(source), _main(sampled.blocks(goal))
    if alike is None or targets is None or len(targets) < _FEWEST:
        return None
    guess = held_out(alike, targets)
    own = _fit(guess, targets)
    random = np.random.default_rng(0)
    wrong = np.stack([_fit(guess, targets[random.permutation(len(targets))])
                      for _ in range(_SHUFFLES)])
    if (own > wrong).mean() < _TELLS:
        return None
    return local_chance(own, wrong.reshape(-1))


def local_chance(own: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Returns the chance of each score to be that of a wrong pair.

    The scores of wrong pairs are known, since rows can be shuffled. Their share among the rows is
    the largest that the low scores allow.

    Args:
        own: (rows,) scores of the pairs as they are.
        wrong: (n,) scores of shuffled pairs.

    Source: local false discovery rates, Efron, "Large-scale inference" (2010), the null known.
    """
    edges = np.quantile(wrong, np.linspace(0, 1, _BINS + 1))
    edges[0], edges[-1] = -np.inf, np.inf
    places = np.clip(np.searchsorted(edges, own, side="right") - 1, 0, _BINS - 1)
    counts = np.bincount(places, minlength=_BINS) / len(own)  # of wrong pairs, 1 / bins in each
    low = np.cumsum(counts) / (np.arange(1, _BINS + 1) / _BINS)
    share = float(np.clip(low[_BINS // 4:].min(), 0, _MOST_SHARE))
    rising = IsotonicRegression().fit_transform(np.arange(_BINS), counts)  # with the fit of pairs
    return np.minimum(1, share / _BINS / np.maximum(rising, 1e-9))[places]


def _fit(guess: np.ndarray, targets: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(guess, axis=1) * np.linalg.norm(targets, axis=1)
    return (guess * targets).sum(axis=1) / np.maximum(norms, 1e-9)


def _main(blocks: list[np.ndarray] | None) -> np.ndarray | None:
    """Returns (rows, dim), the main directions of blocks of features, each block counting alike."""
    if blocks is None:
        return None
    parts = []
    for block in blocks:
        values = block - block.mean(axis=0)
        parts.append(values / max(float(np.linalg.norm(values)), 1e-9) * np.sqrt(len(values)))
    joint = np.concatenate(parts, axis=1).astype(np.float64)
    left, size, _ = np.linalg.svd(joint, full_matrices=False)
    kept = min(_DIMS, int((size > 1e-6 * size[0]).sum()))
    return left[:, :kept] * np.sqrt(size[:kept])
