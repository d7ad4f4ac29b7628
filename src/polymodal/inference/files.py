"""Predictions as a person or another program reads them: one line for each row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.predictions import Predictions
from polymodal.inference.given_rows import input_columns
from polymodal.tables.table import Table, read


def lines(predictor: Any, table: Table, found: Predictions) -> Iterator[dict[str, Any]]:
    """Yields for each row of the table, in order, the answer or the error.

    Returns:
        `{"prediction": ..., "probabilities": {label: p} or None, "error": str or None}`.
    """
    places: dict[int, list[int]] = {}
    for place, row in enumerate(found.rows):
        places.setdefault(int(row), []).append(place)
    for row in range(len(table)):
        if row in places:
            yield {**_answer(predictor, found, places[row]), "error": None}
        else:
            empty = (f"{table.name} row {table.row_number(row)}: every input is empty. Give at "
                     f"least one of {', '.join(input_columns(predictor))}.")
            error = found.errors.get(row, empty)
            yield {"prediction": None, "probabilities": None, "error": error}


def one_row(predictor: Any, values: Mapping[str, Any], **choice: Any) -> dict[str, Any]:
    """Returns the answer for one row given as `{column: value}`; absent columns are missing, and
    texts are written as `choice` says, see `Predictor.predict`.

    Raises:
        DataError: an input cannot be read, or all are missing.
    """
    columns = input_columns(predictor)
    table = read({c: [values.get(c)] for c in columns}, name="--input")
    found = predictor.predict(table, **choice)
    line = next(lines(predictor, table, found))
    if line["error"]:
        raise DataError(line["error"], reason="no_input")
    return {k: v for k, v in line.items() if k != "error"}


def _answer(predictor: Any, found: Predictions, places: list[int]) -> dict[str, Any]:
    outputs = found.outputs[places]
    if found.is_text:
        return {"prediction": str(outputs[0]), "probabilities": None}
    if found.task == "regression":
        return {"prediction": float(outputs[0]), "probabilities": None}
    if found.task == "multilabel":
        chosen = [label for label, p in zip(found.labels, outputs[0], strict=True) if p >= 0.5]
        return {"prediction": chosen, "probabilities": _chances(found, outputs[0])}
    best = outputs.argmax(axis=-1)
    if found.task == "seq2seq":
        return {"prediction": predictor.target.decode(best), "probabilities": None}
    if len(places) > 1:
        return {"prediction": [found.labels[i] for i in best], "probabilities": None}
    return {"prediction": found.labels[int(best[0])], "probabilities": _chances(found, outputs[0])}


def _chances(found: Predictions, output: np.ndarray) -> dict[str, float]:
    return {label: round(float(p), 6) for label, p in zip(found.labels, output, strict=True)}
