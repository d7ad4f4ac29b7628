"""Whether fusion helped, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.comparing.compare import Comparison
from polymodal.evaluation.evaluation import RunEvaluation
from polymodal.evaluation.groups import too_few_words
from polymodal.evaluation.words import SPACE, gap, gap_interval, listed, readable, value_text

__all__ = ["Verdict", "fusion_verdict"]


@dataclass(frozen=True)
class Verdict:
    """Whether fusion helped.

    Args:
        kind: str, "helped", "hurt", "cannot tell" or "not asked" (nothing to compare with).
        heading: str, the answer in a few words.
        sentence: str, the numbers behind it.
        comparison: Comparison of the fused model with the best single input, or None.
        best: str, name of that input, or None.
    """

    kind: str
    heading: str
    sentence: str
    comparison: Comparison | None = None
    best: str | None = None


def fusion_verdict(run: RunEvaluation, split: str = "") -> Verdict:
    """Returns whether the fused model beats the best single input, by a paired 95 % interval.

    Args:
        run: RunEvaluation, whose comparisons are of models that saw one input alone.
        split: str, name of the split that the rows are of, for the sentence.
    """
    found = _compared(run, split)
    same = run.fused.same_answer
    if not same:
        return found
    return replace(
        found,
        heading="The model gives one answer for all rows",
        sentence=f"{same} {found.sentence}",
    )


def _compared(run: RunEvaluation, split: str) -> Verdict:
    inputs, found = run.fused.predictions.modalities, run.comparisons
    if len(inputs) < 2:
        return Verdict(
            "not asked", "One input, nothing to fuse", f"The model reads {listed(inputs)} only."
        )
    if not found:
        return Verdict(
            "not asked",
            "Whether fusion helped was not measured",
            "No model was trained on a single input for comparison (baselines).",
        )
    sign = -1
    if next(iter(found.values())).higher_is_better:
        sign = 1
    best = max(found, key=lambda name: sign * found[name].second)
    rows = ""
    if split:
        rows = f" on the {run.fused.num_rows:,} rows of {split}"
    rows += _answered(best, run.singles[best].predictions)
    judged = _judge(best, found[best], rows, run.fused.predictions)
    return replace(judged, comparison=found[best], best=best)


def _answered(best: str, rest: Predictions) -> str:
    """Returns how many rows lack the only input of a model, if any."""
    without = len(set(rest.rows[~rest.present.any(axis=1)].tolist()))
    if without:
        return f" ({without:,} rows have no {best} and get the baseline's answer)"
    return ""


def _judge(best: str, found: Comparison, rows: str, fused: Predictions) -> Verdict:
    metric = found.metric
    better = (found.difference > 0) == found.higher_is_better
    values = (
        f"{readable(metric).capitalize()} is {value_text(metric, found.first)} with "
        f"{listed(fused.modalities)} together and {value_text(metric, found.second)} with "
        f"{best} alone, the best single input{',' if rows else ''}{rows}"
    )
    if found.interval is None:
        return Verdict(
            "cannot tell", "Cannot tell whether fusion helped", f"{values}. {too_few_words(fused)}."
        )
    range_text = (
        f"(paired {100 * found.level:.0f}{SPACE}% interval of the difference "
        f"{gap_interval(metric, found.interval)})"
    )
    if found.better == "cannot tell":
        return Verdict(
            "cannot tell",
            "Cannot tell whether fusion helped",
            f"{values}. The difference is within noise: its interval "
            f"includes 0 {range_text}. More test rows would tell.",
        )
    side = "worse"
    if better:
        side = "better"
    sentence = f"{values}: {gap(metric, found.difference)} {side} {range_text}."
    if found.better == "first":
        return Verdict("helped", "Fusion helped", sentence)
    return Verdict(
        "hurt", "Fusion did not help", f"{sentence} Use {best} alone, or another fusion."
    )
