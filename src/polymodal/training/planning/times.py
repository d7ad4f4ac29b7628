"""How long the parts of a run take, from a few steps of each of its models."""

from __future__ import annotations

from collections.abc import Mapping

from polymodal.core.printed.progress import waiting
from polymodal.training.job import Job
from polymodal.training.loop.rehearsal import Limit
from polymodal.training.loop.session import Session
from polymodal.training.planning.forecast import (
    Forecast,
    report_seconds,
    scoring_seconds,
    training_seconds,
)
from polymodal.training.preparing.prepared import Prepared


class Times:
    """Times a few steps of each model of a run, and says what its parts take.

    Args:
        jobs: {input that a model reads alone: Job}; "" is the whole model.
        prepared: Prepared, its rows.
    """

    def __init__(self, jobs: Mapping[str, Job], prepared: Prepared):
        self._sessions = {name: job.session for name, job in jobs.items()}
        self._paces, limit = {}, Limit()
        for name, session in self._sessions.items():
            with waiting(f"Timing a few steps of {name or 'the model'}"):
                self._paces[name] = session.rehearse(limit)
        self._checking = prepared.seconds
        self._rows = {
            split: len(checked) for split, checked in prepared.checked.items() if split != "train"
        }
        self._reads = 1 + prepared.task.hears

    @property
    def report(self) -> float:
        """Seconds for scores with intervals, plots and pages."""
        return report_seconds(sum(self._rows.values()))

    @property
    def scoring(self) -> float:
        """Seconds for predicting the rows that are scored with the whole model."""
        return scoring_seconds(self._paces[""], self._shown, self._checking, self._reads)

    def alone(self, name: str) -> float:
        """Returns the seconds that training on one input and scoring it takes."""
        first = dict(list(self._shown.items())[:1])
        pace = self._paces[name]
        return training_seconds(pace, self._sessions[name].epochs_left) + scoring_seconds(
            pace, first, self._checking
        )

    def forecast(self) -> Forecast:
        """Returns what the run is expected to take, within its time limit."""
        whole = self._sessions[""]
        ending, scoring = whole.ending, self.scoring + self.report
        ending.reserve(scoring)
        parts = {"training": ending.cut(training_seconds(self._paces[""], whole.epochs_left))}
        names = [name for name in self._sessions if name]
        if names:
            parts["baselines"] = self._that_fit(names, ending.left - parts["training"])
        parts["scoring and report"] = scoring
        return Forecast(parts, whole.epochs_left, self._may_stop(whole))

    @property
    def _shown(self) -> dict[str, int]:
        return {split: self._rows[split] for split in ("test", "val") if split in self._rows}

    def _that_fit(self, names: list[str], left: float) -> float:
        total = 0.0
        for name in names:
            seconds = self.alone(name)
            if total + seconds <= left:
                total += seconds
        return total

    def _may_stop(self, whole: Session) -> bool:
        watched = "val" in self._rows and whole.state.best.may_stop
        return watched or whole.ending.minutes is not None
