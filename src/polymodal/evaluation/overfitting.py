"""How much better a model knows the rows that it was trained on, and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.evaluation.decisions import known
from polymodal.evaluation.metrics import measured
from polymodal.evaluation.resampling.intervals import resampled
from polymodal.evaluation.words import readable, value_text

__all__ = ["Facts", "gap_json"]

_NUM_SAMPLES = 1000
_SMALL = 0.05  # share of train's score that a gap has at least to be worth advice
_RISEN = 1.1  # times its lowest value that the validation loss ends at
_MANY = 200  # parameters for each row


@dataclass(frozen=True)
class Facts:
    """What decides which option would narrow a gap.

    Args:
        rows: int, of train.
        parameters: int, that were trained.
        settings: of `training`, as the recipe has them.
        augments: bool, whether an input has an augmentation.
        starts_from: bool, whether an encoder starts from published weights.
        dim: int, width of the model.
        dropout: float or None, of the whole model.
        media: str, name of an input of images or sound that has no published weights, or "".
    """

    rows: int
    parameters: int
    settings: Mapping[str, Any]
    augments: bool
    starts_from: bool
    dim: int
    dropout: float | None
    media: str = ""


def gap_json(
    train: Predictions, val: Predictions, history: Sequence[Mapping[str, Any]], facts: Facts
) -> dict[str, Any]:
    """Returns how much better a model answers rows of train than validation rows.

    Args:
        train: Predictions of rows of train, as in use: no dropout, not augmented.
        val: Predictions of validation rows.
        history: of the epochs.
        facts: Facts.

    Returns:
        {"metric", "train", "validation", "difference": how much better it is on train, "interval",
        "rows", "parameters", "sentence", "advice"}. The two sets of rows are resampled apart.
    """
    one, other = known(train), known(val)
    metric = one.task.headline
    scores = one.task.scores(one), other.task.scores(other)
    first, second = (
        measured(rest, score).get(metric, np.nan)
        for rest, score in zip((one, other), scores, strict=True)
    )
    sign = 1 if one.task.higher_is_better(metric) else -1
    draws = [
        resampled(rest, score, _NUM_SAMPLES, seed, metric)[metric]
        for seed, (rest, score) in enumerate(zip((one, other), scores, strict=True))
    ]
    low, high = np.nanpercentile(sign * (draws[0] - draws[1]), [2.5, 97.5])
    value = {
        "metric": metric,
        "train": float(first),
        "validation": float(second),
        "difference": float(sign * (first - second)),
        "interval": [float(low), float(high)],
        "rows": facts.rows,
        "parameters": facts.parameters,
    }
    value["sentence"] = _sentence(value)
    wide = low > 0 and value["difference"] > _SMALL * abs(first)
    value["advice"] = _advice(history, facts) if wide else ""
    return value


def _sentence(value: Mapping[str, Any]) -> str:
    metric, (low, high) = value["metric"], value["interval"]
    scores = (
        f"{readable(metric)} {value_text(metric, value['train'])} on rows of train, "
        f"{value_text(metric, value['validation'])} on validation"
    )
    gap = f"gap {value['difference']:.3g}, 95 % interval {low:.3g} to {high:.3g}"
    size = f"{counted(value['rows'], 'row')}, {value['parameters']:,} trained parameters"
    if low <= 0:
        return (
            f"The model does not answer training rows better than other rows by more "
            f"than chance: {scores} ({gap}; {size})."
        )
    return f"The model answers training rows better than other rows: {scores} ({gap}; {size})."


def _advice(history: Sequence[Mapping[str, Any]], facts: Facts) -> str:
    """Returns the option that the facts speak for, in a sentence."""
    settings = facts.settings
    losses = [float(entry["val_loss"]) for entry in history if "val_loss" in entry]
    if losses and losses[-1] > _RISEN * min(losses) and not settings.get("early_stopping", True):
        return (
            f"The validation loss rose after epoch {int(np.argmin(losses)) + 1}: stop earlier "
            "with --set training.early_stopping=true."
        )
    if facts.augments and settings.get("augment") is False:
        return "Its rows are not augmented: try --set training.augment=true."
    each = facts.parameters // max(1, facts.rows)
    if each > _MANY and facts.media and not facts.starts_from:
        return (
            f"There are {each:,} parameters for each row, and {facts.media} is learned "
            "from nothing: more rows would help most, or published weights "
            f"(polymodal models, then --pretrained {facts.media}=FOLDER)."
        )
    if each > _MANY and facts.dim > 32:
        return (
            f"There are {each:,} parameters for each row: try a smaller model, "
            f"--set dim={facts.dim // 2}."
        )
    if not settings.get("average"):
        return "Averaged weights overfit later: try --set training.average=0.99."
    rate = min(0.5, round((facts.dropout or 0.1) + 0.2, 2))
    return f"Try more dropout, --set dropout={rate:g}, or more rows (polymodal needs)."
