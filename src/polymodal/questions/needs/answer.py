"""What a learning curve says to a person: what more rows would bring, and for which goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.printed.counting import counted
from polymodal.evaluation.words import gap, interval_text, readable, value_text
from polymodal.questions.needs.extrapolate import LEVEL, Curve, Extrapolation

__all__ = ["Needs"]

TIMES = (2, 10)  # as many rows
_SURE = 0.8
_FARTHEST = 1000.0  # times the rows, beyond which no number is given


@dataclass
class Needs:
    """How much data a table needs.

    Args:
        metric: str, the headline of the task.
        curve: Curve of errors.
        best: float, best value of the metric, from which errors count; None where it is an error
            itself.
        num_rows: int, rows of the table, of which the largest training saw `curve.sizes[-1]`.
        model: str, what was trained.
        goal: float, score that is wanted, or None.
        starved: sentences on classes and slices.
        inputs: sentences on inputs that rows lack.
        seconds: float, that all trainings took.
    """

    metric: str
    curve: Curve
    best: float | None
    num_rows: int
    model: str
    goal: float | None = None
    starved: Sequence[str] = ()
    inputs: Sequence[str] = ()
    seconds: float = 0.0
    extrapolation: Extrapolation = field(init=False)

    def __post_init__(self) -> None:
        self.extrapolation = Extrapolation(self.curve)

    @property
    def no_answer(self) -> str:
        """Why there is no answer, or ""."""
        return self.extrapolation.no_answer

    def score(self, error: Any) -> Any:
        """Returns the score of an error."""
        if self.best is None:
            return error
        return self.best - error

    def at(self, times: float) -> tuple[float, list[float]]:
        """Returns the expected score and its interval with so many times the rows."""
        rows = times * self.curve.sizes[-1]
        ends = sorted(map(self.score, self.extrapolation.interval(rows)))
        return float(self.score(self.extrapolation.expected(rows))), [float(end) for end in ends]

    @property
    def now(self) -> tuple[float, list[float]]:
        """The measured score with all rows, and its interval."""
        last = self.curve.resampled()[:, -1]
        ends = sorted(self.score(np.quantile(last, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])))
        return float(self.score(self.curve.mean[-1])), [float(end) for end in ends]

    def for_goal(self) -> dict[str, Any]:
        """Returns rows of a table that would reach the goal with even chances and with 80 %, and
        the chances with as many rows as there are, twice and ten times as many."""
        if self.goal is None or self.no_answer:
            return {}
        error = self.goal if self.best is None else self.best - self.goal
        found = {
            f"{chance:.0%}": self._table_rows(self.extrapolation.rows_for(error, chance))
            for chance in (0.5, _SURE)
        }
        chances = {
            str(times): self.extrapolation.chance(error, times * self.curve.sizes[-1])
            for times in (1, *TIMES)
        }
        return {"goal": self.goal, "rows": found, "chance": chances}

    def _table_rows(self, trained: float | None) -> int | None:
        """Returns the rows of a whole table, of which as large a share is held out as now."""
        if trained is None:
            return None
        return int(float(f"{trained / self.curve.sizes[-1] * self.num_rows:.2g}"))

    def sentences(self) -> list[str]:
        """Returns the answer for a person."""
        value, ends = self.now
        said = [
            f"Now, with {self.num_rows:,} rows: {readable(self.metric)} "
            f"{value_text(self.metric, value)} ({self._interval(ends)}), by {self.model}."
        ]
        if self.no_answer:
            said.append(f"No answer beyond these rows. {self.no_answer}")
        else:
            said += [self._more(times) for times in TIMES]
            said += self._goal()
        return [*said, *self.starved, *self.inputs]

    def _more(self, times: int) -> str:
        value, ends = self.at(times)
        gained = (value - self.now[0]) * (1 if self.best is not None else -1)
        word = "better" if gained >= 0 else "worse"
        change = f"{gap(self.metric, gained)} {word}"
        if gap(self.metric, gained) == gap(self.metric, 0.0):
            change = "no change"
        return (
            f"With {times} times the rows ({times * self.num_rows:,}): about "
            f"{value_text(self.metric, value)} ({self._interval(ends)}), "
            f"{change}."
        )

    def _interval(self, ends: list[float]) -> str:
        return f"{LEVEL:.0%} interval {interval_text(self.metric, ends)}".replace("%", " %", 1)

    def _goal(self) -> list[str]:
        found = self.for_goal()
        if not found:
            return []
        goal = value_text(self.metric, self.goal)
        even, sure = found["rows"].values()
        if even is None:
            return [
                f"For {goal}: not reached with a thousand times the rows in most cases. Look "
                "for other inputs, cleaner labels or a better model."
            ]
        words = f"For {goal}: {counted(even, 'row')} with even chances"
        if sure is None:
            return [f"{words}; no number of rows makes it likely (80 %)."]
        return [f"{words}, {counted(sure, 'row')} with a chance of 80 %."]

    def to_json(self) -> dict[str, Any]:
        """Returns plain values: what was measured and what follows."""
        value, ends = self.now
        more = {}
        if not self.no_answer:
            for times in TIMES:
                expected, bounds = self.at(times)
                more[str(times)] = {
                    "rows": times * self.num_rows,
                    "score": expected,
                    "interval": bounds,
                }
        return {
            "metric": self.metric,
            "model": self.model,
            "rows": self.num_rows,
            "level": LEVEL,
            "no_answer": self.no_answer,
            "now": {"score": value, "interval": ends},
            "more": more,
            "goal": self.for_goal(),
            "curve": [
                {"rows": int(size), "score": float(self.score(error))}
                for size, error in zip(self.curve.sizes, self.curve.mean, strict=True)
            ],
            "families": {} if self.no_answer else self.extrapolation.shares,
            "starved": list(self.starved),
            "inputs": list(self.inputs),
            "seconds": round(self.seconds, 2),
        }
