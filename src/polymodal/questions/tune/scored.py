"""What one candidate is worth on the validation rows, and what it costs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.files import write_atomic
from polymodal.evaluation.decisions import known

__all__ = ["Result", "read_result", "result"]


@dataclass(frozen=True)
class Result:
    """A trained candidate.

    Args:
        score: float, the task's headline on the validation rows.
        inside: (draws,) on resampled rows.
        outside: (draws,) on rows left out of each resample.
        seconds: float, of the whole trial.
        parameters: int.
        megabytes: float, of its weights.
        row_milliseconds: float, prediction of a row in a batch, with decoding.
    """

    score: float
    inside: np.ndarray
    outside: np.ndarray
    seconds: float
    parameters: int
    megabytes: float
    row_milliseconds: float

    @property
    def deviation(self) -> float:
        """Standard deviation of the score over resampled rows."""
        return float(np.nanstd(self.inside))

    def write(self, path: Path) -> None:
        """Writes a file, whole or not at all."""
        buffer = io.BytesIO()
        np.savez(buffer, **vars(self))
        write_atomic(path, buffer.getvalue())


def read_result(path: Path) -> Result | None:
    """Returns what a file holds; None where there is none."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as found:
        return Result(
            float(found["score"]),
            found["inside"],
            found["outside"],
            float(found["seconds"]),
            int(found["parameters"]),
            float(found["megabytes"]),
            float(found["row_milliseconds"]),
        )


def result(
    predictions: Predictions, inside: np.ndarray, outside: np.ndarray, **cost: float
) -> Result:
    """Scores predictions on the validation rows.

    Args:
        predictions: Predictions.
        inside, outside: (rows, draws) how often each row counts, as `selection.resamples` gives it.
        cost: `seconds`, `parameters`, `megabytes`, `row_milliseconds`.
    """
    rest = known(predictions)
    scores, headline = rest.task.scores(rest), rest.task.headline
    drawn = [scores(weights[rest.rows], headline)[headline] for weights in (inside, outside)]
    value = float(scores(np.ones((len(rest), 1)), headline)[headline][0])
    return Result(
        value,
        drawn[0],
        drawn[1],
        cost["seconds"],
        int(cost["parameters"]),
        cost["megabytes"],
        cost["row_milliseconds"],
    )
