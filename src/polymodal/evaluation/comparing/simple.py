"""Whether a network is better than a simple model on simple features, as numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.comparing.compare import Comparison, compare
from polymodal.evaluation.evaluation import Evaluation, evaluate, finite
from polymodal.evaluation.words import gap_interval, readable, value_text

__all__ = ["simple_json"]

_WIDE = 2 * 1.96  # standard errors that an interval of 95 % is wide


def simple_json(
    network: Evaluation, simple: Mapping[str, Predictions], split: str
) -> dict[str, Any]:
    """Returns how simple models compare with the network.

    Args:
        network: Evaluation of the network.
        simple: {name: Predictions on the same rows}; the first is what the network is judged by.
        split: str, the part of the data.

    Returns:
        {"heading", "sentence", "as_good": bool, "models": {name: {"n", "metrics", "intervals",
        "difference"}}}, plain values only; empty without simple models.
    """
    models, verdict = {}, None
    for name, predictions in simple.items():
        one = evaluate(predictions)
        found = compare(network.predictions, one.predictions, scores=(network.scores, one.scores))
        models[name] = {
            "n": len(one.predictions),
            "metrics": dict(one.metrics),
            "intervals": dict(one.intervals),
            "difference": found.to_json(),
        }
        if verdict is None:
            verdict = _judged(name, found, split)
    if verdict is None:
        return {}
    return finite({**verdict, "models": models})


def _judged(name: str, found: Comparison, split: str) -> dict[str, Any]:
    """Returns heading, sentence and whether a simple model is as good as the network."""
    metric = found.metric
    values = (
        f"{readable(metric).capitalize()} on {split} is {value_text(metric, found.first)} "
        f"with the network and {value_text(metric, found.second)} with {name}, which "
        "trains in seconds"
    )
    interval = "too few groups for an interval of the difference"
    if found.interval is not None:
        interval = f"paired 95 % interval of the difference: {gap_interval(metric, found.interval)}"
    if found.better == "first":
        return {
            "heading": "The network is better than a simple model",
            "sentence": f"{values} ({interval}).",
            "as_good": False,
        }
    if found.interval is not None and not np.isfinite(found.interval).all():
        heading = f"Rows of {split} are too few to compare a simple model with the network"
        return {"heading": heading, "sentence": f"{values}.", "as_good": False}
    lost = (1 if found.higher_is_better else -1) * (found.first - found.second)
    heading = "A simple model is as good as the network"
    if lost > _standard_error(found):
        heading = f"Rows of {split} do not tell whether the network is better than a simple model"
    if found.better == "second":
        heading = "A simple model is better than the network"
    return {"heading": heading, "sentence": f"{values} ({interval}).", "as_good": True}


def _standard_error(found: Comparison) -> float:
    """Returns that of a difference, by which `--keep better` judges too; 0 without an interval."""
    if found.interval is None:
        return 0.0
    low, high = found.interval
    return (high - low) / _WIDE
