"""What the commands print: tables for people on stderr or stdout, one JSON object with --json."""

from __future__ import annotations

import json as jsonlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polymodal.cli.aligned import columns
from polymodal.cli.options import use
from polymodal.cli.score_tables import as_interval, as_number, few_groups, print_scores, print_trust
from polymodal.core.advice import option, split_pair
from polymodal.core.described import described
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import describe
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say, show
from polymodal.core.printed.visible import to_json

_MOST_WORST = 5  # transcripts that are shown
_MOST_CHARACTERS = 60  # of each


def emit(value: Any) -> None:
    """Prints one JSON object on stdout. What is not a finite number is null."""
    print(to_json(_finite(value), allow_nan=False))


def found(rows: Iterable[Any], json: bool) -> None:
    """Prints the rows that a search found."""
    if json:
        emit({"results": [vars(row) for row in rows]})
        return
    lines = [("row", "score", "")]
    lines += [
        (str(row.row), f"{row.score:.3f}", ", ".join(map(str, row.cells.values()))) for row in rows
    ]
    show(columns(lines))


def names(package: str, prefix: str = "") -> None:
    """Prints the names of a package, one line each, from the code itself."""
    show(columns((prefix + name, text) for name, text in describe(package).items()))


def settings(factory: Any, prefix: str = "") -> None:
    """Prints the settings that are arguments of a class, one line each, from the code itself."""
    show(columns((prefix + name, text) for name, text in described(factory).items()))


def finish(run: Any, json: bool) -> None:
    """Prints the results of training."""
    if json:
        emit(
            {
                "folder": str(run.folder),
                "forecast": run.forecast,
                "training": run.training,
                "kept": run.kept or "joint",
                "advice": run.advice,
                "trust": run.trust,
                "keeping": run.keeping,
                "simple": run.simple,
                "from_scratch": run.scratch,
                "overfitting": run.overfitting,
                **run.metrics,
            }
        )
        return
    baseline = run.baseline
    for split, found in run.metrics.items():
        show(f"\n{split}: {_rows(found)}")
        if run.verdict.startswith(found.get("same_answer") or "-"):
            found = {**found, "same_answer": ""}  # it is said again below
        print_scores(found, baseline)
        baseline = {}  # it is that of the first
    if run.scratch:
        show(f"\n{run.scratch['heading']}. {run.scratch['sentence']}")
    if run.simple:
        show(f"\n{run.simple['heading']}. {run.simple['sentence']}")
    if run.verdict:
        show(f"\n{run.verdict}")
    for note in run.trust.get("notes", []):
        show(f"\n{note}")
    if run.overfitting:
        show(f"\n{run.overfitting['sentence']} {run.overfitting['advice']}".rstrip())
    if run.keeping:
        show(f"\n{run.keeping['sentence']}")
    if run.advice:
        show(f"\n{run.advice}")
    folder = shlex.quote(str(run.folder))
    show(f"\nThe run is in {run.folder}. Open {run.folder / 'report.html'}, or continue with:")
    show(f"  polymodal {run.predictor.task.command.format(run=folder)}")
    show(f"  polymodal evaluate {folder} --data other.csv")


def dry_run(found: Any, json: bool) -> None:
    """Prints what a run would do, and its expected time."""
    if json:
        emit({"recipe": found.recipe, "forecast": found.forecast.to_json(), "rows": found.rows})
        return
    show(found.recipe)
    show(found.forecast.sentence())


def evaluation(found: Mapping[str, Any], json: bool) -> None:
    """Prints scores with intervals, and those of each slice."""
    if json:
        emit(found)
        return
    show(_rows(found))
    print_scores(found)
    if "transcripts" in found:
        _transcripts(found["transcripts"])
    print_trust(found)
    _judged(found)
    under = found.get("conditions") or {}
    for name, parts in {**found["slices"], **under.get("slices", {})}.items():
        if name == "inputs present" and len(parts) < 2:
            continue
        show(f"\nby {name}")
        metric = next(iter(found["metrics"]))
        lines = [("", "rows", metric, "95 % interval")]
        for value, part in parts.items():
            interval = part["intervals"].get(metric)
            shown = part["metrics"].get(metric)
            lines.append(
                (value, part["n"], as_number(shown), few_groups(part) or as_interval(interval))
            )
        show(columns(lines))
    for sentence in under.get("sentences", []):
        show(f"\n{sentence}")


def _judged(found: Mapping[str, Any]) -> None:
    """Prints what is known of the answers of an assistant beyond their scores."""
    if found.get("perplexity") is not None:
        show(f"  perplexity of the right answers: {found['perplexity']:.2f}")
    choice = found.get("multiple_choice") or {}
    if choice.get("accuracy") is not None:
        show(f"  multiple choice by likelihood: {choice['accuracy']:.3f} of {choice['n']} rows")
    for one in (found.get("input_patterns") or {}).values():
        show(f"  {one['sentence']}")


