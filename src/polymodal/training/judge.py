"""Validation of an epoch: named scores, and the error of each row."""

from __future__ import annotations

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.metrics import score
from polymodal.evaluation.row_errors import RowErrors, row_errors
from polymodal.feed.samples import Samples
from polymodal.inference.outputs import Output, collect, enter_groups
from polymodal.inference.predictor import Predictor


class Judge:
    """Scores a model in training on the validation rows.

    Args:
        predictor: Predictor of the model.
        samples: Samples of the validation table.
    """

    def __init__(self, predictor: Predictor, samples: Samples):
        self.predictor, self.samples = predictor, samples
        self._seen: Predictions | None = None

    def score(self, seen: list[Output]) -> dict[str, float]:
        """Returns the named scores of all batches' outputs."""
        of, samples = self.predictor, self.samples
        self._seen = collect(
            seen,
            of.head,
            of.target,
            of.task,
            list(of.recipe.inputs),
            len(samples),
            samples.references,
        )
        return score(self._seen)

    def row_errors(self) -> RowErrors | None:
        """Returns the errors of the rows that were scored last, with the groups they are of."""
        found, table = self._seen, self.samples.table
        if found is None:
            return None
        steps = getattr(table, "steps", table)  # the rows that sequences were made of
        column = self.predictor.trained_on.group_column
        if column in steps.column_names:
            enter_groups(found, table, steps, column)
        return row_errors(found)
