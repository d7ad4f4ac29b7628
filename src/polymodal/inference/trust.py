"""What a bundle has to calibrate probabilities and to make sets of answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.bundle import read, write
from polymodal.core.advice import column_named
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import RecipeError
from polymodal.core.printed.progress import warn
from polymodal.evaluation.evaluation import finite
from polymodal.evaluation.trust.conformal import Conformal, Sets
from polymodal.evaluation.trust.decision import TRAINING, Decision
from polymodal.evaluation.trust.temperature import Temperatures, tempered
from polymodal.evaluation.trust.words import before_and_after, sets_json
from polymodal.tables.table import Table

__all__ = ["leaning", "restore_trust", "sets_of", "trust_json", "trusted"]


def trusted(predictor: Any, found: Predictions) -> Predictions:
    """Returns a model's predictions with calibrated probabilities and the answers that are chosen
    from them, as far as the predictor has what that takes."""
    if predictor.decision is not None:
        found = predictor.decision.natural(found)
    if predictor.temperatures is not None:
        found = predictor.temperatures(found)
    if predictor.decision is not None:
        found = predictor.decision(found)
    return found


def leaning(predictor: Any, outputs: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Returns a model's own probabilities, calibrated, so that the highest is the answer that is
    chosen, or one from a half on.

    Args:
        predictor: Answers.
        outputs: (n, ..., classes) probabilities as the model states them.
        present: (n, inputs) bool, which inputs each row has.
    """
    sets, found = predictor.task.choice == "any of", outputs
    if predictor.decision is not None:
        if predictor.decision.kind == TRAINING:
            return outputs
        found = predictor.decision.without_prior(found, sets)
    if predictor.temperatures is not None:
        values = predictor.temperatures.of(present)
        steps = outputs[0, ..., 0].size
        flat = tempered(found.reshape(-1, found.shape[-1]), np.repeat(values, steps, axis=0), sets)
        found = flat.reshape(outputs.shape)
    if predictor.decision is not None:
        found = predictor.decision.shifted(found, sets)
    return found


def sets_of(
    predictor: Any, found: Predictions, table: Table, level: float, by: str | None = None
) -> Sets:
    """Returns the set of answers of each output, which holds the true one with a probability.

    Args:
        predictor: Predictor.
        found: Predictions of the table.
        table: Table.
        level: float between 0 and 1, that probability.
        by: str, a column by whose values the sets are made, or None.

    Raises:
        RecipeError: the run has no scores for sets, a level out of range, or another column.
    """
    if predictor.conformal is None:
        raise RecipeError(
            "--sets needs a run with one class, set of labels or number for each "
            "answer, and with validation rows. Got a run without scores for sets. "
            "Train it again with rows held out, or leave --sets out."
        )
    values = None
    if by is not None:
        by = column_named(by, table.column_names)
        values = list(table.values(by))
    made = predictor.conformal.sets(found, level, by, values)
    if made.unknown:
        warn(
            f'The validation rows have no "{by}" {", ".join(made.unknown[:3])}. Sets of such rows '
            "are made as for all rows, and their coverage is not known."
        )
    return made


def trust_json(
    predictor: Any,
    found: Predictions,
    table: Table,
    level: float | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """Returns what calibration changed on rows with targets, and what sets are worth.

    Returns:
        {"calibration": {metric: [before, after]}} where probabilities are calibrated, and with a
        `level` {"sets": what `sets_json` gives}.
    """
    value: dict[str, Any] = {}
    if predictor.temperatures is not None and predictor.temperatures.changes:
        value["calibration"] = before_and_after(predictor.temperatures, found)
    if level is not None:
        sets = sets_of(predictor, found, table, level, by)
        value["sets"] = sets_json(sets, found, _groups(found, table, by))
    return finite(value)


def _groups(found: Predictions, table: Table, by: str | None) -> list[str] | None:
    if by is None:
        return None
    cells = list(table.values(column_named(by, table.column_names)))
    return [str(cells[int(row)]) for row in found.rows]


def restore_trust(predictor: Any, bundle: read.Bundle) -> None:
    """Sets the calibration of probabilities and the scores for sets that a bundle has.

    Raises:
        BundleError: they are damaged, or of another model.
    """
    if write.CALIBRATION in bundle.trust:
        with read.blamed(bundle.folder / write.CALIBRATION):
            predictor.temperatures = Temperatures.from_json(
                bundle.trust[write.CALIBRATION],
                [item.name for item in predictor.inputs],
                len(predictor.target.labels),
            )
    if write.DECISION in bundle.trust:
        with read.blamed(bundle.folder / write.DECISION):
            predictor.decision = Decision.from_json(
                bundle.trust[write.DECISION], len(predictor.target.labels)
            )
    if write.CONFORMAL in bundle.trust:
        with read.blamed(bundle.folder / write.CONFORMAL):
            predictor.conformal = Conformal.from_json(bundle.trust[write.CONFORMAL])