def table(
    predictor: Any,
    data: Path,
    out: Path | None,
    media_root: Path | None,
    json: bool,
    sets: Mapping[str, Any] | None = None,
    **choice: Any,
) -> None:
    """Predicts a table and writes the file, every input row in order."""
    from polymodal.inference.answers import as_table
    from polymodal.inference.files import lines
    from polymodal.inference.table_file import write_predictions_table
    from polymodal.inference.trust import sets_of

    if out is None and not json:
        raise RecipeError(
            "predict needs --out for the predictions of a table. Got none. "
            "Write --out predictions.csv, or --json."
        )
    rows = as_table(data, media_root)
    found = predictor.predict(rows, **choice)
    names: dict[str, str] = {}
    made = sets_of(predictor, found, rows, **sets) if sets else None
    answers = list(lines(predictor, rows, found, made))
    if out is not None:
        names = write_predictions_table(out, predictor, rows, found, made)
        say(f"Wrote {counted(len(rows), 'row')} to {out}.")
        _tell_renamed(names)
    if json:
        used = len(set(found.rows))
        emit(
            {
                "task": found.task.name,
                "rows": {"read": found.num_rows, "used": used, "dropped": found.dropped},
                **({"columns": list(names.values())} if names else {}),
                "predictions": answers,
            }
        )
    _tell_failed(rows.name, found, [one["error"] for one in answers], out)


def _tell_renamed(names: Mapping[str, str]) -> None:
    """Prints which added columns are renamed, because the table has columns of that name."""
    other = [f'"{name}" instead of "{usual}"' for usual, name in names.items() if name != usual]
    if other:
        say(f"The table's own columns stay as they are. Added: {', '.join(other)}.")


def _tell_failed(table: str, found: Any, errors: Sequence[str | None], out: Path | None) -> None:
    """Says which rows have no prediction and why.

    Raises:
        DataError: no row has one.
    """
    failed = [error for error in errors if error]
    if not failed:
        return
    reasons = ", ".join(
        f"{count:,} {reason.replace('_', ' ')}" for reason, count in found.dropped.items()
    )
    why = f" ({reasons})" if reasons else ""
    told = f"{len(failed):,} of {len(errors):,} rows of {table} have no prediction{why}."
    first = f"The first: {failed[0]}"
    if len(failed) < len(errors):
        say(f"{told} {first}")
        return
    where = "" if out is None else f" The error of each row is in {out}."
    raise DataError(f"{told}{where} {first}", reason="no_rows")


def cells(predictor: Any, inputs: Sequence[str]) -> dict[str, str | None]:
    """Returns {column: cell} of inputs given as name=value pairs.

    Raises:
        RecipeError: one is not a pair, or names no input of the model.
    """
    from polymodal.inference.given_rows import input_columns

    values: dict[str, str | None] = {}
    known = input_columns(predictor)
    for item in inputs:
        name, value = split_pair(item, known)
        if values.setdefault(name, value or None) != (value or None):
            raise RecipeError(
                f'{option("--input", name)} needs one value. Got "{values[name]}" '
                f'and "{value}". Keep one of them.'
            )
    return values


def row(predictor: Any, inputs: Sequence[str], json: bool, **choice: Any) -> None:
    """Predicts one row given as name=value pairs and prints the answer."""
    from polymodal.inference.files import one_row

    answer = one_row(predictor, cells(predictor, inputs), **choice)
    if json:
        emit(answer)
    else:
        chances = answer.pop("probabilities", None)
        show(
            columns(
                (name, _cell(name, value)) for name, value in answer.items() if value is not None
            )
        )
        if chances:
            best = sorted(chances.items(), key=lambda pair: -pair[1])[:5]
            show(columns([(label, f"{100 * p:5.1f} %") for label, p in best], "    "))


def _cell(name: str, value: Any) -> str:
    """Returns a part of an answer as a person reads it."""
    if isinstance(value, str):
        return value
    if name == "set" and value == []:
        return "empty, because no answer is as likely as right ones were on validation rows"
    return jsonlib.dumps(value, ensure_ascii=False)


def info(json: bool) -> None:
    """Prints engine, devices and versions."""
    from polymodal.core.engine import installed
    from polymodal.inference.about import about

    found = about(use(None), installed())
    if json:
        emit(found)
    else:
        show(columns((k, v if isinstance(v, str) else ", ".join(v)) for k, v in found.items()))


def _rows(found: Mapping[str, Any]) -> str:
    rows = found["rows"]
    dropped = ", ".join(f"{n} {reason}" for reason, n in rows["dropped"].items())
    used = f"{rows['used']} of {rows['read']} rows used"
    cut = ", ".join(f"{n} {reason}" for reason, n in rows.get("truncated", {}).items())
    return used + (f" (skipped: {dropped})" if dropped else "") + (f" (cut: {cut})" if cut else "")


def _transcripts(details: Mapping[str, Any]) -> None:
    """Prints how transcripts were compared, and the worst ones."""
    counts = details["counts"]
    show(
        f"  of {counts['reference']:,} {details['unit']}: {counts['substitutions']:,} "
        f"substitutions, {counts['deletions']:,} deletions, {counts['insertions']:,} insertions; "
        f'normalisation "{details["normalisation"]}"'
    )
    if worst := details["worst"][:_MOST_WORST]:
        show("\ntranscripts with the most errors")
        show(
            columns(
                [
                    ("row", "errors", "reference", "transcript"),
                    *(
                        (
                            one["row"] + 1,
                            one["errors"],
                            _short(one["reference"]),
                            _short(one["hypothesis"]),
                        )
                        for one in worst
                    ),
                ]
            )
        )


def _short(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return text[: _MOST_CHARACTERS - 1] + "…"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str):
        if getattr(value, "ndim", 0) == 0:
            value = value.item()
        else:
            value = value.tolist()
        return _finite(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return None
    return value


__all__ = [
    "cells",
    "columns",
    "emit",
    "evaluation",
    "finish",
    "info",
    "names",
    "row",
    "settings",
    "table",
]
