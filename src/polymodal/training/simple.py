"""A simple model on simple features, trained in seconds: is a network worth it at all?"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.progress import waiting
from polymodal.core.seeds import generator
from polymodal.evaluation.words import listed
from polymodal.training.prepare import Prepared
from polymodal.training.simple_features import Texts, described, features

__all__ = ["LEAST_SECONDS", "SimpleModel", "simple_models"]

LEAST_SECONDS = 20.0  # that have to be left of a time limit
_MOST_ROWS = 20_000  # rows of train that are used
_CHOICE_ROWS = 2_000  # rows that choose the regularisation
_NUM_FOLDS = 3
_STRENGTHS = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)
_PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_DENSEST = 4_000  # features up to which a matrix is dense


@dataclass(frozen=True)
class SimpleModel:
    """A simple model's answers.

    Args:
        name: str, what it is: "logistic regression on n-grams and columns".
        predictions: Predictions on the shown split, on the rows of the network.
        seconds: float that it took, features included.
    """

    name: str
    predictions: Predictions
    seconds: float


def simple_models(prepared: Prepared, shown: Predictions, split: str) -> list[SimpleModel]:
    """Returns a linear model on simple features of all inputs, and gradient boosting on the columns
    of the table, where there are any.

    Args:
        prepared: Prepared.
        shown: Predictions of the network with targets, whose rows are answered.
        split: str, the part of the data that they are of.
    """
    task = prepared.task
    steps = prepared.recipe.group or shown.steps is not None
    if steps or task.is_text or not (task.has_classes or task.has_numbers):
        return []
    from threadpoolctl import threadpool_limits

    # Threads of OpenMP that wait for each other take longer than one where a machine is busy.
    with (waiting("Training a simple model for comparison"), threadpool_limits(1, "openmp"),
          warnings.catch_warnings()):
        warnings.simplefilter("ignore")  # on rare classes and on what has not converged
        found = [_linear(prepared, shown, split)]
        columns = [item.name for item in prepared.inputs if item.modality.has_fields]
        if columns and np.asarray(shown.outputs).shape[1:] != (1,):
            found += _boosted(prepared, shown, split, columns)
    return found


def _linear(prepared: Prepared, shown: Predictions, split: str) -> SimpleModel:
    start = time.monotonic()
    names = [item.name for item in prepared.inputs]
    train, test, targets = _matrices(prepared, shown, split, names)
    kinds = listed(list(dict.fromkeys(described(i.modality) for i in prepared.inputs)))
    if prepared.task.has_numbers:
        outputs = _ridge(train, targets, test)
        name = f"ridge regression on {kinds}"
    else:
        outputs = _logistic(train, targets, test, shown.outputs.shape[1])
        name = f"logistic regression on {kinds}"
    return SimpleModel(name, replace(shown, outputs=outputs, words=None),
                       time.monotonic() - start)


def _boosted(prepared: Prepared, shown: Predictions, split: str,
             names: list[str]) -> list[SimpleModel]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    start = time.monotonic()
    train, test, targets = _matrices(prepared, shown, split, names)
    settings: dict[str, Any] = {"max_iter": 100, "random_state": 0, "early_stopping": len(train)
                                >= 200, "min_samples_leaf": min(20, max(1, len(train) // 20))}
    if prepared.task.has_numbers:
        outputs = HistGradientBoostingRegressor(**settings).fit(train, targets).predict(test)
    else:
        outputs = _by_label(targets, shown.outputs.shape[1], len(test), lambda each: (
            HistGradientBoostingClassifier(**settings).fit(train, each), test))
    return [SimpleModel("gradient boosting on columns",
                        replace(shown, outputs=outputs, words=None), time.monotonic() - start)]


def _matrices(prepared: Prepared, shown: Predictions, split: str,
              names: list[str]) -> tuple[Any, Any, np.ndarray]:
    """Returns features of train and of the shown rows, and train's targets."""
    from scipy.sparse import csr_matrix, hstack, issparse

    rows = prepared.told().checked["train"].rows
    targets = np.asarray(prepared.train_targets())
    if len(rows) > _MOST_ROWS:
        chosen = np.sort(generator(0).permutation(len(rows))[:_MOST_ROWS])
        rows, targets = rows[chosen], targets[chosen]
    blocks = []
    for source in prepared.samples["train"].sources:
        if source.name in names:
            texts = Texts()
            pair = [features(prepared.samples["train"], source, rows, texts, True),
                    features(prepared.samples[split], source, shown.rows, texts, False)]
            blocks.append(_scaled(*pair))
    if not any(issparse(train) for train, _ in blocks):
        return np.hstack([b[0] for b in blocks]), np.hstack([b[1] for b in blocks]), targets
    train, test = (csr_matrix(hstack([csr_matrix(block[side]) for block in blocks]))
                   for side in (0, 1))
    if sum(block[0].shape[1] for block in blocks) <= _DENSEST:
        return train.toarray(), test.toarray(), targets
    return train, test, targets


