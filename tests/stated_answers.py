"""Predictions with planted errors of their probabilities."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions


def predictions(outputs, targets, task="classification", present=None, groups=None):
    """Returns Predictions of two inputs whose rows all have a target."""
    outputs = np.asarray(outputs, "float32")
    count = len(outputs)
    labels = list("abcdefghij")[: outputs.shape[1]] if outputs.ndim == 2 else []
    present = np.ones((count, 2), bool) if present is None else present
    return Predictions(
        task_named(task),
        labels,
        np.arange(count),
        outputs,
        np.asarray(targets),
        np.ones(count, bool),
        ["image", "sound"],
        present,
        groups=groups,
        group_column="" if groups is None else "speaker",
        num_rows=count,
    )


def overconfident(count, scale=3.0, seed=0):
    """Returns probabilities whose logits are `scale` times what they should be, and labels drawn
    from the right ones."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, 4))
    right = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = np.array([rng.choice(4, p=p) for p in right])
    stated = np.exp(scale * logits)
    return stated / stated.sum(1, keepdims=True), targets
