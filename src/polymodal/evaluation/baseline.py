"""The baseline that looks at nothing: the majority class, or the mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions

__all__ = ["blind_baseline"]


def blind_baseline(predictions: Predictions, train_targets: Any) -> Predictions:
    """Returns what a model without inputs would have said about the same rows.

    Args:
        predictions: Predictions of a model; rows, targets and labels are taken from it.
        train_targets: targets of the train split as `Predictions.targets` holds them, flat over
            steps: (n,) class indices, (n, classes) bool for multilabel, (n,) numbers in the
            target's own unit for regression, texts for tasks that write texts.

    Returns:
        Predictions whose outputs are the frequencies in train, so that the most frequent class is
        the answer; for regression the mean of train; for texts the most frequent one.
    """
    if predictions.is_text:
        outputs = np.full(len(predictions), Counter(train_targets).most_common(1)[0][0], object)
        return replace(predictions, outputs=outputs, words=None)
    targets = np.asarray(train_targets)
    if predictions.task == "regression":
        answer = np.float64(targets.mean())
    elif predictions.task == "multilabel":
        answer = targets.mean(axis=0)
    else:
        count = np.bincount(targets.astype(np.int64).ravel(), minlength=len(predictions.labels))
        answer = count / count.sum()
    outputs = np.broadcast_to(answer, predictions.outputs.shape).astype(np.float64)
    return replace(predictions, outputs=outputs)
