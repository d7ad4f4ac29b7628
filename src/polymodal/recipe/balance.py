"""Whether a table's classes are skewed, so that accuracy says little about the rare ones."""

from __future__ import annotations

from collections import Counter
from typing import Any

from polymodal.core.advice import set_option
from polymodal.core.contracts.task import Task
from polymodal.profile.profile import Profile
from polymodal.tables.reading.labels import value_key

__all__ = ["SKEWED", "balanced_headline"]

SKEWED = 5  # times the rows of the rarest class that the most frequent one has
_LEAST = 2  # rows of a class, below which it may be a typing error
_FEWEST = 100  # rows of a table, below which shares of classes are chance
_MOST = 1_000  # different values of a column of classes


def balanced_headline(
    facts: Profile, task: Task, target: str, reasons: list[str]
) -> dict[str, str]:
    """Returns the setting that makes a balanced metric the headline where classes are skewed.

    Args:
        facts: Profile of the train table; of sequences where rows are grouped.
        task: Task.
        target: str, the column.
        reasons: list that takes a sentence on what was chosen.
    """
    if not task.balanced or not target:
        return {}
    counts: Counter[Any] = Counter()
    for cell in facts.table.values(target):
        for value in cell if isinstance(cell, list) else [cell]:
            if value is not None:
                counts[value_key(value)] += 1
        if len(counts) > _MOST:
            return {}
    often = [one for one in counts.most_common() if one[1] >= _LEAST]
    if counts.total() < _FEWEST or len(often) < 2 or often[0][1] < SKEWED * often[-1][1]:
        return {}
    (most, many), (least, few) = often[0], often[-1]
    back = set_option("task", "headline", value=task.headline)
    reasons.append(
        f'task.headline: {task.balanced}, because the classes are skewed ("{most}" has '
        f'{many:,} rows, "{least}" {few:,}): {task.headline} would hide how rare ones '
        f"do. To change it: {back}."
    )
    return {"headline": task.balanced}
