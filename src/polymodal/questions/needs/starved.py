"""Which class or slice still gains most from more rows, and what a missing input would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.printed.counting import counted
from polymodal.questions.needs.score import Scored

__all__ = ["filled", "starved"]

_CLEAR = 2.0  # standard errors over seeds, by which a part has to gain more than all rows
_FEWEST = 10  # scored rows of a part, over all seeds


def starved(
    found: Sequence[Sequence[Scored]], sizes: Sequence[int], column: str, values: Sequence[Any]
) -> list[str]:
    """Returns a sentence on the value of a column whose rows gained most from the last rows that
    were added, if it is clearly more than all rows gained.

    Args:
        found: trainings by seed and size.
        sizes: rows of each.
        column: str, the target or a column to slice by.
        values: its cell in each scored row.
    """
    before = max(0, int(np.searchsorted(sizes, sizes[-1] / 2)) - 1)
    gains: dict[Any, list[float]] = {}
    for seed in found:
        early, late = (_by_value(seed[place], values) for place in (before, -1))
        overall = _mean(early) - _mean(late)
        for value in early.keys() & late.keys():
            gain = float(np.mean(early[value]) - np.mean(late[value]))
            gains.setdefault(value, []).append(gain - overall)
    counts = {
        value: sum(len(_by_value(seed[-1], values).get(value, ())) for seed in found)
        for value in gains
    }
    clear = {
        value: float(np.mean(more))
        for value, more in gains.items()
        if len(more) > 1
        and counts[value] >= _FEWEST
        and np.mean(more) > _CLEAR * np.std(more, ddof=1) / len(more) ** 0.5
    }
    if not clear:
        return []
    worst = max(clear, key=lambda value: clear[value])
    rows = sum(value == worst for value in values)
    return [
        f'Most starved: {column} "{worst}" ({counted(rows, "row")}). Its error fell by '
        f"{clear[worst]:.3f} more than that of all rows when training grew from "
        f"{sizes[before]:,} to {sizes[-1]:,} rows, so rows of it bring most."
    ]


def filled(gains: Mapping[str, tuple[float, float]], doubled: float | None) -> list[str]:
    """Returns a sentence for each input that rows lack: what filling it would bring.

    Args:
        gains: {input: (share of rows without it, mean gain of a row that has it)}.
        doubled: float, what twice the rows would bring, or None where there is no answer.
    """
    said = []
    for name, (share, gain) in gains.items():
        whole = share * gain
        text = (
            f"{name} is missing in {share:.0%} of rows. Filling it would lower the mean error "
            f"by about {max(0.0, whole):.3f}"
        )
        if doubled is not None:
            word = "more" if whole > doubled else "less"
            text += f", {word} than twice the rows ({max(0.0, doubled):.3f})"
        said.append(f"{text}.")
    return said


def _by_value(one: Scored, values: Sequence[Any]) -> dict[Any, list[float]]:
    found: dict[Any, list[float]] = {}
    for row, error in zip(one.rows, one.errors, strict=True):
        value = values[int(row)]
        if value is not None and not isinstance(value, list | dict):
            found.setdefault(value, []).append(float(error))
    return found


def _mean(parts: Mapping[Any, list[float]]) -> float:
    everything = [error for errors in parts.values() for error in errors]
    if everything:
        return float(np.mean(everything))
    return 0.0
