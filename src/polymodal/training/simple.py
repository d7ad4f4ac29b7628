"""A simple model on simple features, trained in seconds: is a network worth it at all?"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import waiting
from polymodal.core.seeds import generator
from polymodal.evaluation.decisions import known
from polymodal.evaluation.metrics import score
from polymodal.evaluation.words import listed
from polymodal.feed.samples import Samples
from polymodal.inference.linear.features import Featured, described
from polymodal.inference.linear.model import NEVER, joined
from polymodal.inference.linear.predictor import LinearAnswers
from polymodal.preprocess.modality import Modality
from polymodal.training.imbalance.deciding import with_chosen_answers
from polymodal.training.preparing.alone import answers_of_steps, one_step, rows_alone
from polymodal.training.preparing.kept import PooledTokens, frozen_vectors
from polymodal.training.preparing.prepared import Prepared

__all__ = ["LEAST_SECONDS", "SimpleModel", "fit_linear", "one_step", "simple_models"]

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
        answers: LinearAnswers of a model that can be kept, or None.
        held_out: Predictions of such a model on validation rows, or None.
        alone: Prepared of the rows of sequences, each by itself, where it reads them so, or None.
    """

    name: str
    predictions: Predictions
    seconds: float
    answers: LinearAnswers | None = None
    held_out: Predictions | None = None
    alone: Prepared | None = None


@dataclass(frozen=True)
class _Matrix:
    """Features of train.

    Args:
        features: (rows, columns), dense or sparse.
        parts: for each input its key, its columns, and whether one more says that it is missing.
        inputs: list of Input that read simple features.
        samples: Samples of train.
        rows: those of its table.
    """

    features: Any
    parts: list[tuple[str, int, bool]]
    inputs: list[Any]
    samples: Samples
    rows: np.ndarray


