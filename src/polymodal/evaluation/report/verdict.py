"""What a run did and whether fusion helped, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polymodal.core.predictions import Predictions
from polymodal.evaluation.compare import Comparison, compare
from polymodal.evaluation.metrics import higher_is_better, known
from polymodal.evaluation.words import gap, gap_interval, readable, value_text

__all__ = ["Verdict", "describe_run", "fusion_verdict", "listed"]

_TASKS = {"classification": "chooses one of {labels} classes for each row",
          "multilabel": "says which of {labels} labels hold for each row",
          "regression": "predicts a number for each row",
          "sequence_labelling": "gives each step of a sequence one of {labels} labels",
          "seq2seq": "writes a sequence, step by step, from {labels} possible outputs"}


@dataclass(frozen=True)
class Verdict:
    """Whether fusion helped.

    Args:
        kind: str, "helped", "hurt", "cannot tell" or "not asked" (nothing to compare with).
        heading: str, the answer in a few words.
        sentence: str, the numbers behind it.
        comparison: Comparison of the fused model with the best single input, or None.
    """

    kind: str
    heading: str
    sentence: str
    comparison: Comparison | None = None


def fusion_verdict(fused: Predictions, singles: Mapping[str, Predictions],
                   metric: str | None = None, seed: int = 0) -> Verdict:
    """Returns whether the fused model beats the best single input, by a paired 95 % interval.

    Args:
        fused: Predictions of the model that sees all inputs.
        singles: {input name: Predictions} of models that saw one input alone, same rows.
        metric: str, the metric to compare in; None means the task's own.
        seed: int, key of the draws.
    """
    if len(fused.modalities) < 2:
        return Verdict("not asked", "One input, nothing to fuse",
                       f"The model reads {listed(fused.modalities)} only.")
    if not singles:
        return Verdict("not asked", "Whether fusion helped was not measured",
                       "No model was trained on one input alone, so there is nothing to compare "
                       "with.")
    found = {name: compare(fused, one, metric, seed) for name, one in singles.items()}
    sign = 1 if higher_is_better(next(iter(found.values())).metric) else -1
    best = max(found, key=lambda name: sign * found[name].second)
    return _judge(best, found[best], list(singles), fused)


def _judge(best: str, found: Comparison, names: list[str], fused: Predictions) -> Verdict:
    metric = found.metric
    better = (found.difference > 0) == higher_is_better(metric)
    values = (f"{readable(metric).capitalize()} is {value_text(metric, found.first)} with "
              f"{listed(fused.modalities)} together and {value_text(metric, found.second)} with "
              f"{best} alone, the best single input")
    range_text = (f"(paired {100 * found.level:.0f} % interval of the difference "
                  f"{gap_interval(metric, found.interval)})")
    if found.better == "cannot tell":
        return Verdict("cannot tell", "Cannot tell whether fusion helped",
                       f"{values}. The difference could be chance: its interval holds 0 "
                       f"{range_text}. More test rows would tell.", found)
    side = "better" if better else "worse"
    sentence = f"{values}: {gap(metric, found.difference)} {side} {range_text}."
    if found.better == "first":
        return Verdict("helped", "Fusion helped", sentence, found)
    return Verdict("hurt", "Fusion did not help",
                   f"{sentence} Use {best} alone, or another fusion.", found)


def describe_run(predictions: Predictions, target: str, inputs: Mapping[str, str],
                 rows: Mapping[str, int], fusion: str = "", epochs: int | None = None,
                 seconds: float | None = None, engine: str = "") -> list[str]:
    """Returns the sentences that say what was trained on what.

    Args:
        predictions: Predictions of any split; task and labels are taken from it.
        target: str, name of the target column.
        inputs: {name: description}.
        rows: {split: number of rows}.
        fusion: str, name of the fusion.
        epochs: int, epochs that were run.
        seconds: float, wall time of the training.
        engine: str, such as "TensorFlow 2.21 on the CPU".
    """
    does = _TASKS[predictions.task].format(labels=len(predictions.labels))
    joined = f", joined by {fusion} fusion," if fusion and len(inputs) > 1 else ""
    sentences = [f"This model reads {listed(list(inputs))}{joined} and {does}: {target}."]
    if "train" in rows:
        others = [f"{count:,} for {split}" for split, count in rows.items() if split != "train"]
        more = f", with {listed(others)} kept apart" if others else ""
        sentences.append(f"It learned from {rows['train']:,} rows{more}.")
    if epochs:
        took = f" in {_duration(seconds)}" if seconds else ""
        sentences.append(f"Training ran for {epochs} epoch{'s' * (epochs != 1)}{took}"
                         + (f" on {engine}." if engine else "."))
    return sentences


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    if seconds < 6000:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def listed(words: Sequence[str]) -> str:
    """Returns "a", "a and b" or "a, b and c"."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words \
        else "nothing"


def scored_rows(predictions: Predictions) -> int:
    """Returns the number of scored table rows."""
    return len({int(row) for row in known(predictions).rows})
