"""How the answers of a trained model are chosen: as its training made them, then by validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.arguments import build
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.trust.decision import TRAINING, Decision
from polymodal.evaluation.trust.fit_decision import decide, log_odds, skew_words
from polymodal.training.imbalance.weights import frequencies, weights_of
from polymodal.training.steps.settings import Training

__all__ = ["decision_after", "decision_alone", "decision_before", "with_chosen_answers"]


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


def decision_alone(prepared: Any, before: Decision | None) -> Decision | None:
    """Returns how answers are chosen where no rows are held out: as asked, with tau 1 for logit
    adjustment, as its source has it; else as `before`.

    Args:
        prepared: Prepared of the training.
        before: what `decision_before` gave.
    """
    if _settings(prepared).decision != "logit_adjustment":
        return before
    targets = np.asarray(prepared.train_targets())
    shares = frequencies(targets, len(prepared.target.labels))
    odds = log_odds(shares, prepared.task.choice == "any of")
    shift = tuple(round(float(value), 4) for value in -odds)
    return Decision("logit_adjustment", shift, before.prior if before else (), tau=1.0)


def decision_after(
    prepared: Any, found: Predictions, before: Decision | None, split: str
) -> Decision | None:
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


def with_chosen_answers(
    prepared: Any, found: Mapping[str, Predictions], split: str
) -> dict[str, Predictions]:
    """Returns the predictions of a model that was trained plainly, with the answers that are chosen
    as those of a network are: by validation rows.

    Args:
        prepared: Prepared of the network.
        found: {split: Predictions} of the model.
        split: str, the part of the data that decides, where it is there.
    """
    if not prepared.task.has_classes:
        return dict(found)
    if split in found and found[split].scored.any():
        decision = decision_after(prepared, found[split], None, split)
    else:
        decision = decision_alone(prepared, None)
    if decision is None:
        return dict(found)
    return {name: decision(one) for name, one in found.items()}


def _settings(prepared: Any) -> Training:
    return build(Training, prepared.recipe.training, "training")
