"""The file of predictions: every row of the table with its prediction."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.disk.files import check_name, check_writable, write_atomic
from polymodal.core.printed.visible import to_json
from polymodal.evaluation.trust.conformal import Sets
from polymodal.inference.files import lines
from polymodal.tables.memory.arrays import to_array
from polymodal.tables.table import Table

__all__ = ["answer_names", "check_table_file", "guarded", "write_predictions_table"]

_MOST_BYTES = 200  # cells with more bytes than this are named, not copied
# What a spreadsheet takes for a formula at the start of a cell, also in full width.
_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?%?")


def check_table_file(path: str | Path) -> Path:
    """Returns the path of a table that can be written.

    Raises:
        RecipeError: its name does not end as that of a table that is written here.
        PolymodalError: it cannot be written.
    """
    return check_writable(check_name("--out", path, list(_WRITERS)))


def answer_names(
    taken: Iterable[str], target: str, labels: Sequence[str], sets: Sequence[str] = ()
) -> dict[str, str]:
    """Returns {usual name: name} of the columns that are added to a table.

    Args:
        taken: names of the table's own columns; an added one of the same name gets a number.
        target: str, name of the target.
        labels: classes that have a probability.
        sets: what sets of answers add: "set", or "low" and "high".

    Example:

    >>> answer_names(["x", "error"], "y", ["a"])
    {'predicted_y': 'predicted_y', 'probability_a': 'probability_a', 'error': 'error_2'}
    """
    usual = [
        f"predicted_{target}",
        *(f"probability_{label}" for label in labels),
        *(f"{side}_{target}" for side in sets),
        "error",
    ]
    taken, found = {*taken}, {}
    for name in usual:
        chosen, number = name, 2
        while chosen in taken or (chosen != name and chosen in usual):
            chosen, number = f"{name}_{number}", number + 1
        found[name] = chosen
        taken.add(chosen)
    return found


def write_predictions_table(
    path: str | Path, predictor: Any, table: Table, found: Predictions, sets: Sets | None = None
) -> dict[str, str]:
    """Writes every row of the table with its prediction, probabilities and error.

    The table's own columns come first and stay as they are. In CSV and TSV, texts that the model
    wrote are guarded, see `guarded`.

    Args:
        path: path that ends in .csv, .tsv, .jsonl, .ndjson or .parquet.
        predictor: Predictor.
        table: Table that was predicted.
        found: Predictions of it.
        sets: Sets of answers, or None; labels are in a column `set_` and the target, the bounds of
            numbers in `low_` and `high_`.

    Returns:
        {usual name: name} of the added columns, see `answer_names`.

    Raises:
        RecipeError: the path ends in something else.
    """
    path = check_table_file(path)
    target = predictor.recipe.target or found.task.name
    sides = ()
    if sets is not None:
        sides = ("low", "high") if sets.members is None else ("set",)
    names = answer_names(table.column_names, target, found.labels, sides)
    answers: dict[str, list[Any]] = {name: [] for name in names.values()}
    for line in lines(predictor, table, found, sets):
        chances = line["probabilities"] or {}
        values = [
            line["prediction"],
            *map(chances.get, found.labels),
            *_set_cells(line.get("set"), sides),
            line["error"],
        ]
        for column, value in zip(answers.values(), values, strict=True):
            column.append(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    predicted = names[f"predicted_{target}"]
    if path.suffix.lower() in _DELIMITED:
        answers[predicted] = [
            _in_cell(found.task, value, predictor.target) for value in answers[predicted]
        ]
    written = {
        name
        for name in [predicted, names["error"]]
        if found.task.is_written or name == names["error"]
    }
    write_atomic(path, _WRITERS[path.suffix.lower()](table, answers, written))
    return names


def _set_cells(answers: list[Any] | None, sides: Sequence[str]) -> list[Any]:
    """Returns the cells of a set of labels, or of the two bounds of a number."""
    if len(sides) < 2:
        return [answers] * len(sides)
    return list(answers or [None, None])


def _in_cell(task: Task, prediction: Any, target: Any) -> Any:
    if prediction is None:
        return None
    return task.in_cell(prediction, target)


def guarded(text: Any) -> Any:
    """Returns a text that no spreadsheet runs: with a leading apostrophe if it starts like a
    formula. Numbers and other values are unchanged.

    Example:

    >>> guarded("=1+1"), guarded("-5.2"), guarded("a - b")
    ("'=1+1", '-5.2', 'a - b')

    Source: OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(text, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _delimited(separator: str) -> Callable[[Table, Mapping[str, list], set[str]], str]:
    def write(table: Table, answers: Mapping[str, list], written: set[str]) -> str:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        own = table.column_names
        writer.writerow([*own, *answers])
        for row in range(len(table)):
            added = (
                guarded(_cell(column[row])) if name in written else _cell(column[row])
                for name, column in answers.items()
            )
            writer.writerow([*(_cell(_shown(table.cell(row, name))) for name in own), *added])
        return text.getvalue()

    return write


def _json_lines(table: Table, answers: Mapping[str, list], _: set[str]) -> str:
    rows = (
        {
            **{name: _shown(value) for name, value in table.row(row).items()},
            **{name: column[row] for name, column in answers.items()},
        }
        for row in range(len(table))
    )
    return "".join(to_json(row, default=str) + "\n" for row in rows)


def _parquet(table: Table, answers: Mapping[str, list], _: set[str]) -> bytes:
    import pyarrow.parquet as pq

    data, buffer = table.data, io.BytesIO()
    for name, values in answers.items():
        array = to_array(name, values)
        data = data.append_column(
            name, array if array.type != pa.null() else array.cast(pa.string())
        )
    pq.write_table(data, buffer)
    return buffer.getvalue()


def _shown(value: Any) -> Any:
    if isinstance(value, bytes) and len(value) > _MOST_BYTES:
        return f"({len(value)} bytes)"
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return "|".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


_DELIMITED = {".csv": _delimited(","), ".tsv": _delimited("\t")}
_WRITERS: dict[str, Callable[[Table, Mapping[str, list], set[str]], str | bytes]] = {
    **_DELIMITED,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
