"""Scores of predictions, computed by scikit-learn over the rows whose target is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.evaluation.calibration import expected_calibration_error
from polymodal.evaluation.decisions import decisions, known, probabilities, whole_rows
from polymodal.evaluation.text_scores import text_scores

__all__ = ["accuracy_by_position", "higher_is_better", "per_class", "score"]

LOWER_IS_BETTER = {"mae", "rmse", "log_loss", "calibration_error", "wer", "cer"}
# What scikit-learn gives for a ratio without cases; its type hints know only strings.
_ZERO: Any = 0
_LEFT_OUT: Any = np.nan


def score(predictions: Predictions) -> dict[str, float]:
    """Returns the metrics that suit the task, over the rows whose target is known.

    Classification and sequence labelling give accuracy, f1_macro, f1_weighted, auroc (one class
    against the rest, mean over the classes that occur), log_loss and calibration_error. Multilabel
    gives accuracy (the whole set right), f1_macro, f1_weighted, f1_micro and auroc. Regression
    gives mae, rmse, r2 and pearson. Sequence to sequence gives accuracy over steps and exact_match
    over whole rows. Undefined metrics, such as auroc with one class, are omitted.

    Args:
        predictions: Predictions with at least one scored row.

    Returns:
        {metric: value}.

    Raises:
        DataError: no row has a target, or an output is not a finite number.
    """
    if predictions.is_text:
        return text_scores(known(predictions))
    rest = known(predictions)
    if rest.task.name not in _SCORERS:
        scores = rest.task.scores(rest)(np.ones((len(rest), 1)))
        return {name: float(values[0]) for name, values in scores.items()}
    measured = _SCORERS[predictions.task.name](rest)
    return {name: float(value) for name, value in measured.items() if np.isfinite(value)}


def higher_is_better(metric: str) -> bool:
    """Returns whether a larger value of `metric` is better."""
    return metric not in LOWER_IS_BETTER


def per_class(predictions: Predictions) -> list[dict]:
    """Returns precision, recall, f1, support and number predicted of each class that occurs.

    Returns:
        list of {"label", "precision", "recall", "f1", "support", "predicted"} in label order;
        empty for regression.
    """
    from sklearn.metrics import precision_recall_fscore_support

    if predictions.task.name == "regression" or predictions.is_text:
        return []
    rest = known(predictions)
    truth, guess = decisions(rest)
    every = np.arange(rest.outputs.shape[1])
    values: Any = precision_recall_fscore_support(truth, guess, labels=every, zero_division=_ZERO)
    predicted = guess.sum(axis=0) if guess.ndim == 2 else np.bincount(guess, minlength=len(every))
    return [
        {"label": rest.labels[i], "precision": float(values[0][i]), "recall": float(values[1][i]),
         "f1": float(values[2][i]), "support": int(values[3][i]), "predicted": int(predicted[i])}
        for i in every if values[3][i] or predicted[i]
    ]


def accuracy_by_position(predictions: Predictions) -> list[dict]:
    """Returns, for a sequence task, accuracy and number of outputs at each step from 0.

    Returns:
        list of {"step", "accuracy", "n"}; empty when the predictions have no steps.
    """
    if predictions.steps is None:
        return []
    rest = known(predictions)
    truth, guess = decisions(rest)
    steps = np.asarray(rest.steps)
    count = np.bincount(steps)
    right = np.bincount(steps, weights=truth == guess)
    return [{"step": int(i), "accuracy": float(right[i] / count[i]), "n": int(count[i])}
            for i in np.flatnonzero(count)]


def _classification(rest: Predictions) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, log_loss

    truth, guess = decisions(rest)
    chance, every = probabilities(rest), np.arange(rest.outputs.shape[1])
    return {
        "accuracy": accuracy_score(truth, guess),
        **_f1(truth, guess, every, ("macro", "weighted")),
        **_auroc(truth[:, None] == every, chance),
        "log_loss": log_loss(truth, chance, labels=every) if len(every) > 1 else np.nan,
        "calibration_error": expected_calibration_error(rest),
    }


def _multilabel(rest: Predictions) -> dict[str, float]:
    from sklearn.metrics import accuracy_score

    truth, guess = decisions(rest)
    every = np.arange(truth.shape[1])
    return {
        "accuracy": accuracy_score(truth, guess),
        **_f1(truth, guess, every, ("macro", "weighted", "micro")),
        **_auroc(truth, rest.outputs),
        "calibration_error": expected_calibration_error(rest),
    }


def _regression(rest: Predictions) -> dict[str, float]:
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    truth = np.asarray(rest.targets, np.float64).ravel()
    guess = np.asarray(rest.outputs, np.float64).ravel()
    found = {"mae": mean_absolute_error(truth, guess),
             "rmse": root_mean_squared_error(truth, guess)}
    if len(truth) > 1 and np.ptp(truth) > 0:
        found["r2"] = r2_score(truth, guess)
        if np.ptp(guess) > 0:
            found["pearson"] = np.corrcoef(truth, guess)[0, 1]
    return found


def _seq2seq(rest: Predictions) -> dict[str, float]:
    truth, guess = decisions(rest)
    return {"accuracy": float(np.mean(truth == guess)),
            "exact_match": float(np.mean(whole_rows(rest)[1]))}


def _f1(truth, guess, every, averages) -> dict[str, float]:
    from sklearn.metrics import f1_score

    # A class that neither occurs nor is predicted has no F1: nan leaves it out of the mean.
    return {f"f1_{average}": f1_score(truth, guess, labels=every, average=average,
                                      zero_division=_LEFT_OUT)
            for average in averages}


def _auroc(truth: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    present = truth.any(axis=0) & ~truth.all(axis=0)
    if not present.any():
        return {}
    return {"auroc": float(np.mean([roc_auc_score(truth[:, i], chance[:, i])
                                    for i in np.flatnonzero(present)]))}


_SCORERS: dict[str, Callable[[Predictions], dict[str, float]]] = {
    "classification": _classification,
    "sequence_labelling": _classification,
    "multilabel": _multilabel,
    "regression": _regression,
    "seq2seq": _seq2seq,
}
