"""Wrong pairs: columns of a row that do not belong together, by what the other rows show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from sklearn.isotonic import IsotonicRegression

from polymodal.questions.inspection.deep.kernel import best_ridge, held_out
from polymodal.questions.inspection.deep.named import named
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.finding import Finding
from polymodal.tables.kinds import MEDIA

_DIMS = 64  # main directions of the column that is predicted
_GAINED = 0.99  # variance left of a direction, above which it is not predicted
_TELL, _TOLD = 0.8, 0.05  # share of rows whose own partner is in the best so many
_MOST_SHARE = 0.3  # of wrong pairs that is believed
_NEAR = 0.1  # rank below which a pair may be right
_EDGES = np.array([0, 0.01, 0.02, 0.03, 0.045, 0.065, _NEAR, 1])  # of ranks
_TELLING = 0.5  # of shuffled pairs, that must be seen to be wrong
_STRAY = 0.005  # of the rows, between right and wrong ranks
_MARGIN = 2.0  # of twice the logarithm of likelihoods, for partners that are hardly different
FEWEST = 60  # rows


def wrong_pairs(sampled: Sampled) -> Iterator[Finding]:
    """Finds rows whose image, sound and text do not belong together."""
    look = sampled.look
    names = [name for name in sampled.inputs if look.kind(name) in (*MEDIA, "text")]
    if look.target is not None and look.kind(look.target) == "text":
        names.append(look.target)
    for one, other in combinations(names, 2):
        if frozenset((one, other)) in sampled.judged:
            continue  # by an imported pair
        there = np.flatnonzero(sampled.there(one) & sampled.there(other))
        forth, back = (_ranks(sampled, *way, there) for way in ((one, other), (other, one)))
        found = [ranks for ranks in (forth, None if back is None else back.T) if ranks is not None]
        if found:
            yield from odd_pairs(sampled, (one, other), there, np.mean(found, axis=0))


def odd_pairs(
    sampled: Sampled,
    columns: tuple[str, str],
    there: np.ndarray,
    ranked: np.ndarray,
    way: str = "as the other rows do",
) -> Iterator[Finding]:
    """Finds the rows whose own partners rank like those of other rows.

    Args:
        sampled: Sampled.
        columns: names of both.
        there: (rows,) int, the rows of `sampled` that have both.
        ranked: (rows, partners) 0..1, the share of other partners that fit a row better than each.
        way: str, by what rows do not fit together, as a clause.
    """
    ranks = np.diag(ranked)
    chance = wrong_chance(ranks, ranked.reshape(-1))
    odd = named(chance)
    rows = sampled.rows[there[odd]]
    if len(odd):
        yield sampled.look.finding(
            "wrong pair",
            columns,
            rows,
            f"{{rows}} do not fit together {way}{sampled.of_all}.",
            "A wrong pair teaches the model the opposite of what holds.",
            "Look at each such row, and correct or remove it if it is wrong.",
            notes={
                int(row): f"{ranks[one]:.0%} of the other rows fit better ({chance[one]:.0%} sure)"
                for row, one in zip(rows, odd, strict=True)
            },
        )


def _ranks(sampled: Sampled, source: str, goal: str, there: np.ndarray) -> np.ndarray | None:
    """Returns (rows, partners), the share of other partners that fit a row better than each; None
    where partners cannot be told apart."""
    if len(there) < FEWEST:
        return None
    alike, blocks = sampled.kernel_for(source, goal), sampled.blocks_for(goal, source)
    if alike is None or blocks is None:
        return None
    alike, targets = alike[np.ix_(there, there)], _main([block[there] for block in blocks])
    guess = held_out(alike, targets, ridge=best_ridge(alike, targets))
    ranks = better(fit(guess, targets))
    return ranks if tells(ranks) else None


def tells(ranks: np.ndarray) -> bool:
    """Returns whether ranks (rows, partners) tell most rows' own partners from others."""
    return bool(np.quantile(np.diag(ranks), _TELL) <= _TOLD)


