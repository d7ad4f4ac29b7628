"""Whether parts that were trained elsewhere are better than training from scratch, in words."""

from __future__ import annotations

from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.comparing.compare import compare
from polymodal.evaluation.evaluation import Evaluation, evaluate, finite
from polymodal.evaluation.words import gap_interval, readable, value_text

__all__ = ["SCRATCH", "scratch_json"]

SCRATCH = "the same inputs from scratch"


def scratch_json(network: Evaluation, scratch: Predictions | None, split: str) -> dict[str, Any]:
    """Returns how a model without pretrained parts compares with the network that has some.

    Args:
        network: Evaluation of the network.
        scratch: Predictions of the other model on the same rows, or None.
        split: str, the part of the data.

    Returns:
        {"heading", "sentence", "as_good": bool, whether the other is, "models": {name: {"n",
        "metrics", "intervals", "difference"}}}, plain values only; empty without the other model.
    """
    if scratch is None:
        return {}
    one = evaluate(scratch)
    found = compare(network.predictions, scratch, scores=(network.scores, one.scores))
    metric = found.metric
    interval = "too few groups for an interval of the difference"
    if found.interval is not None:
        interval = f"paired 95 % interval of the difference: {gap_interval(metric, found.interval)}"
    heading = {
        "first": "Pretrained parts are better than from scratch",
        "second": "From scratch is better than pretrained parts",
    }.get(str(found.better), "Pretrained parts are not clearly better than from scratch")
    sentence = (
        f"{readable(metric).capitalize()} on {split} is {value_text(metric, found.first)} "
        f"with pretrained parts and {value_text(metric, found.second)} from scratch "
        f"({interval})."
    )
    return finite(
        {
            "heading": heading,
            "sentence": sentence,
            "as_good": found.better != "first",
            "models": {
                SCRATCH: {
                    "n": len(scratch),
                    "metrics": dict(one.metrics),
                    "intervals": dict(one.intervals),
                    "difference": found.to_json(),
                }
            },
        }
    )
