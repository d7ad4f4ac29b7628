"""A small model without training steps: kernel ridge regression, each row held out in turn.

The prediction for a row by a model of all other rows has a closed form, so that every row is judged
by a model that has not seen it, at the price of one matrix inverse.

Source: Rifkin and Lippert, "Notes on regularized least squares" (2007), leave-one-out; a product of
kernels compares rows by all inputs at once, a sum by each alone.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from scipy.linalg import get_lapack_funcs

_RIDGE = 0.05
_RIDGES, _TRIED_ROWS = (0.03, 0.1, 0.3, 1.0, 3.0), 1200
_SAMPLED = 4000  # pairs of rows whose usual distance sets the width of a kernel
_TEMPERATURES = np.geomspace(0.03, 0.6, 14)


def kernel(blocks: list[np.ndarray]) -> np.ndarray:
    """Returns float32 (rows, rows): how alike rows are by blocks of features, of which the last
    counts as much as the others together."""
    *others, last = map(_alike, blocks)
    if not others:
        return last
    return (sum(others, np.float32(0)) / len(others) + last) / 2


def linear_kernel(counts: np.ndarray) -> np.ndarray:
    """Returns float32 (rows, rows), the kernel of a linear model of (rows, dim) counts."""
    values = counts - counts.mean(axis=0)
    return values @ values.T / max(float(values.var(axis=0).sum()), 1e-9)


def joined(kernels: list[np.ndarray]) -> np.ndarray:
    """Returns one kernel of several inputs: half their product, half their mean."""
    if len(kernels) == 1:
        return kernels[0]
    product = reduce(np.multiply, kernels)
    return (product + sum(kernels, np.float32(0)) / len(kernels)) / 2


def held_out(
    alike: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None, ridge: float = _RIDGE
) -> np.ndarray:
    """Returns (rows, dim) float, the prediction of each row by all others.

    Args:
        alike: (rows, rows), a kernel.
        targets: (rows, dim).
        weights: (rows,) 0..1, how much a row counts for the others; None for 1.
        ridge: float, above 0.
    """
    targets = targets.astype(np.float64)
    diagonal = np.full(len(alike), ridge)
    if weights is not None:
        diagonal = diagonal / np.maximum(weights, 1e-3)
    inverse = _inverse(alike, diagonal)
    left = (inverse @ targets) / np.diag(inverse)[:, None]
    return targets - left


def best_ridge(alike: np.ndarray, targets: np.ndarray) -> float:
    """Returns the ridge whose held-out predictions are nearest to the targets: noisy ones need
    more."""
    some = np.linspace(0, len(alike) - 1, min(len(alike), _TRIED_ROWS)).astype(int)
    part, goal = alike[np.ix_(some, some)], targets[some]
    return min(
        _RIDGES, key=lambda ridge: float(((held_out(part, goal, ridge=ridge) - goal) ** 2).sum())
    )


def _inverse(alike: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
    """Returns the inverse of a kernel with a ridge, by Cholesky, which takes half the time."""
    matrix = alike.astype(np.float64)
    matrix[np.arange(len(matrix)), np.arange(len(matrix))] += diagonal
    potrf, potri = get_lapack_funcs(("potrf", "potri"), (matrix,))
    factor, failed = potrf(matrix, lower=1, overwrite_a=1)
    if not failed:
        found, failed = potri(factor, lower=1, overwrite_c=1)
        if not failed:
            return np.tril(found) + np.tril(found, -1).T
    return np.linalg.inv(alike.astype(np.float64) + np.diag(diagonal))


def probabilities(
    scores: np.ndarray, labels: np.ndarray, counted: np.ndarray | None = None
) -> np.ndarray:
    """Returns (rows, classes), probabilities from held-out scores, as sharp as fits the labels.

    Args:
        scores: (rows, classes).
        labels: (rows,) int.
        counted: (rows,) bool, the rows whose labels decide how sharp; None for all.
    """
    use = np.ones(len(labels), bool) if counted is None else counted

    def loss(temperature: float) -> float:
        found = _softmax(scores[use] / temperature)
        return -float(
            np.log(0.98 * found[np.arange(use.sum()), labels[use]] + 0.02 / scores.shape[1]).mean()
        )

    return _softmax(scores / min(_TEMPERATURES, key=loss))


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _alike(block: np.ndarray) -> np.ndarray:
    values = block - block.mean(axis=0)
    squares = (values**2).sum(axis=1)
    distance = squares[:, None] + squares[None] - 2 * values @ values.T
    np.maximum(distance, 0, out=distance)
    random = np.random.default_rng(0)
    pairs = random.integers(len(values), size=(2, _SAMPLED))
    usual = float(np.median(distance[pairs[0], pairs[1]]))
    return np.exp(distance * (-1.5 / max(usual, 1e-9))).astype(np.float32)
