"""What a model said about a table: the one form that evaluation, reports and files read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polymodal.core.task import Task


@dataclass
class Predictions:
    """Outputs of a task for the rows it could read, flat over steps for sequence tasks.

    Args:
        task: Task, which knows what outputs and targets mean.
        labels: list of str, names of the classes, in the order of the outputs' last axis.
        rows: (n,) int, index of the table's row that each output belongs to, from 0.
        outputs: (n, classes) probabilities; (n,) numbers in the target's own unit for regression;
            (n,) texts, dtype object, for tasks whose answer is a text.
        targets: (n,) class indices; (n, classes) bool for multilabel; (n,) float for regression;
            (n,) lists of right texts, dtype object, where the answer is a text; None when the
            table has no target. Rows without a target are not in `scored`.
        scored: (n,) bool, True where a target is known.
        modalities: list of str, names of the inputs, in the order of `present`'s last axis.
        present: (n, modalities) bool, False where that input was missing.
        groups: (n,) int, sequence or group of each output, for intervals by group; or None.
        group_column: str, column whose equal values make the groups, such as "speaker"; "" where
            a group is a table row with all its steps.
        steps: (n,) int, step inside the sequence, for sequence tasks; or None.
        errors: {row: message} for rows that could not be read.
        dropped: {reason: count} of rows that gave no prediction or are not scored.
        num_rows: int, rows read from the table.
        words: (n,) lists of (word, confidence 0 to 1 as the model states it), dtype object, of
            transcripts; or None.
        truncated: {reason: count} of inputs and targets of which only a part was looked at.
        normalisation: str, what is done to both sides before transcripts are compared; see
            `evaluation.texts.normalisation`.
    """

    task: Task
    labels: list[str]
    rows: np.ndarray
    outputs: np.ndarray
    targets: np.ndarray | None
    scored: np.ndarray
    modalities: list[str]
    present: np.ndarray
    groups: np.ndarray | None = None
    steps: np.ndarray | None = None
    errors: dict[int, str] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    num_rows: int = 0
    words: np.ndarray | None = None
    truncated: dict[str, int] = field(default_factory=dict)
    normalisation: str = "basic"
    group_column: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_text(self) -> bool:
        """Whether outputs are texts, and targets lists of texts."""
        return self.task.is_text

    def take(self, where: np.ndarray) -> Predictions:
        """Returns the predictions that `where` (bool or indices over n) selects."""
        pick = lambda array: None if array is None else array[where]
        return Predictions(
            self.task, self.labels, self.rows[where], self.outputs[where], pick(self.targets),
            self.scored[where], self.modalities, self.present[where], pick(self.groups),
            pick(self.steps), self.errors, self.dropped, self.num_rows, pick(self.words),
            self.truncated, self.normalisation, self.group_column,
        )
