"""Predictions as a person or another program reads them: one line for each row of the table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.files import write_atomic
from polymodal.core.paths import user_path
from polymodal.core.predictions import Predictions
from polymodal.core.visible import to_json
from polymodal.data.table import Table, read

_MOST_BYTES = 200  # cells with more bytes than this are named, not copied


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
            error = found.errors.get(row, "every input is empty.")
            yield {"prediction": None, "probabilities": None, "error": error}


def write_predictions_table(path: str | Path, predictor: Any, table: Table,
                            found: Predictions) -> None:
    """Writes every row of the table with its prediction, probabilities and error.

    Args:
        path: path; `.jsonl` gives JSON lines, anything else CSV.
        predictor: Predictor.
        table: Table that was predicted.
        found: Predictions of it.
    """
    path = user_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    records = ({**_shown(table.row(row)), **_flat(line, found.labels, predictor.recipe.target)}
               for row, line in enumerate(lines(predictor, table, found)))
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        text = "".join(to_json(r, default=str) + "\n" for r in records)
    else:
        text = _csv(records)
    write_atomic(path, text)


def one_row(predictor: Any, values: Mapping[str, Any], **choice: Any) -> dict[str, Any]:
    """Returns the answer for one row given as `{column: value}`; absent columns are missing, and
    texts are written as `choice` says, see `Predictor.predict`.

    Raises:
        DataError: an input cannot be read, or all are missing.
    """
    columns = [c for i in predictor.inputs for c in i.columns]
    table = read({c: [values.get(c)] for c in columns}, name="--input")
    found = predictor.predict(table, **choice)
    line = next(lines(predictor, table, found))
    if line["error"]:
        raise DataError(line["error"], "Give at least one input that can be read.",
                        reason="no_input")
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


def _flat(line: dict[str, Any], labels: list[str], target: str) -> dict[str, Any]:
    chances = line["probabilities"] or {}
    known = {f"probability_{label}": chances.get(label) for label in labels} if labels else {}
    answer = line["prediction"]
    return {f"predicted_{target}": answer, **known, "error": line["error"]}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {k: f"({len(v)} bytes)" if isinstance(v, bytes) and len(v) > _MOST_BYTES else v
            for k, v in row.items()}


def _csv(records: Iterator[dict[str, Any]]) -> str:
    text, writer = io.StringIO(), None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(text, list(record), lineterminator="\n")
            writer.writeheader()
        writer.writerow({k: _cell(v) for k, v in record.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return "|".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
