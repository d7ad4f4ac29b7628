"""What a model says of each row with each subset of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import mask_key
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import RecipeError
from polymodal.evaluation.shapley import MOST_PLAYERS
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.inference.outputs import Output, as_numpy, collect
from polymodal.inference.trust import trusted
from polymodal.media.kept import for_predictions
from polymodal.tables.table import Table

__all__ = [
    "Answered",
    "Worth",
    "check_explainable",
    "hidden_patterns",
    "is_explainable",
    "nearness",
    "predict_patterns",
    "without",
    "worth_of",
]

_MOST_WHOLE = 3  # inputs up to which all patterns are looked at


def is_explainable(predictor: Any) -> bool:
    """Returns whether a run's answers can be compared with those of fewer inputs."""
    return not _is_written(predictor) and len(predictor.inputs) <= MOST_PLAYERS


def check_explainable(predictor: Any, who: str) -> None:
    """Raises RecipeError for a run whose answers cannot be compared with those of fewer inputs."""
    if _is_written(predictor):
        raise RecipeError(
            f"{who} needs a run that predicts classes or numbers. Got task: {predictor.task.name}."
        )
    if len(predictor.inputs) > MOST_PLAYERS:
        raise RecipeError(
            f"{who} needs a run of {MOST_PLAYERS} inputs at most. Got "
            f"{len(predictor.inputs)}. Train on fewer inputs."
        )


def _is_written(predictor: Any) -> bool:
    """Returns whether a run's answers are texts or comparisons, which have no probabilities."""
    task = predictor.task
    return bool(task.is_text or task.compares_inputs or predictor.head.autoregressive)


def hidden_patterns(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns which inputs are hidden in each pattern that leaves one: all patterns of up to three
    inputs, of more each input left out and each alone.

    Example:

    >>> hidden_patterns(["image", "sound"])
    [('image',), ('sound',)]
    """
    count = len(names)
    sizes = {1, count - 1}
    if count <= _MOST_WHOLE:
        sizes = set(range(1, count))
    sizes = {size for size in sizes if 0 < size < count}
    return list(chain.from_iterable(combinations(names, size) for size in sorted(sizes)))


def without(batch: Mapping[str, Any], keys: list[str]) -> dict[str, Any]:
    """Returns a batch in which inputs are missing: zeros, and mask False."""
    hidden = dict(batch)
    for key in keys:
        hidden[key] = np.zeros_like(batch[key])
        hidden[mask_key(key)] = np.zeros_like(batch[mask_key(key)])
    return hidden


def predict_patterns(
    predictor: Any, table: Table, scored: bool, cache: Any = None
) -> list[Predictions]:
    """Returns the predictions with each subset of the inputs; bit i of its number is input i.

    Args:
        predictor: Predictor of classes or numbers.
        table: Table.
        scored: bool, whether the target is read too.
        cache: Cache or KeptMedia that may hold the table's media decoded, or None.

    Raises:
        DataError: rows that cannot be read.
    """
    samples = predictor.samples(table, scored, cache or for_predictions())
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=not scored)
    keys, names = [i.key for i in predictor.inputs], [i.name for i in predictor.inputs]
    outputs: list[list[Output]] = [[] for _ in range(2 ** len(keys))]
    loader = predictor.loader(samples, checked)
    for step, (inputs, targets, weights) in enumerate(loader.epoch(0, 0)):
        for pattern, found in enumerate(outputs):
            hidden = [key for place, key in enumerate(keys) if not pattern >> place & 1]
            found.append(
                _output(
                    predictor,
                    without(inputs, hidden),
                    targets,
                    weights,
                    loader.rows_of(0, step),
                    loader.steps_of(0, step),
                )
            )
    said = [
        collect(found, predictor.head, predictor.target, predictor.task, names, len(table))
        for found in outputs
    ]
    return [trusted(predictor, one) for one in said]


def _output(
    predictor: Any,
    batch: dict[str, Any],
    targets: Any,
    weights: Any,
    rows: np.ndarray,
    lengths: np.ndarray,
) -> Output:
    """Returns the output for a batch, whose rows have so many steps."""
    logits = as_numpy(predictor.model.predict_on_batch(batch))
    shown = [batch[mask_key(i.key)] for i in predictor.inputs]
    present = np.stack([mask.reshape(len(mask), -1).any(axis=1) for mask in shown], axis=-1)
    return Output(rows, np.asarray(logits, "float32"), targets, weights, present, lengths)


@dataclass(frozen=True)
class Answered:
    """What a model says of the rows of a table with each subset of its inputs.

    Args:
        patterns: what `predict_patterns` returned.
        table: Table of these rows.
    """

    patterns: list[Predictions]
    table: Table


@dataclass(frozen=True)
class Worth:
    """How near the answer of each subset of inputs is to an answer.

    Args:
        values: (2 ** inputs, n), larger is nearer; of classes the probability of that answer.
        rows: (n,) int, rows of the table; n counts the steps of a row one by one.
        to_truth: bool, whether it is the target; else what the model says with all inputs.
    """

    values: np.ndarray
    rows: np.ndarray
    to_truth: bool


def worth_of(patterns: list[Predictions], to_truth: bool) -> Worth:
    """Returns what each subset of inputs is worth to an answer.

    Args:
        patterns: what `predict_patterns` returned.
        to_truth: bool, whether to the target, of rows that have one, else to the model's answer.
    """
    whole = patterns[-1]
    if to_truth:
        patterns = [one.take(one.scored) for one in patterns]
        whole = patterns[-1]
        goal = np.asarray(whole.targets)
    elif whole.task.has_classes and whole.task.choice == "one of":
        goal = whole.answers
    else:
        goal = whole.outputs
    values = np.stack([nearness(one.outputs, goal) for one in patterns])
    return Worth(values, whole.rows, to_truth)


def nearness(outputs: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Returns (n,), larger where outputs are nearer to a goal: the probability of a class; of
    several labels or numbers how little they differ.

    Args:
        outputs: (n, classes) or (n,).
        goal: (n,) classes where outputs are of classes, else as outputs.
    """
    if outputs.ndim == 2 and np.ndim(goal) == 1:
        return np.asarray(outputs, np.float64)[np.arange(len(outputs)), goal.astype(int)]
    gap = np.abs(np.asarray(outputs, np.float64) - np.asarray(goal, np.float64))
    return -gap.reshape(len(gap), -1).mean(axis=1)
