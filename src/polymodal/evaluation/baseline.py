"""The baseline without inputs: the majority class or the mean; also for rows without an input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions

__all__ = ["blind_baseline", "on_same_rows"]


def blind_baseline(predictions: Predictions, train_targets: Any) -> Predictions:
    """Returns the predictions of a model without inputs for the same rows.

    Args:
        predictions: Predictions of a model; rows, targets and labels are taken from it.
        train_targets: targets of the train split as `Predictions.targets` holds them, flat over
            steps: (n,) class indices, (n, classes) bool for multilabel, (n,) numbers in the
            target's own unit for regression, texts for tasks that write texts.

    Returns:
        Predictions whose outputs are the frequencies in train, so that the most frequent class is
        the answer; for regression the mean of train; for texts the most frequent one.
    """
    outputs = predictions.task.baseline(predictions, train_targets)
    return replace(predictions, outputs=outputs, words=None, chosen=None)


def on_same_rows(alone: Predictions, whole: Predictions, blind: Predictions) -> Predictions:
    """Returns a single input's predictions for the rows of the fused model.

    Rows without that input get the baseline's answer, so that models are compared on the same rows.

    Args:
        alone: Predictions of the model of one input.
        whole: Predictions of the model of all inputs, on the same table.
        blind: Predictions of the baseline for the rows of `whole`.
    """
    places = {key: place for place, key in enumerate(_keys(alone))}
    place = np.array([places.get(key, -1) for key in _keys(whole)], int)
    there = place >= 0
    outputs = blind.outputs.copy()
    outputs[there] = alone.outputs[place[there]]
    chosen = None
    if alone.chosen is not None:
        chosen = blind.answers.copy()
        chosen[there] = alone.chosen[place[there]]
    present = np.zeros((len(whole), len(alone.modalities)), bool)
    present[there] = alone.present[place[there]]
    return replace(
        whole,
        outputs=outputs,
        present=present,
        modalities=alone.modalities,
        words=None,
        truncated=alone.truncated,
        chosen=chosen,
    )


def _keys(predictions: Predictions) -> list[tuple[int, int]]:
    if predictions.steps is None:
        steps = np.zeros(len(predictions), int)
    else:
        steps = predictions.steps
    return list(zip(predictions.rows.tolist(), steps.tolist(), strict=True))