def simple_models(
    prepared: Prepared, found: Mapping[str, Predictions], model: Any = None
) -> list[SimpleModel]:
    """Returns a linear model on simple features of all inputs, one on the vectors of frozen
    encoders where the network has some, the better one on validation rows first, and gradient
    boosting on the columns of the table, where there are any.

    Args:
        prepared: Prepared.
        found: {split: Predictions} of the network with targets, whose rows are answered, the shown
            split first.
        model: Model of the network, whose frozen encoders are used, or None.
    """
    shown, task = next(iter(found.values())), prepared.task
    if task.is_text or not (task.has_classes or task.has_numbers):
        return []
    if shown.steps is not None and not prepared.recipe.group:
        return []  # steps inside of cells
    from threadpoolctl import threadpool_limits

    # Threads that wait for each other take longer than one where a machine is busy.
    with (
        waiting("Training a simple model for comparison"),
        threadpool_limits(1),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # on rare classes and on what has not converged
        if prepared.recipe.group:
            return _of_steps(prepared, found)
        models = [_linear(prepared, found)]
        vectors = None if model is None else frozen_vectors(prepared, model)
        if vectors is not None:  # it needs their encoders, so it is not kept
            models.append(replace(_linear(vectors, found), answers=None))
            models.sort(key=_rank)
        columns = [item.name for item in prepared.inputs if item.modality.has_fields]
        if columns and np.asarray(shown.outputs).shape[1:] != (1,):
            models.append(_boosted(prepared, found, columns))
    return models


def _of_steps(prepared: Prepared, found: Mapping[str, Predictions]) -> list[SimpleModel]:
    """Returns a linear model of the rows of sequences, each alone."""
    start, alone = time.monotonic(), rows_alone(prepared)
    if alone is None:
        return []
    answers = fit_linear(alone)
    said = answers_of_steps(answers, alone, found)
    if said is None:
        return []
    answers.title += ", each row alone"
    return [replace(_judged(answers.title, prepared, said, start, answers), alone=alone)]


def _rank(model: SimpleModel) -> float:
    """Returns a number that is lower for a better model on validation rows."""
    if model.held_out is None:
        return 0.0
    rest, name = known(model.held_out), model.predictions.task.headline
    value = score(rest)[name]
    if rest.task.higher_is_better(name):
        return -value
    return value


def _linear(prepared: Prepared, found: Mapping[str, Predictions]) -> SimpleModel:
    start, answers = time.monotonic(), fit_linear(prepared)
    said = {split: _answered(answers, prepared, split, one) for split, one in found.items()}
    return _judged(answers.title, prepared, said, start, answers)


def fit_linear(prepared: Prepared) -> LinearAnswers:
    """Returns a linear model of simple features, fitted to the rows of train.

    Args:
        prepared: Prepared, of one class, set of labels or number for each row.
    """
    train = _train_matrix(prepared, [item.name for item in prepared.inputs])
    kinds = listed(list(dict.fromkeys(_described(i.modality) for i in prepared.inputs)))
    if len(train.rows) < len(prepared.told().checked["train"]):
        kinds += f" ({counted(len(train.rows), 'row')} of train)"
    encoded = np.stack([np.asarray(train.samples.target(int(row))) for row in train.rows])
    if prepared.task.has_numbers:
        name, fitted = f"ridge regression on {kinds}", _ridge(train.features, encoded.ravel())
    else:
        name = f"logistic regression on {kinds}"
        targets = np.asarray(prepared.task.train_targets(encoded, prepared.target))
        fitted = _logistic(train.features, targets, len(prepared.target.labels))
    return LinearAnswers(
        prepared.recipe,
        train.inputs,
        prepared.target,
        joined(train.parts, *fitted),
        name,
        trained_on=prepared.trained_on,
    )


def _described(modality: Modality) -> str:
    if isinstance(modality, PooledTokens):
        return "vectors of a frozen encoder"
    return described(modality)


def _judged(
    name: str,
    prepared: Prepared,
    said: Mapping[str, Predictions],
    start: float,
    answers: LinearAnswers | None = None,
) -> SimpleModel:
    """Returns a simple model, whose answers are chosen as those of the network are."""
    said = with_chosen_answers(prepared, said, "val")
    return SimpleModel(
        name, next(iter(said.values())), time.monotonic() - start, answers, said.get("val")
    )


def _answered(
    answers: LinearAnswers, prepared: Prepared, split: str, network: Predictions
) -> Predictions:
    """Returns the predictions of a linear model for the rows that the network answered.

    Args:
        answers: LinearAnswers.
        prepared: Prepared.
        split: str, the part of the data.
        network: Predictions of the network for it.
    """
    samples = prepared.samples[split].with_sources(answers.sources)
    checked = prepared.checked[split]
    said = answers.of_samples(samples, one_step(checked.take(np.isin(checked.rows, network.rows))))
    return replace(network, outputs=said.outputs, words=None, chosen=None)


def _boosted(prepared: Prepared, found: Mapping[str, Predictions], names: list[str]) -> SimpleModel:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    start = time.monotonic()
    train = _train_matrix(prepared, names)
    encoded = np.stack([np.asarray(train.samples.target(int(row))) for row in train.rows])
    targets = np.asarray(prepared.task.train_targets(encoded, prepared.target))
    settings: dict[str, Any] = {
        "max_iter": 100,
        "random_state": 0,
        "early_stopping": len(targets) >= 200,
        "min_samples_leaf": min(20, max(1, len(targets) // 20)),
    }
    each = [_features_of(train, prepared.samples[split], one.rows) for split, one in found.items()]
    if prepared.task.has_numbers:
        model = HistGradientBoostingRegressor(**settings).fit(train.features, targets)
        outputs = model.predict(np.vstack(each))
    else:
        outputs = _boosted_labels(
            targets,
            len(prepared.target.labels),
            np.vstack(each),
            lambda one: HistGradientBoostingClassifier(**settings).fit(train.features, one),
        )
    ends = np.cumsum([len(one) for one in each])[:-1]
    said = {
        split: replace(one, outputs=own, words=None, chosen=None)
        for (split, one), own in zip(found.items(), np.split(outputs, ends), strict=True)
    }
    return _judged("gradient boosting on columns", prepared, said, start)


def _features_of(train: _Matrix, samples: Samples, rows: np.ndarray) -> np.ndarray:
    """Returns the dense features of some rows of a split, as those of train."""
    sources = {source.name: source for source in samples.sources}
    return np.hstack(
        [
            _encoded(samples, sources[item.name], item.modality, rows, told)
            for item, (_, _, told) in zip(train.inputs, train.parts, strict=True)
        ]
    )


def _encoded(
    samples: Samples, source: Any, modality: Featured, rows: np.ndarray, told: bool
) -> np.ndarray:
    """Returns dense features of some rows, with a column that says what is missing if `told`."""
    found = np.zeros((len(rows), modality.width + told))
    for place, row in enumerate(rows):
        decoded = samples.decode(source, int(row))
        if decoded is not None:
            found[place, : modality.width] = modality.encode(decoded)
        elif told:
            found[place, -1] = 1
    return found


def _boosted_labels(
    targets: np.ndarray, num_labels: int, features: np.ndarray, fitted: Callable[[np.ndarray], Any]
) -> np.ndarray:
    """Returns probabilities (rows, labels): of one model, or one for each label of label sets."""
    outputs = np.zeros((len(features), num_labels))
    if targets.ndim == 1:
        model = fitted(targets.astype(np.int64))
        outputs[:, model.classes_] = model.predict_proba(features)
        return outputs
    for label, column in enumerate(targets.T.astype(np.int64)):
        outputs[:, label] = float(column.mean())
        if 0 < column.sum() < len(column):
            outputs[:, label] = fitted(column).predict_proba(features)[:, 1]
    return outputs


def _train_matrix(prepared: Prepared, names: list[str]) -> _Matrix:
    """Returns the features of train, whose inputs learn what they need from it."""
    from scipy.sparse import csr_matrix, hstack, issparse

    samples, rows = prepared.samples["train"], prepared.told().checked["train"].rows
    if len(rows) > _MOST_ROWS:
        rows = rows[np.sort(generator(0).permutation(len(rows))[:_MOST_ROWS])]
    blocks, parts, inputs = [], [], []
    for item, source in zip(prepared.inputs, samples.sources, strict=True):
        if item.name not in names:
            continue
        modality = Featured(item.modality)
        decoded = [samples.decode(source, int(row)) for row in rows]
        blocks.append(modality.learn(decoded))
        gone = np.array([[one is None] for one in decoded], np.float64)
        if gone.any():
            blocks.append(gone)
        parts.append((item.key, modality.width, bool(gone.any())))
        inputs.append(replace(item, modality=modality))
    if not any(issparse(block) for block in blocks):
        return _Matrix(np.hstack(blocks), parts, inputs, samples, rows)
    features: Any = csr_matrix(hstack([csr_matrix(block) for block in blocks]))
    if features.shape[1] <= _DENSEST:
        features = features.toarray()
    return _Matrix(features, parts, inputs, samples, rows)


def _logistic(train: Any, targets: np.ndarray, num_labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns coefficients (features, labels) and biases, of logits."""
    coefficients, bias = np.zeros((train.shape[1], num_labels)), np.full(num_labels, NEVER)
    if targets.ndim == 1:
        model = _best_logistic(train, targets.astype(np.int64), num_labels)
        if len(model.classes_) == 2:  # the logit of the second against the first
            bias[model.classes_[0]], bias[model.classes_[1]] = 0, model.intercept_[0]
            coefficients[:, model.classes_[1]] = model.coef_[0]
        else:
            bias[model.classes_], coefficients[:, model.classes_] = model.intercept_, model.coef_.T
        return coefficients, bias
    for label, column in enumerate(targets.T.astype(np.int64)):
        if 0 < column.sum() < len(column):
            model = _best_logistic(train, column, 2)
            coefficients[:, label], bias[label] = model.coef_[0], model.intercept_[0]
        else:
            bias[label] = NEVER * (1 - 2 * float(column.mean()))
    return coefficients, bias


def _best_logistic(train: Any, each: np.ndarray, num_labels: int) -> Any:
    """Returns a logistic regression whose regularisation has the lowest cross-validated loss."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, StratifiedKFold

    def fitted(x: Any, y: np.ndarray, strength: float) -> Any:
        return LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(x, y)

    rows = _sampled(train.shape[0])
    counts, kind = np.bincount(each[rows]), StratifiedKFold
    if min(count for count in counts if count) < _NUM_FOLDS:
        kind = KFold
    folds = list(kind(_NUM_FOLDS, shuffle=True, random_state=0).split(rows, each[rows]))

    def loss(strength: float) -> float:
        total = 0.0
        for one, other in folds:
            if len(np.unique(each[rows[one]])) < 2:
                return np.inf
            model = fitted(train[rows[one]], each[rows[one]], strength)
            chances = np.zeros((len(other), num_labels))
            chances[:, model.classes_] = model.predict_proba(train[rows[other]])
            right = chances[np.arange(len(other)), each[rows[other]]]
            total -= float(np.log(np.clip(right, 1e-6, 1)).mean())
        return total

    return fitted(train, each, min(_STRENGTHS, key=loss))


def _ridge(train: Any, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns coefficients (features, 1) and the bias, for targets (rows,)."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold

    targets, rows = targets.astype(np.float64), _sampled(train.shape[0])
    folds = list(KFold(_NUM_FOLDS, shuffle=True, random_state=0).split(rows))

    def loss(penalty: float) -> float:
        total = 0.0
        for one, other in folds:
            model = Ridge(alpha=penalty).fit(train[rows[one]], targets[rows[one]])
            errors = model.predict(train[rows[other]]) - targets[rows[other]]
            total += float(np.square(errors).sum())
        return total

    best = Ridge(alpha=min(_PENALTIES, key=loss)).fit(train, targets)
    return best.coef_.reshape(-1, 1), np.array([float(best.intercept_)])


def _sampled(count: int) -> np.ndarray:
    return generator(1).permutation(count)[:_CHOICE_ROWS]
