"""What a training gives."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.inference.answers import Answers


@dataclass
class Run:
    """A finished run.

    Args:
        folder: Path, holds everything.
        predictor: Predictor, the trained model.
        metrics: {split: what `polymodal evaluate --json` prints}.
        verdict: str, whether fusion helped, in a sentence.
        predictions: {split: Predictions} that the metrics are of.
        forecast: {"seconds": expected, "actual_seconds", "parts"}, what `forecast.json` holds.
        kept: str, the input whose single model was kept as the better one, or the name of the
            linear model that was; "" = the fused model.
        advice: str, how to use a single input's model if it is better and not kept, or "".
        trust: {"calibration": of its probabilities, "sets": of answers, "notes": sentences}.
        training: {"epochs" that were trained, "planned_epochs", "last_epoch" where it was ended
            before them, "checkpoints" if they are kept}.
        baseline: {metric: value} of the model without inputs, on the first split.
        simple: how simple models compare with this one, as `simple_json` gives it.
        scratch: how a model without pretrained parts compares, as `scratch_json` gives it.
        keeping: {"sentence", "split", "rows"}, which rows decided what --keep better keeps; empty
            where that was not asked.
        overfitting: how much better it knows the rows of train, as `gap_json` gives it.
    """

    folder: Path
    predictor: Answers
    metrics: dict[str, Any]
    verdict: str
    predictions: dict[str, Predictions]
    forecast: dict[str, Any]
    kept: str = ""
    advice: str = ""
    trust: dict[str, Any] = dataclasses.field(default_factory=dict)
    training: dict[str, Any] = dataclasses.field(default_factory=dict)
    baseline: dict[str, Any] = dataclasses.field(default_factory=dict)
    simple: dict[str, Any] = dataclasses.field(default_factory=dict)
    scratch: dict[str, Any] = dataclasses.field(default_factory=dict)
    keeping: dict[str, Any] = dataclasses.field(default_factory=dict)
    overfitting: dict[str, Any] = dataclasses.field(default_factory=dict)
