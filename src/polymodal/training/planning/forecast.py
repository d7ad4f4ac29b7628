"""The forecast of a run's time, before its first epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from polymodal.core.printed.counting import counted
from polymodal.training.loop.rehearsal import Pace
from polymodal.training.steps.history import duration

FILE = "forecast.json"
_REPORT_SECONDS = 2.0  # scores with intervals, plots and pages, on two slow cores
_ROWS_SCORED_A_SECOND = 10_000  # resampled a thousand times for intervals
_SAVING = 1.05  # checkpoints may take a twentieth of the time


@dataclass(frozen=True)
class Forecast:
    """The expected time of a run.

    Args:
        parts: {name: seconds}, in the order in which they come.
        epochs: int, epochs still to be trained.
        at_most: bool, whether it may stop earlier.
    """

    parts: Mapping[str, float]
    epochs: int
    at_most: bool = False

    @property
    def seconds(self) -> float:
        """All parts together."""
        return sum(self.parts.values())

    def sentence(self) -> str:
        """Returns the forecast in a sentence.

        Example:

        >>> Forecast({"training": 80, "scoring and report": 10}, 41).sentence()
        'Expected time: 1 min 30 s (training 1 min 20 s, 41 epochs; scoring and report 10 s).'
        """
        shown = [f"{name} {duration(seconds)}" for name, seconds in self.parts.items()]
        shown[0] += f", {counted(self.epochs, 'epoch')}"
        start = "Expected time"
        if self.at_most:
            start = "Expected time, at most"
        return f"{start}: {duration(self.seconds)} ({'; '.join(shown)})."

    def after_a_first_model(self) -> Forecast:
        """Returns the forecast of a run for which as large a model is trained before."""
        return replace(self, parts={**self.parts, "first model": self.parts["training"]})

    def to_json(self, actual: float | None = None) -> dict[str, Any]:
        """Returns what `forecast.json` holds.

        Args:
            actual: float, seconds that it took; None where that is not known.
        """
        found = {
            "seconds": round(self.seconds, 2),
            "at_most": self.at_most,
            "epochs": self.epochs,
            "parts": {name: round(seconds, 2) for name, seconds in self.parts.items()},
        }
        if actual is None:
            return found
        return {**found, "actual_seconds": round(actual, 2)}


def training_seconds(pace: Pace, epochs: int) -> float:
    """Returns how long so many epochs take, checkpoints included.

    Example:

    >>> training_seconds(Pace(epoch=2.0, validation=0.5, compiling=4.0), 10)
    30.25
    """
    if not epochs:
        return 0.0
    return pace.compiling + _SAVING * epochs * (pace.epoch + pace.validation)


def scoring_seconds(
    pace: Pace, rows: Mapping[str, int], checking: Mapping[str, float], times: int = 1
) -> float:
    """Returns how long it takes to predict the rows of some splits.

    Args:
        pace: Pace of the model.
        rows: {split: its rows}.
        checking: {split: seconds that the check of its rows took}.
        times: int, how often they are predicted.

    Example:

    >>> scoring_seconds(Pace(tracing=1.0, row=0.01), {"val": 100}, {"val": 0.5})
    2.5
    """
    return sum(
        pace.tracing + times * (count * pace.row + checking.get(split, 0.0))
        for split, count in rows.items()
    )


def report_seconds(num_rows: int) -> float:
    """Returns how long scores with intervals, plots and the report take, for all scored rows."""
    return _REPORT_SECONDS + num_rows / _ROWS_SCORED_A_SECOND