def stands_apart(ranks: np.ndarray) -> bool:
    """Returns whether ranks (rows, partners) also show that most other partners are wrong."""
    return tells(ranks) and bool((ranks > _NEAR).mean() >= _TELLING)


def fit(guess: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns (rows, partners), how much likelier each partner is for a row than for any row.

    Each direction of the targets is normal around its prediction, and around 0 for any row.

    Args:
        guess: (rows, dim), held-out predictions.
        targets: (rows, dim), with means 0.
    """
    left, usual = ((guess - targets) ** 2).mean(axis=0), (targets**2).mean(axis=0)
    use = left < _GAINED * usual
    guess, targets, left, usual = guess[:, use], targets[:, use], left[use], usual[use]
    own = (targets**2 / usual).sum(axis=1)[None]
    return own - (
        (guess**2 / left).sum(axis=1)[:, None]
        + (targets**2 / left).sum(axis=1)[None]
        - 2 * (guess / left) @ targets.T
    )


def better(scores: np.ndarray) -> np.ndarray:
    """Returns (rows, partners), the share of partners that fit a row clearly better than this one.

    Args:
        scores: (rows, partners).
    """
    ordered = np.sort(scores, axis=1)
    found = np.empty(scores.shape, np.float32)
    for row, sorted_row in enumerate(ordered):
        found[row] = np.searchsorted(sorted_row, scores[row] + _MARGIN, side="right")
    return 1 - found / len(scores)


def wrong_chance(ranks: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Returns the chance of each pair to be wrong, 0 of all where the ranks of right pairs reach
    into those of wrong ones.

    The ranks of wrong pairs are known, since rows can be shuffled, and right pairs have ranks
    near 0; so the rows of other ranks tell how many are wrong.

    Args:
        ranks: (rows,) 0..1 of the pairs as they are.
        wrong: (n,) 0..1 of shuffled pairs.

    Source: local false discovery rates, Efron, "Large-scale inference" (2010), the null known.
    """
    far = max(float(np.median(wrong)), _NEAR)
    if (wrong > _NEAR).mean() < _TELLING:
        return np.zeros(len(ranks))
    share = (ranks > far).mean() / max(float((wrong > far).mean()), 1e-9)
    expected = share * ((wrong > _NEAR) & (wrong <= far)).mean() * len(ranks)
    between = ((ranks > _NEAR) & (ranks <= far)).sum()
    if between > expected + 2 * np.sqrt(expected) + max(_STRAY * len(ranks), 3):
        return np.zeros(len(ranks))
    share = (ranks > _NEAR).mean() / max(float((wrong > _NEAR).mean()), 1e-9)
    if share > _MOST_SHARE:
        return np.zeros(len(ranks))
    return _local(ranks, wrong, share)


def _local(ranks: np.ndarray, wrong: np.ndarray, share: float) -> np.ndarray:
    """Returns the share of wrong pairs among those of about the same rank."""
    own, null = (np.histogram(values, _EDGES)[0] / len(values) for values in (ranks, wrong))
    used = np.flatnonzero(null > 0)
    falling = IsotonicRegression(increasing=False).fit_transform(
        used, own[used] / null[used], sample_weight=null[used]
    )
    found = np.minimum(1, share / np.maximum(falling, 1e-9))
    chance = np.interp(np.arange(len(_EDGES) - 1), used, found)
    places = np.searchsorted(_EDGES, ranks, side="right") - 1
    return chance[np.clip(places, 0, len(chance) - 1)]


def _main(blocks: list[np.ndarray]) -> np.ndarray:
    """Returns (rows, dim), the main directions of blocks of features, each block counting alike."""
    parts = []
    for block in blocks:
        values = block - block.mean(axis=0)
        parts.append(values / max(float(np.linalg.norm(values)), 1e-9) * np.sqrt(len(values)))
    joint = np.concatenate(parts, axis=1).astype(np.float64)
    left, size, _ = np.linalg.svd(joint, full_matrices=False)
    kept = min(_DIMS, int((size > 1e-6 * size[0]).sum()))
    return left[:, :kept] * np.sqrt(size[:kept])
