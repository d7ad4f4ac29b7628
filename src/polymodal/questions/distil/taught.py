"""Rows whose targets a teacher has answered: what a student is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import RecipeError
from polymodal.feed.samples import Samples

__all__ = ["TEMPERATURE", "WEIGHT", "Taught", "answers_of"]

TEMPERATURE = 2.0
WEIGHT = 0.7  # of the teacher, next to the label
_LEAST = 1e-7


class _SoftTarget:
    """A target whose encoded values hold the teacher's answer too."""

    dtype = np.float32

    def __init__(self, own: Any, shape: tuple[int, ...]):
        self._own, self.shape = own, shape

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


class Taught(Samples):
    """Samples of the train split with a teacher's answers in their targets.

    Of one class among several a target is the teacher's softened probabilities and the class, as
    `layers.distillation_loss` takes it. Labels and numbers are mixed with the teacher's.

    Args:
        samples: Samples whose target is fitted.
        answers: {row: encoded answer of the teacher}.
    """

    def __init__(self, samples: Samples, answers: Mapping[int, np.ndarray]):
        self.__dict__.update(samples.__dict__)
        self._answers = dict(answers)
        own = samples.known_target
        self._chooses = own.shape == () and bool(own.labels)
        shape = (own.num_outputs + 1,) if self._chooses else tuple(own.shape)
        self.target_object = _SoftTarget(own, shape)

    def target(self, row: int, rng: np.random.Generator | None = None) -> Any:
        """Returns the label of a row with the teacher's answer."""
        label = super().target(row, rng)
        if label is None or row not in self._answers:
            if not self._chooses or label is None:
                return label
            return self._alone(label)
        answer = self._answers[row]
        if self._chooses:
            return np.append(answer, np.float32(label)).astype(np.float32)
        return (WEIGHT * answer + (1 - WEIGHT) * label).astype(np.float32)

    def fingerprint(self) -> str:
        """Returns a hash of all cells that are used, and of the teacher's answers."""
        digest = hashlib.sha256(super().fingerprint().encode())
        for row in sorted(self._answers):
            digest.update(np.round(self._answers[row], 4).tobytes())
        return digest.hexdigest()

    def _alone(self, label: Any) -> np.ndarray:
        """Returns a target for a row that the teacher could not read: its label is certain."""
        found = np.zeros(self.target_object.shape, np.float32)
        found[int(label)], found[-1] = 1, label
        return found


def answers_of(task: Task, said: Predictions, target: Any) -> dict[int, np.ndarray]:
    """Returns a teacher's predictions as encoded targets, {row: array}.

    Args:
        task: Task of one answer for each row.
        said: Predictions of the teacher.
        target: Target, fitted, whose labels are those of the teacher.

    Raises:
        RecipeError: a task that has no such answers, or other labels.
    """
    if not task.one_answer or task.compares_inputs:
        raise RecipeError(
            f"distil needs a run with one answer for each row. Got {task.name}. "
            "Train a smaller model with --set dim=... instead."
        )
    if list(said.labels) != list(target.labels):
        raise RecipeError(
            "distil needs the labels that the teacher knows. Got other ones in the "
            "table. Give the table that the teacher was trained on."
        )
    outputs = np.asarray(said.outputs, np.float64)
    if task.has_numbers:
        return {
            int(row): target.encode(float(value))
            for row, value in zip(said.rows, outputs, strict=True)
        }
    if target.shape == ():
        softened = np.maximum(outputs, _LEAST) ** (1 / TEMPERATURE)
        outputs = softened / softened.sum(axis=1, keepdims=True)
    return {int(row): one.astype(np.float32) for row, one in zip(said.rows, outputs, strict=True)}
