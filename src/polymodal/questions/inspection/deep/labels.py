"""Wrong labels: those that a small model of all other rows does not believe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from polymodal.questions.inspection.deep.kernel import (
    best_ridge,
    held_out,
    joined,
    probabilities,
)
from polymodal.questions.inspection.deep.named import named
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.finding import Finding
from polymodal.tables.kinds import MEDIA

_ROUNDS = 3
_SURE = 0.5  # chance of being wrong from which a row counts less for the others
_LEAST_GAIN = 0.1  # accuracy over that of the most frequent class, below which nobody can tell
_LEAST_CHANCE = 1e-3
_RATES = (0.001, 0.45)
_SUREST, _FEWEST_SURE = (0.1, 0.2, 0.3, 0.5), 30  # share and number of the rows judged surest
_UNSURE = 1.5  # times that number, which is known roughly
_FEWEST = 50
_ALONE = 0.8  # of the labels that all inputs tell, those that one must tell alone
_FALSE_INPUTS = 0.05  # of the rows named, expected to be right


def wrong_labels(sampled: Sampled) -> Iterator[Finding]:
    """Finds rows whose label is probably wrong, or whose image or sound has another."""
    look = sampled.look
    if look.target is None or not look.has_labels:
        return
    known = np.flatnonzero(sampled.there(look.target))
    kernels = {
        name: one[np.ix_(known, known)]
        for name in sampled.inputs
        if (one := sampled.kernel(name)) is not None
    }
    if len(known) < _FEWEST or not kernels:
        return
    texts = [str(look.texts(look.target)[row]).strip() for row in sampled.rows[known]]
    names, labels = np.unique(np.array(texts), return_inverse=True)
    found = noise(joined(list(kernels.values())), labels)
    if found is None:
        return
    wrong, guess, right, most = found
    odd = named(wrong, most)
    rows = sampled.rows[known]
    if len(odd):
        yield look.finding(
            "wrong label",
            look.target,
            rows[odd],
            f"{{rows}} have a label that a small model of the other rows does not believe"
            f"{sampled.of_all}.",
            "Wrong labels teach the model mistakes, and make scores look worse or better than "
            "they are.",
            "Look at each such row, and correct or remove it if it is wrong.",
            notes={
                int(rows[one]): f'"{names[labels[one]]}" looks like "{names[guess[one]]}" '
                f"({wrong[one]:.0%} sure)"
                for one in odd
            },
        )
    if len(kernels) > 1:
        for name in kernels:
            if look.kind(name) in MEDIA:
                there = sampled.there(name)[known] & (wrong <= _SURE)
                yield from _wrong_input(
                    sampled,
                    name,
                    kernels[name],
                    labels,
                    names,
                    known,
                    np.flatnonzero(there),
                    _ALONE * right,
                )


def _wrong_input(
    sampled: Sampled,
    name: str,
    alike: np.ndarray,
    labels: np.ndarray,
    names: np.ndarray,
    known: np.ndarray,
    there: np.ndarray,
    least_right: float,
) -> Iterator[Finding]:
    """Finds rows of right labels whose cell of one input looks like another label, if this input
    tells labels nearly as often as all together: the picture of a question does not."""
    look = sampled.look
    if look.target is None or len(there) < _FEWEST:
        return
    used, numbers = np.unique(labels[there], return_inverse=True)
    found = noise(alike[np.ix_(there, there)], numbers)
    if found is None or found.right < least_right:
        return
    wrong, guess = found.wrong, found.guess
    odd = named(wrong, found.most // 2, _FALSE_INPUTS)  # one input alone errs more often
    rows = sampled.rows[known[there]]
    if len(odd):
        yield look.finding(
            "wrong pair",
            (name, look.target),
            rows[odd],
            f'{{rows}} have a cell in "{name}" that looks like another label, while the other '
            f"inputs fit{sampled.of_all}.",
            "A wrong pair teaches the model the opposite of what holds.",
            "Look at each such row, and correct or remove it if it is wrong.",
            notes={
                int(rows[one]): f'"{names[used[numbers[one]]]}" is the label, and it looks like '
                f'"{names[used[guess[one]]]}" ({wrong[one]:.0%} sure)'
                for one in odd
            },
        )


class Noise(NamedTuple):
    """What a model of the other rows says of labels.

    Args:
        wrong: (rows,) 0..1, the chance of each label to be wrong.
        guess: (rows,) int, the best other label.
        right: float, share of rows whose label is the most likely one.
        most: int, how many labels are wrong at most, by the rows that are judged surest.
    """

    wrong: np.ndarray
    guess: np.ndarray
    right: float
    most: int


def noise(alike: np.ndarray, labels: np.ndarray) -> Noise | None:
    """Returns which labels are doubtful; None where the inputs say too little about labels.

    Rows count less the more doubtful their label is, and the share of wrong labels is that which
    explains the doubts best.

    Args:
        alike: (rows, rows), a kernel of the inputs.
        labels: (rows,) int.
    """
    num_classes = int(labels.max()) + 1
    if num_classes < 2:
        return None
    targets = np.eye(num_classes)[labels]
    usual = float(targets.mean(axis=0).max())
    rows = np.arange(len(labels))
    wrong, chances, right = np.zeros(len(labels)), targets, 0.0
    ridge = best_ridge(alike, targets - targets.mean(axis=0))
    for _ in range(_ROUNDS):
        scores = held_out(alike, targets - targets.mean(axis=0), 1 - wrong, ridge)
        scores = scores + targets.mean(axis=0)
        chances = probabilities(scores, labels, wrong < _SURE)
        right = float((chances.argmax(axis=1) == labels).mean())
        if right < usual + _LEAST_GAIN:
            return None
        wrong = _posterior(chances[rows, labels], num_classes, _most_wrong(chances, labels))
    others = chances.copy()
    others[rows, labels] = -1
    most = round(_UNSURE * _most_wrong(chances, labels) * len(labels))
    return Noise(wrong, others.argmax(axis=1), right, most)


def _most_wrong(chances: np.ndarray, labels: np.ndarray) -> float:
    """Returns the largest share of wrong labels that the surest predictions allow.

    The model errs least where it is surest, while labels are wrong there as often as anywhere.
    """
    order = np.argsort(-chances.max(axis=1), kind="stable")
    other = (chances.argmax(axis=1) != labels)[order]
    counts = [max(_FEWEST_SURE, round(share * len(labels))) for share in _SUREST]
    return min(
        (float(other[:count].sum()) + 0.5) / (min(count, len(labels)) + 1) for count in counts
    )


def _posterior(own: np.ndarray, num_classes: int, most: float) -> np.ndarray:
    """Returns the chance that each label is wrong, from the probability that the model gives it.

    With a share r of labels replaced by any other class, a label is seen with (1 - r) * p where it
    is right and r * (1 - p) / (classes - 1) where it is not; r is fitted to all rows and at most
    `most`. The model has learned the labels as they are, wrong ones included, which is taken out
    of p.
    """
    rate, wrong = min(0.05, most), np.zeros(len(own))
    for _ in range(30):
        other = rate / (num_classes - 1)
        clean = np.clip((own - other) / (1 - rate - other), _LEAST_CHANCE, 1)
        right_way = (1 - rate) * clean
        wrong_way = rate * (1 - clean) / (num_classes - 1)
        wrong = wrong_way / np.maximum(right_way + wrong_way, 1e-12)
        rate = min(float(np.clip(wrong.mean(), *_RATES)), most)
    return wrong
