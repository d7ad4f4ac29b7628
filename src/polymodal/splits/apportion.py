"""Dividing rows and groups among parts with given sizes and class shares."""

from __future__ import annotations

import numpy as np

NO_PART = -1


def assign_strata(strata: np.ndarray, shares: list[float], rng: np.random.Generator) -> np.ndarray:
    """Returns (rows,) int, the part of each row, with the shares kept inside every stratum.

    The remainder of a stratum is carried over to the next, so that the sizes of the parts are right
    within a few rows. A class too rare for all parts goes to the first.

    Args:
        strata: (rows,) int; -1 for rows of no stratum.
        shares: share of each part; they add up to 1.
        rng: generator that shuffles.
    """
    parts = np.full(len(strata), NO_PART, np.int16)
    carry = np.zeros(len(shares))
    order = rng.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    cuts = np.flatnonzero(np.diff(strata[order])) + 1
    for rows in sorted(np.split(order, cuts), key=len):  # rare ones first, the rest balances them
        if not len(rows):
            continue
        wanted = len(rows) * np.asarray(shares) + carry
        counts = _whole(wanted, len(rows))
        if counts[0] == 0 and strata[rows[0]] != NO_PART:
            counts[np.argmax(counts)] -= 1
            counts[0] = 1
        carry = wanted - counts
        parts[rows] = np.repeat(np.arange(len(shares)), counts)
    return _without_empty(parts, len(shares))


def assign_groups(
    groups: np.ndarray, strata: np.ndarray, shares: list[float], rng: np.random.Generator
) -> np.ndarray:
    """Returns (rows,) int, the part of each row, with every group in one part only.

    Groups come largest first among those too large for the smallest part, then in random order;
    each goes where sizes and classes come closest to the request.

    Args:
        groups: (rows,) int from 0.
        strata: (rows,) int; -1 for rows of no stratum.
        shares: share of each part; they add up to 1.
        rng: generator that shuffles.
    """
    table = _group_table(groups, strata)  # (groups, 1 + strata): rows, and rows by stratum
    sizes = table[:, 0]
    wanted = np.outer(shares, table.sum(axis=0))  # (parts, 1 + strata)
    weight = 1 / np.maximum(wanted, 1e-9)
    weight[:, 0] *= max(table.shape[1] - 1, 1)  # the size counts as much as all classes together
    order = rng.permutation(len(sizes))
    large = sizes[order] > wanted[:, 0].min()
    order = np.concatenate(
        [order[large][np.argsort(-sizes[order[large]], kind="stable")], order[~large]]
    )
    chosen = np.full(len(sizes), NO_PART, np.int64)
    missing = wanted.copy()  # what each part still needs
    for group in order:
        # How much nearer to what is wanted (chi-squared) a part comes if it takes the group.
        gain = ((2 * missing * table[group] - table[group] ** 2) * weight).sum(axis=1)
        part = int(np.argmax(gain))
        chosen[group] = part
        missing[part] -= table[group]
    return _fill_empty(chosen, sizes, len(shares))[groups].astype(np.int16)


def _group_table(groups: np.ndarray, strata: np.ndarray) -> np.ndarray:
    num_groups, num_strata = int(groups.max()) + 1, int(strata.max()) + 1
    table = np.zeros((num_groups, 1 + num_strata))
    table[:, 0] = np.bincount(groups, minlength=num_groups)
    known = strata >= 0
    np.add.at(table, (groups[known], 1 + strata[known]), 1)
    return table


def _whole(wanted: np.ndarray, total: int) -> np.ndarray:
    """Returns whole numbers near `wanted`, none below 0, that add up to `total`."""
    counts = np.floor(np.maximum(wanted, 0)).astype(int)
    while counts.sum() < total:
        counts[np.argmax(wanted - counts)] += 1
    while counts.sum() > total:
        counts[np.argmin(np.where(counts > 0, wanted - counts, np.inf))] -= 1
    return counts


def _without_empty(parts: np.ndarray, num_parts: int) -> np.ndarray:
    """Moves a row to a part that is empty, from one with rows to spare."""
    for part in range(num_parts):
        counts = np.bincount(parts, minlength=num_parts)
        if counts[part] == 0 and counts.max() > 1:
            parts[np.flatnonzero(parts == counts.argmax())[-1]] = part
    return parts


def _fill_empty(chosen: np.ndarray, sizes: np.ndarray, num_parts: int) -> np.ndarray:
    """Moves the smallest group of the part with most groups to a part that is empty."""
    for part in range(num_parts):
        counts = np.bincount(chosen, minlength=num_parts)
        if counts[part] == 0 and counts.max() > 1:
            inside = np.flatnonzero(chosen == counts.argmax())
            chosen[inside[np.argmin(sizes[inside])]] = part
    return chosen