def _scaled(train: Any, test: Any) -> tuple[Any, Any]:
    """Returns dense features with mean 0 and deviation 1 in train; sparse ones as they are."""
    from scipy.sparse import issparse

    if issparse(train):
        return train, test
    width = max(train.shape[1], test.shape[1])
    train, test = (np.pad(one, ((0, 0), (0, width - one.shape[1]))) for one in (train, test))
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std < 1e-6] = 1
    return (train - mean) / std, np.clip((test - mean) / std, -10, 10)


def _logistic(train: Any, targets: np.ndarray, test: Any, num_labels: int) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, StratifiedKFold

    def fitted(x: Any, y: np.ndarray, strength: float) -> Any:
        return LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(x, y)

    def made(each: np.ndarray) -> tuple[Any, Any]:
        rows = _sampled(train.shape[0])
        counts, kind = np.bincount(each[rows]), StratifiedKFold
        if counts[counts > 0].min() < _NUM_FOLDS:
            kind = KFold
        folds = list(kind(_NUM_FOLDS, shuffle=True, random_state=0).split(rows, each[rows]))

        def loss(strength: float) -> float:
            total = 0.0
            for one, other in folds:
                if len(np.unique(each[rows[one]])) < 2:
                    return np.inf
                model = fitted(train[rows[one]], each[rows[one]], strength)
                chances = _spread(model, train[rows[other]], num_labels)
                right = chances[np.arange(len(other)), each[rows[other]]]
                total -= float(np.log(np.clip(right, 1e-6, 1)).mean())
            return total

        best = min(_STRENGTHS, key=loss)
        return fitted(train, each, best), test

    return _by_label(targets, num_labels, test.shape[0], made)


def _by_label(targets: np.ndarray, num_labels: int, count: int,
              made: Callable[[np.ndarray], tuple[Any, Any]]) -> np.ndarray:
    """Returns probabilities (rows, labels): of one model, or one for each label of label sets."""
    if targets.ndim == 1:
        model, test = made(targets.astype(np.int64))
        return _spread(model, test, num_labels)
    outputs = np.zeros((count, num_labels))
    for label, column in enumerate(targets.T.astype(np.int64)):
        if 0 < column.sum() < len(column):
            model, test = made(column)
            outputs[:, label] = model.predict_proba(test)[:, 1]
        else:
            outputs[:, label] = float(column.mean())
    return outputs


def _spread(model: Any, test: Any, num_labels: int) -> np.ndarray:
    """Returns probabilities of all labels, 0 for those that the rows of the fit lack."""
    found = np.zeros((test.shape[0], max(num_labels, int(model.classes_.max()) + 1)))
    found[:, model.classes_] = model.predict_proba(test)
    return found


def _ridge(train: Any, targets: np.ndarray, test: Any) -> np.ndarray:
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold

    mean, rows = float(targets.mean()), _sampled(train.shape[0])
    folds = list(KFold(_NUM_FOLDS, shuffle=True, random_state=0).split(rows))

    def loss(penalty: float) -> float:
        total = 0.0
        for one, other in folds:
            model = Ridge(alpha=penalty).fit(train[rows[one]], targets[rows[one]] - mean)
            errors = model.predict(train[rows[other]]) + mean - targets[rows[other]]
            total += float(np.square(errors).sum())
        return total

    best = Ridge(alpha=min(_PENALTIES, key=loss)).fit(train, targets - mean)
    return best.predict(test) + mean


def _sampled(count: int) -> np.ndarray:
    return generator(1).permutation(count)[:_CHOICE_ROWS]
