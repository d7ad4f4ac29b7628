"""Wrong labels: those that a small model of all other rows does not believe."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polymodal.questions.inspection.deep.kernel import (
    best_ridge,
    held_out,
    joined,
    probabilities,
)
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.finding import Finding

_ROUNDS = 3
_SURE = 0.5  # chance of being wrong from which a row is named
_LEAST_GAIN = 0.1  # accuracy over that of the most frequent class, below which nobody can tell
_LEAST_CHANCE = 2e-3
_RATES = (0.001, 0.45)


def wrong_labels(sampled: Sampled) -> Iterator[Finding]:
    """Finds rows whose label is probably wrong."""
    look = sampled.look
    if look.target is None or not look.has_labels:
        return
    texts = [look.texts(look.target)[row] for row in sampled.rows]
    known = np.array([text is not None for text in texts], bool)
    kernels = [sampled.kernel(name) for name in sampled.inputs]
    kernels = [one for one in kernels if one is not None]
    if known.sum() < 50 or not kernels:
        return
    labels, names = _numbered([str(text).strip() for text in np.array(texts, object)[known]])
    alike = joined(kernels)[np.ix_(known, known)]
    found = noise(alike, labels)
    if found is None:
        return
    wrong, guess = found
    rows = sampled.rows[known]
    odd = np.flatnonzero(wrong > _SURE)
    if len(odd):
        yield look.finding(
            "wrong label", look.target, rows[odd],
            f"{{rows}} have a label that a small model of the other rows does not believe"
            f"{sampled.of_all}.",
            "Wrong labels teach the model mistakes, and make scores look worse or better than "
            "they are.", "Look at these rows, and correct or remove those that are wrong.",
            notes={int(rows[one]): f'"{names[labels[one]]}" looks like "{names[guess[one]]}" '
                                   f"({wrong[one]:.0%} sure)" for one in odd})


def noise(alike: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the chance of each label to be wrong, and the best other label; None where the
    inputs say too little about labels.

    Rows count less the more doubtful their label is, and the share of wrong labels is that which
    explains the doubts best.

    Args:
        alike: (rows, rows), a kernel of the inputs.
        labels: (rows,) int.
    """
    num_classes = int(labels.max()) + 1
    targets = np.eye(num_classes)[labels]
    usual = float(targets.mean(axis=0).max())
    rows = np.arange(len(labels))
    wrong, chances = np.zeros(len(labels)), targets
    ridge = best_ridge(alike, targets - targets.mean(axis=0))
    for _ in range(_ROUNDS):
        scores = held_out(alike, targets - targets.mean(axis=0), 1 - wrong, ridge)
        scores = scores + targets.mean(axis=0)
        chances = probabilities(scores, labels, wrong < _SURE)
        if (chances.argmax(axis=1) == labels).mean() < usual + _LEAST_GAIN:
            return None
        wrong = _posterior(chances[rows, labels], num_classes)
    others = chances.copy()
    others[rows, labels] = -1
    return wrong, others.argmax(axis=1)


def _posterior(own: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns the chance that each label is wrong, from the probability that the model gives it.

    With a share r of labels replaced by any other class, a label is seen with (1 - r) * p where it
    is right and r * (1 - p) / (classes - 1) where it is not; r is fitted to all rows. The model
    has learned the labels as they are, wrong ones included, which is taken out of p.
    """
    rate, wrong = 0.05, np.zeros(len(own))
    for _ in range(30):
        other = rate / (num_classes - 1)
        clean = np.clip((own - other) / (1 - rate - other), _LEAST_CHANCE, 1)
        right_way = (1 - rate) * clean
        wrong_way = rate * (1 - clean) / (num_classes - 1)
        wrong = wrong_way / np.maximum(right_way + wrong_way, 1e-12)
        rate = float(np.clip(wrong.mean(), *_RATES))
    return wrong


def _numbered(texts: list[str]) -> tuple[np.ndarray, list[str]]:
    names, labels = np.unique(np.array(texts, object).astype(str), return_inverse=True)
    return labels, [str(name) for name in names]
