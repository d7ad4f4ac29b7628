"""Sentences on a run and on how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.evaluation.decisions import decisions, known
from polymodal.evaluation.evaluation import Evaluation
from polymodal.evaluation.groups import too_few_words
from polymodal.evaluation.resampling.draws import units
from polymodal.evaluation.scores.calibration import claims, expected_calibration_error
from polymodal.evaluation.words import SPACE, listed, readable, value_text

__all__ = ["describe_run", "far_above", "perfect_words", "split_notes", "trust_words"]

KEPT = 0.05  # a calibration error too small to notice


def describe_run(
    predictions: Predictions,
    target: str,
    inputs: Mapping[str, str],
    rows: Mapping[str, int],
    fusion: str = "",
    epochs: int | None = None,
    seconds: float | None = None,
    engine: str = "",
    sequences: Mapping[str, int] | None = None,
    joint: Sequence[str] = (),
    linear: str = "",
    decided: str = "",
) -> list[str]:
    """Returns sentences on the model and its training data.

    Args:
        predictions: Predictions of any split; task and labels are taken from it.
        target: str, name of the target column.
        inputs: {name: description}.
        rows: {split: number of rows}.
        fusion: str, name of the fusion.
        epochs: int, epochs that were run.
        seconds: float, wall time of the training.
        engine: str, such as "TensorFlow 2.21 on the CPU".
        sequences: {split: number of sequences}, where rows make sequences.
        joint: names of all inputs, where the model of one of them is kept as the better one.
        linear: str, name of the linear model that is kept in place of a network, or "".
        decided: str, which rows decided what is kept, or "".
    """
    does = predictions.task.describes(target, predictions.labels)
    named = fusion.replace("_", " ")
    joined = ""
    if fusion and len(inputs) > 1 and not linear:
        joined = f", joined by {named} fusion,"
    sentences = [f"This model reads {listed(list(inputs))}{joined} and {does}."]
    if linear:
        sentences.append(f"It is {linear}, a linear model and no network.")
    elif joint:
        sentences.append(
            f"It was kept because it is better than the model of {listed(joint)} together."
        )
    if decided:
        sentences.append(decided)
    if "train" in rows:
        sizes = {split: _size(count, (sequences or {}).get(split)) for split, count in rows.items()}
        if not sequences:  # "1,600 rows, with 200 for val"
            sizes |= {split: f"{rows[split]:,}" for split in rows if split != "train"}
        others = [f"{size} for {split}" for split, size in sizes.items() if split != "train"]
        more = f", with {listed(others)} held out" if others else ""
        sentences.append(f"It was trained on {sizes['train']}{more}.")
    if epochs:
        took = f" in {_duration(seconds)}" if seconds else ""
        sentences.append(
            f"Training ran for {epochs} epoch{'s' * (epochs != 1)}{took}"
            + (f" on {engine}." if engine else ".")
        )
    return sentences


def _size(rows: int, sequences: int | None) -> str:
    """Returns "600 rows", or "600 rows in 30 sequences"."""
    size = counted(rows, "row")
    if sequences is None:
        return size
    return f"{size} in {counted(sequences, 'sequence')}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    if seconds < 6000:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def far_above(splits: Mapping[str, Evaluation], has_vectors: bool) -> str:
    """Returns a sentence where validation promises far more than the test holds; "" elsewhere.

    Where val has too few groups for an interval, it counts as twice as wide as that of test.

    Args:
        splits: {split: Evaluation}, val and test among them or not.
        has_vectors: bool, whether an input is a vector, which another model may have made.
    """
    if not {"val", "test"} <= splits.keys():
        return ""
    val, test = splits["val"], splits["test"]
    task, metric = val.predictions.task, val.predictions.task.headline
    far = test.intervals.get(metric)
    if far is None or val.metrics.get(metric) is None:
        return ""
    wide = far[1] - far[0]
    near = val.intervals.get(metric) or [val.metrics[metric] - wide, val.metrics[metric] + wide]
    if task.higher_is_better(metric):
        apart = near[0] > far[1]
    else:
        apart = near[1] < far[0]
    if not apart:
        return ""
    cause = (
        "rows of val may share with train what rows of test do not: people, recordings, a "
        "source or a time"
    )
    if has_vectors:
        cause += (
            "; or the vectors were made by a model that was trained on train's labels, so "
            "that they are easier on all rows held out of it"
        )
    promised, held = (value_text(metric, one.metrics.get(metric)) for one in (val, test))
    return (
        f"Validation promises far more than the test holds: {readable(metric)} is {promised} "
        f"on val and {held} on test, further apart than chance. The likely cause: {cause}. "
        "Believe the test."
    )


def _judged(claimed: float, true: float, error: float) -> str:
    if error < KEPT:
        return "Its probabilities are well calibrated"
    if abs(claimed - true) < error / 3:
        return "It is overconfident in some ranges and underconfident in others"
    if claimed > true:
        return "It is overconfident"
    return "It is underconfident"


def trust_words(predictions: Predictions) -> str:
    """Returns a sentence on calibration; "" for answers without probabilities."""
    if not predictions.task.has_classes:
        return ""
    rest = known(predictions)
    confidence, right = claims(rest)
    claimed, true = float(confidence.mean()), float(right.mean())
    error = expected_calibration_error(rest)
    what = "its answers"
    if np.asarray(rest.targets).ndim == 2:
        what = "a label"
    return (
        f"{_judged(claimed, true, error)}: it gives {what} a probability of "
        f"{100 * claimed:.1f}{SPACE}% on average, and {100 * true:.1f}{SPACE}% are right. "
        f"Calibration error (average gap between stated probability and accuracy): "
        f"{100 * error:.1f} points."
    )


def perfect_words(predictions: Predictions) -> str:
    """Returns the uncertainty of a result without errors; "" if there were errors.

    Resampling rows that are all right shows no spread, so the bound is the exact binomial one: the
    accuracy at which no mistake in n rows has a probability of 5 %.
    """
    rest = known(predictions)
    if not rest.task.has_classes:
        return ""
    truth, guess = decisions(rest)
    if (truth != guess).any():
        return ""
    if few := too_few_words(rest):
        return f"No mistake was made. {few}."
    count = int(units(rest).max()) + 1
    least = 100 * 0.05 ** (1 / count)
    return (
        f"No mistake was made, so resampling shows no spread. With {count:,} independent rows "
        f"or groups, the true accuracy could still be as low as {least:.1f}{SPACE}%."
    )


def split_notes(splits: Mapping[str, Evaluation]) -> dict[str, str]:
    """Returns {metric: what a comparison with it needs, for each split}.

    Args:
        splits: {split: Evaluation}.
    """
    found: dict[str, list[str]] = {}
    for split, one in splits.items():
        for name, note in one.notes.items():
            found.setdefault(name, []).append(f"{split}: {note}" if len(splits) > 1 else note)
    return {name: "; ".join(notes) for name, notes in found.items()}
