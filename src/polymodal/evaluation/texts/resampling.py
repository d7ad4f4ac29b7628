"""Bootstrap of scores that are functions of sums over items: rates, corpus BLEU, means.

Each item is counted once; a resample then sums whole items, or whole groups of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.evaluation.groups import MIN_GROUPS
from polymodal.evaluation.resampling.bounds import bounds
from polymodal.evaluation.resampling.draws import counts

__all__ = ["check_texts", "sum_intervals"]


def sum_intervals(
    items: np.ndarray,
    scores: Callable[[np.ndarray], dict[str, np.ndarray]],
    groups: Sequence[Any] | None = None,
    seed: int = 0,
    num_samples: int = 1000,
    level: float = 0.95,
) -> dict[str, list[float]]:
    """Returns the percentile bootstrap interval of every score, of rates of 0 as `bounds` says.

    Args:
        items: (n, k), each item's part of each sum.
        scores: function of sums (samples, k) to {metric: (samples,)}; nan where undefined.
        groups: n values; items of equal value, such as a speaker's, are resampled together.
        seed: int, key of the resamples. Equal seeds give equal resamples, for any score.
        num_samples: int, number of resamples.
        level: float in (0, 1), share of resamples inside the interval.

    Returns:
        {metric: [low, high]}; empty if there is only one item, or fewer groups
        than `groups.MIN_GROUPS`.
    """
    if groups is not None:
        place = np.unique(np.array([str(group) for group in groups]), return_inverse=True)[1]
        items = np.stack([np.bincount(place, weights=column) for column in items.T], axis=1)
    if len(items) < (2 if groups is None else MIN_GROUPS):
        return {}
    blocks = counts(np.arange(len(items)), num_samples, seed)
    sums = np.concatenate([times.T @ items for times in blocks])  # (samples, k)
    return bounds(scores(sums), len(items), level)


def check_texts(
    who: str,
    references: Sequence[Any],
    hypotheses: Sequence[Any],
    groups: Sequence[Any] | None = None,
) -> None:
    """Refuses unequal lengths, no rows, and hypotheses that are not texts.

    Raises:
        DataError: with the row, where it is one row's fault.
    """
    sizes = {len(references), len(hypotheses)} | (set() if groups is None else {len(groups)})
    if len(sizes) > 1 or not len(references):
        also = "" if groups is None else f" and {len(groups)} groups"
        raise DataError(
            f"{who} needs one hypothesis for each reference, and at least one. Got "
            f"{len(references)} references, {len(hypotheses)} hypotheses{also}.",
            "Pass the same rows on both sides.",
            reason="unequal_rows",
        )
    for row, text in enumerate(hypotheses, start=1):
        if not isinstance(text, str):
            raise DataError(
                f"{who} needs texts as hypotheses. Got {type(text).__name__}.",
                'Write "" for an empty prediction.',
                row=row,
                reason="no_text",
            )
