"""The demo: learn from pictures and voices that each hold half of the answer, then predict."""

from __future__ import annotations

import time
from pathlib import Path

from polymodal.cli import output
from polymodal.core.printed.progress import say, show
from polymodal.evaluation.report import choose_examples
from polymodal.evaluation.words import interval_text, value_text
from polymodal.scenes import columns, write
from polymodal.tables.table import read
from polymodal.training.run import train

_ROWS = {"num_train": 1200, "num_val": 200, "num_test": 400}
_EPOCHS = 8
_SHOWN = 5  # answers
_SMALL = {"image": {"size": 32}, "audio": {"num_mels": 32}}  # enough for this data


def run(out: Path) -> None:
    """Makes the scenes, trains with baselines, predicts a few test rows, and prints next steps."""
    start = time.monotonic()
    named = columns("classification")
    show(
        "A black-and-white camera sees overlapping shapes. A voice names the colour "
        "of the top one.\nWhich shape in which colour is it? Neither the picture nor the voice "
        "alone can tell.\n"
    )
    paths = write(out / "data", "classification", **_ROWS)
    tables = {name: read(path) for name, path in paths.items()}
    say(f"Generated {sum(map(len, tables.values())):,} rows in {out / 'data'}.")
    given = {"target": named.target, "inputs": {**_SMALL, "*": {}}, "training": {"epochs": _EPOCHS}}
    finished = train(
        tables, given, out / "run", ignore=named.ignore, slice_columns=["voice", "object"]
    )
    test = finished.metrics["test"]
    accuracy, (low, high) = test["metrics"]["accuracy"], test["intervals"]["accuracy"]
    show(
        f"\nAccuracy on {test['rows']['used']} test rows, with voices that are not in the "
        f"training data: {value_text('accuracy', accuracy)} "
        f"(95 % interval {interval_text('accuracy', [low, high])})."
    )
    show(finished.verdict)
    _answers(finished.predictions["test"], tables["test"], named)
    _next(finished, paths, time.monotonic() - start)


def _answers(found, table, named) -> None:
    """Shows a few predictions with the same share of right ones as all."""
    show("\nA few predictions, with the same share of right ones as all:")
    lines: list[tuple[str, ...]] = [("image", "audio", "spoken", "predicted", "actual")]
    for place in sorted(choose_examples(found, _SHOWN)):
        row, chances = int(found.rows[place]), found.outputs[place]
        inputs = [str(table.cell(row, column) or "-") for column in named.inputs]
        answer = f"{found.labels[int(chances.argmax())]} ({100 * chances.max():.0f} %)"
        lines.append(
            (*inputs, str(table.cell(row, "clue")), answer, str(table.cell(row, named.target)))
        )
    show(output.columns(lines))


def _next(finished, paths, seconds) -> None:
    folder = finished.folder
    train_command = "polymodal train --data your.csv --target your_column --out runs/first"
    show(f"\nDone in {seconds / 60:.1f} minutes. Next:")
    show(
        output.columns(
            [
                ("open the report", f"{folder / 'report.html'}"),
                (
                    "score it again",
                    f"polymodal evaluate {folder} --data {paths['test']} --slice voice",
                ),
                ("change it", f"edit {folder / 'recipe.yaml'}, then polymodal train --recipe ..."),
                ("use your table", train_command),
            ]
        )
    )
