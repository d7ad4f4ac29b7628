"""An imported recogniser that spells (CTC), which reads any table of recordings."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.inference.answers import as_table
from polymodal.inference.imported.own_columns import reading
from polymodal.inference.predictor import Predictor

__all__ = ["ImportedSpeller"]


class ImportedSpeller(Predictor):
    """Transcribes the recordings of a table, whatever their column is called.

    All that a run of the task transcribe takes works with it: times, a language model, hot words.

    Args:
        model: Predictor of the imported folder.
    """

    def __init__(self, model: Predictor):
        super().__init__(
            model.recipe,
            model.inputs,
            model.target,
            model.model,
            model.head,
            model.metrics,
            model.calibration,
            model.language,
            model.trained_on,
        )

    def predict(
        self, table: Any, *, media_root: str | Path | None = None, **choice: Any
    ) -> Predictions:
        """Returns the transcripts of every readable row of a table, by `Predictor.predict`."""
        table = as_table(table, media_root)
        return Predictor.predict(reading(self, table), table, **choice)

    def evaluate(
        self,
        table: Any,
        *,
        media_root: str | Path | None = None,
        target: str | None = None,
        **choice: Any,
    ) -> dict[str, Any]:
        """Returns scores with intervals, by `Predictor.evaluate`.

        Args:
            table: Table, or path of one.
            media_root: folder that relative paths start from.
            target: str, the column with the right texts; default "transcript".
            choice: as for a run.

        Raises:
            RecipeError: there is no such column.
        """
        table = as_table(table, media_root)
        target = target or self.recipe.target
        if target not in table.column_names:
            raise RecipeError(
                "An imported recogniser needs --target, the column with the right "
                f"texts. {unknown('column', target, table.column_names)}"
            )
        found = copy.copy(self)
        found.recipe = copy.copy(self.recipe)
        found.recipe.target = target
        return Predictor.evaluate(found, table, **choice)
