"""Labels for rows that have none, where a first model is sure enough on validation rows."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import write_json
from polymodal.core.errors import RecipeError
from polymodal.core.printed.progress import say
from polymodal.feed.samples import Samples
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.tables.table import Table
from polymodal.training.preparing.prepared import Prepared
from polymodal.training.steps.settings import Training

__all__ = ["Choice", "check_pseudo_labels", "choose_confidence", "with_pseudo_labels"]

FOLDER = "first"  # of the model that gives the labels, below the run's
FILE = "pseudo_labels.json"
_SURE = 0.9  # chance that the bound on the precision holds
_GRID = 20  # confidences that are tried: quantiles of those of the rows without a target


@dataclass(frozen=True)
class Choice:
    """From which confidence on answers are taken as labels.

    Args:
        confidence: float, 0..1; None where no confidence is enough.
        right, of: int, answers on validation rows that are as sure, and how many of them are right.
        error: float, upper bound of the share of wrong labels.
    """

    confidence: float | None
    right: int = 0
    of: int = 0
    error: float = 1.0


def rows_needed(precision: float) -> int:
    """Returns how many validation rows, all answered right, show a precision.

    Example:

    >>> rows_needed(0.95), rows_needed(0.9)
    (45, 22)
    """
    return math.ceil(math.log(1 - _SURE) / math.log(precision))


def choose_confidence(
    sure: np.ndarray, right: np.ndarray, others: np.ndarray, precision: float
) -> Choice:
    """Returns the smallest confidence whose answers are shown to be as precise as is asked.

    Confidences are tested from the largest down that enough rows have, until one fails, so that
    the bound holds for the one that is chosen (fixed sequence testing).

    Args:
        sure: (n,) float, confidences of the answers on validation rows.
        right: (n,) bool.
        others: (m,) float, confidences on the rows without a target.
        precision: float, 0 < precision < 1.

    Source: the sequence of tests is that of Angelopoulos et al., "Learn then test", 2021, section
    2.3; bounds are Clopper's and Pearson's.

    Example:

    >>> found = choose_confidence(np.linspace(0.5, 1, 100), np.arange(100) > 20,
    ...                           np.linspace(0.5, 1, 100), 0.9)
    >>> found.right, found.of
    (79, 80)
    """
    from scipy.stats import beta

    found = Choice(None)
    for least in np.quantile(others, np.linspace(1, 0, _GRID + 1)):
        chosen = right[sure >= least]
        if len(chosen) < rows_needed(precision):
            continue
        wrong = len(chosen) - int(chosen.sum())
        bound = 1.0
        if wrong < len(chosen):
            bound = float(beta.ppf(_SURE, wrong + 1, len(chosen) - wrong))
        if bound > 1 - precision + 1e-9:
            break
        found = Choice(float(least), int(chosen.sum()), len(chosen), bound)
    return found


def check_pseudo_labels(prepared: Prepared, precision: float) -> None:
    """Raises RecipeError where a run has no rows, or too few, that show the precision of labels."""
    task, checked = prepared.task, prepared.checked
    by_class = prepared.target.shape == () and prepared.target.labels
    if not task.one_answer or prepared.recipe.group or not by_class:
        raise RecipeError(
            f"training.pseudo_labels needs one class for each row. Got {task.name}. Leave it out."
        )
    if "val" not in checked:
        raise RecipeError(
            "training.pseudo_labels needs validation rows. Got none held out. Give "
            "a table with --val."
        )
    least, known = rows_needed(precision), len(checked["val"])
    if known < least:
        possible = math.floor(100 * (1 - _SURE) ** (1 / known)) / 100
        raise RecipeError(
            f"training.pseudo_labels={precision} needs at least {least} validation "
            f"rows with a target. Got {known}. Give more with --val, or ask for "
            f"less: --set training.pseudo_labels={possible:g}."
        )


def with_pseudo_labels(
    prepared: Prepared,
    settings: Training,
    folder: Path,
    tables: Mapping[str, Table],
    cache: Cache | KeptMedia,
) -> Prepared:
    """Trains a first model, and returns the rows with its labels where they are sure enough.

    Rows without a label afterwards stay only where an objective reads them. Validation and test
    rows stay as they are.

    Args:
        prepared: Prepared, whose train split has rows without a target.
        settings: Training, with `pseudo_labels`.
        folder: Path of the run; the first model is trained in a folder below.
        tables: {split: Table}.
        cache: of decoded media.

    Raises:
        RecipeError: no validation rows, or too few, or another task.
        Interrupted: the first training was stopped; the same command resumes it.
    """
    from polymodal.training.job import set_up

    precision = float(settings.pseudo_labels or 0)
    check_pseudo_labels(prepared, precision)
    checked = prepared.checked["train"]
    rows = checked.rows[checked.valid == 0]
    if not len(rows):
        say("Pseudo-labels: every row of train has a target, so none is needed.")
        return prepared
    say(f"Training a first model, which labels rows that it is sure of at {precision:g} precision")
    first = dataclasses.replace(settings, pseudo_labels=None)
    job = set_up(prepared, first, folder / FOLDER)
    predictor = job.train().predictor
    known = predictor.predict(tables["val"], scored=True, cache=cache)
    said = predictor.predict(tables["train"].select(rows), cache=cache)
    choice = choose_confidence(
        known.outputs.max(axis=1)[known.scored],
        (known.outputs.argmax(axis=1) == known.targets)[known.scored],
        said.outputs.max(axis=1),
        precision,
    )
    if choice.confidence is None:
        labels = {}
    else:
        labels = {
            int(rows[place]): int(output.argmax())
            for place, output in zip(said.rows, said.outputs, strict=True)
            if output.max() >= choice.confidence
        }
    say(_sentence(choice, len(labels), len(rows), precision))
    write_json(
        folder / FOLDER / FILE,
        {
            "labelled": len(labels),
            "rows": len(rows),
            "precision": precision,
            "expected_wrong_at_most": round(choice.error * len(labels)),
            "error": choice.error,
            "confidence": choice.confidence,
            "validation_right": choice.right,
            "validation_rows": choice.of,
        },
    )
    return _relabelled(prepared, labels)


def _sentence(choice: Choice, num_labels: int, num_rows: int, precision: float) -> str:
    if choice.confidence is None:
        return (
            f"Pseudo-labels: none of {num_rows:,} rows without a target got one, because no "
            f"confidence shows a precision of {precision:g} on the validation rows."
        )
    return (
        f"Pseudo-labels: {num_labels:,} of {num_rows:,} rows without a target got the answer "
        f"that the first model is at least {100 * choice.confidence:.1f} % sure of. Of such "
        f"answers {choice.right} of {choice.of} are right on validation rows, so at most "
        f"{100 * choice.error:.1f} % of the labels are expected to be wrong, "
        f"{choice.error * num_labels:.0f} rows."
    )


def _relabelled(prepared: Prepared, labels: Mapping[int, int]) -> Prepared:
    """Returns the rows with these labels of train."""
    samples, checked = prepared.samples["train"], prepared.checked["train"]
    valid = checked.valid.copy()
    valid[np.isin(checked.rows, [*labels])] = 1
    return dataclasses.replace(
        prepared,
        guessed=tuple(sorted(labels)),
        samples={**prepared.samples, "train": Relabelled(samples, labels)},
        checked={**prepared.checked, "train": dataclasses.replace(checked, valid=valid)},
    )


class Relabelled(Samples):
    """Samples of the train split, of which some have a label that a model gave.

    Args:
        samples: Samples whose target is fitted.
        labels: {row: class}.
    """

    def __init__(self, samples: Samples, labels: Mapping[int, int]):
        self.__dict__.update(samples.__dict__)
        self._labels = dict(labels)

    def target(self, row: int, rng: np.random.Generator | None = None) -> Any:
        """Returns the class of a row, the model's where it has none of its own."""
        label = super().target(row, rng)
        if label is None and row in self._labels:
            return np.asarray(self._labels[row], self.known_target.dtype)
        return label

    def only(self, name: str) -> Samples:
        """Returns the same rows with one source alone."""
        return Relabelled(super().only(name), self._labels)

    def fingerprint(self) -> str:
        """Returns a hash of all cells that are used, and of the labels."""
        return hashlib.sha256(
            f"{super().fingerprint()} {sorted(self._labels.items())}".encode()
        ).hexdigest()
