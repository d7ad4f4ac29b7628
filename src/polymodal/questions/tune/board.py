"""The leaderboard: every candidate with its score and what it costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polymodal.core.disk.files import write_atomic, write_json
from polymodal.questions.tune.scored import Result
from polymodal.questions.tune.space import INFERRED

__all__ = ["Entry", "described", "is_inferred", "table", "write_board"]

_COLUMNS = (
    "trial",
    "state",
    "score",
    "deviation",
    "seconds",
    "parameters",
    "megabytes",
    "row_milliseconds",
    "ahead",
    "choices",
)
_HEADS = ("trial", "score", "±", "seconds", "parameters", "MB", "ms/row", "ahead", "choices")


@dataclass(frozen=True)
class Entry:
    """One candidate.

    Args:
        trial: int, its number, as in the name of its folder.
        choices: {name: value}.
        state: str, "finished", "stopped early", "failed" or why it was skipped.
        result: Result, or None where it was not finished.
        ahead: float, share of resamples in which it is better than the inferred recipe, or None.
    """

    trial: int
    choices: Mapping[str, Any]
    state: str
    result: Result | None = None
    ahead: float | None = None

    @property
    def score(self) -> float:
        """The score on the validation rows; nan where it was not finished."""
        if self.result is None:
            return float("nan")
        return self.result.score

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        found: dict[str, Any] = {
            "trial": self.trial,
            "state": self.state,
            "choices": dict(self.choices),
        }
        if self.result is not None:
            one = self.result
            found |= {
                "score": one.score,
                "deviation": one.deviation,
                "seconds": one.seconds,
                "parameters": one.parameters,
                "megabytes": one.megabytes,
                "row_milliseconds": one.row_milliseconds,
                "ahead": self.ahead,
            }
        return found


def described(choices: Mapping[str, Any]) -> str:
    """Returns the choices that differ from the inferred recipe.

    Example:

    >>> described({"fusion": "concat", "dim": "inferred", "rate": 1.0})
    'fusion concat'
    """
    words = [
        f"{name} {value:.2g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in _changed(choices).items()
    ]
    return ", ".join(words) or "the inferred recipe"


def is_inferred(choices: Mapping[str, Any]) -> bool:
    """Returns whether choices are those of the inferred recipe, of which there are some."""
    return bool(choices) and not _changed(choices)


def _changed(choices: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in choices.items()
        if value != INFERRED and (name, value) != ("rate", 1.0)
    }


def table(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Returns the rows of the leaderboard as texts, heads first."""
    return [_HEADS, *(_line(entry) for entry in entries)]


def _line(entry: Entry) -> tuple[str, ...]:
    one = entry.result
    if one is None:
        return (
            str(entry.trial),
            "-",
            "",
            "",
            "",
            "",
            "",
            "",
            f"{described(entry.choices)} ({entry.state})",
        )
    ahead = "" if entry.ahead is None else f"{entry.ahead:.0%}"
    return (
        str(entry.trial),
        f"{one.score:.4f}",
        f"{one.deviation:.4f}",
        f"{one.seconds:.0f}",
        f"{one.parameters:,}",
        f"{one.megabytes:.2f}",
        f"{one.row_milliseconds:.2f}",
        ahead,
        described(entry.choices),
    )


def write_board(folder: Path, entries: Sequence[Entry], summary: Mapping[str, Any]) -> None:
    """Writes `leaderboard.csv` and `leaderboard.json`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for entry in entries:
        one = entry.to_json()
        numbers = [one.get(name) for name in _COLUMNS[1:-1]]
        writer.writerow([entry.trial, *numbers, described(entry.choices)])
    write_atomic(folder / "leaderboard.csv", buffer.getvalue())
    write_json(
        folder / "leaderboard.json",
        {**summary, "candidates": [entry.to_json() for entry in entries]},
    )
