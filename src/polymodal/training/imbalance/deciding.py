"""How the answers of a trained model are chosen: as its training made them, then by validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.arguments import build
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.trust.decision import TRAINING, Decision
from polymodal.evaluation.trust.fit_decision import decide, skew_words
from polymodal.training.imbalance.weights import frequencies, weights_of
from polymodal.training.steps.settings import Training

__all__ = ["decision_after", "decision_before"]


def decision_before(prepared: Any) -> Decision | None:
    """Returns what undoes a training that made up for rare classes, so that probabilities are those
    of the table; None where there is nothing to undo.

    Args:
        prepared: Prepared of the training.
    """
    settings = _settings(prepared)
    prior = weights_of(prepared, settings).prior
    if prior is None:
        return None
    offsets = tuple(round(float(value), 4) for value in prior)
    return Decision(TRAINING, offsets, offsets)


def decision_after(prepared: Any, found: Predictions, before: Decision | None,
                   split: str) -> Decision | None:
    """Returns how answers are chosen, after the probabilities were calibrated.

    Args:
        prepared: Prepared of the training.
        found: Predictions of validation rows.
        before: what `decision_before` gave.
        split: str, the part of the data that `found` is of.
    """
    settings = _settings(prepared)
    targets = np.asarray(prepared.train_targets())
    shares = frequencies(targets, len(found.labels))
    skewed = skew_words(shares, found.labels, len(targets))
    prior = None if before is None else np.asarray(before.prior)
    return decide(found, shares, settings.decision, skewed, prior, split)


def _settings(prepared: Any) -> Training:
    return build(Training, prepared.recipe.training, "training")
