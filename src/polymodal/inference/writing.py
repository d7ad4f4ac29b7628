"""Generation for rows or files: captions, with several results and their scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core import arguments
from polymodal.core.advice import option
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.progress import track, warn
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.inference.given_rows import cells_of_file, table_of_cells
from polymodal.model.generation.choice import Choice
from polymodal.tables.table import Table

_SHOWN = 8  # words in a message, of all that the model knows
_NO_RESULT = -5e8  # score below which a beam found nothing more


def generate(
    predictor: Any, table: Table, batch_size: int = 32, **choice: Any
) -> list[dict[str, Any]]:
    """Returns the generated texts for each row of a table, in order.

    Args:
        predictor: Predictor of a task that is fed its own outputs.
        table: Table.
        batch_size: int, rows at a time; it changes no result.
        choice: arguments of `model.generation.Choice`, such as beam=5 and num=3; `seed`. Words
            may be in `allowed`.

    Returns:
        list of {"results": [{"text", "score", "tokens": [{"token", "log_probability"}]}],
        "error": str or None}, the best result first. The score is the sum of what the tokens have,
        divided by their number to the power of `length_penalty`. There are fewer results than `num`
        if there are fewer texts.

    Raises:
        RecipeError: the task writes nothing, or a choice is unknown or out of range.
    """
    return [
        {**one, "error": one["error"] and str(one["error"].left_out())}
        for one in _written(predictor, table, batch_size, choice)
    ]


def _written(
    predictor: Any, table: Table, batch_size: int, choice: dict[str, Any]
) -> list[dict[str, Any]]:
    """Returns what `generate` does, with errors as DataError."""
    if not predictor.head.autoregressive:
        raise RecipeError(
            f"generate needs a run that generates text, such as task: caption. Got "
            f"{predictor.task.name}. Use predict."
        )
    choice = checked_choice(predictor, choice)
    empty = DataError("every input is empty.", reason="no_input")
    samples = predictor.samples(table, False)
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=True)
    found: list[dict[str, Any]] = [
        {"results": [], "error": checked.errors.get(row, empty)} for row in range(len(table))
    ]
    if len(checked):
        loader = predictor.loader(samples, checked, batch_size)
        steps = loader.steps(0)
        for step, (inputs, _, _) in track(enumerate(loader.epoch(0, 0)), "Writing", steps):
            written = predictor.head.generate(
                predictor.model, inputs, batch_size=batch_size, **choice
            ).results
            for place, row in enumerate(loader.rows_of(0, step)):
                if row >= 0:
                    found[int(row)] = {
                        "error": None,
                        "results": list(
                            _results(predictor, written, place, choice.get("length_penalty", 1.0))
                        ),
                    }
    return found


def checked_choice(predictor: Any, choice: Mapping[str, Any]) -> dict[str, Any]:
    """Returns arguments of `model.generation.Choice`, and `seed` and `jit`, with the right types
    and ids instead of words.

    Args:
        predictor: Predictor of a task that is fed its own outputs.
        choice: what a person gave.

    Raises:
        RecipeError: an unknown name or word, an id that is none, or a wrong type.
    """
    known = {
        **arguments.parameters(Choice),
        **arguments.parameters(predictor.head.generate, skip=("model", "inputs", "batch_size")),
    }
    arguments.check_names(choice, known, "generate")
    given = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in choice.items()
    }
    if given.get("allowed") is not None:
        given["allowed"] = _ids(given["allowed"], list(predictor.target.labels))
    return {
        name: arguments.convert(value, known[name].annotation, f"generate.{name}")
        for name, value in given.items()
    }


def _ids(words: Any, labels: list[str]) -> list[int]:
    """Returns the ids of allowed words or ids."""
    if isinstance(words, str) or not isinstance(words, Sequence | Set | np.ndarray):
        raise RecipeError(
            f"generate.allowed needs a list of words or of ids. Got {words!r}. "
            'Write allowed=["a", "red", "ball"].'
        )
    ids, found = {label: place for place, label in enumerate(labels)}, []
    for word in words:
        if isinstance(word, str):
            place = ids.get(word, ids.get(word.lower()))
            if place is None:
                near = get_close_matches(word.lower(), labels, _SHOWN) or labels[:_SHOWN]
                raise RecipeError(f"generate.allowed: {unknown('word', word, near)}")
            found.append(place)
        elif (
            isinstance(word, int | np.integer)
            and not isinstance(word, bool)
            and 0 <= word < len(labels)
        ):
            found.append(int(word))
        else:
            raise RecipeError(
                f"generate.allowed needs words, or ids from 0 to {len(labels) - 1}. "
                f"Got {word!r}. Write words as the model generates them."
            )
    return found


def generate_files(
    predictor: Any,
    files: Sequence[str | Path],
    batch_size: int = 32,
    beside: Mapping[str, Any] | None = None,
    **choice: Any,
) -> list[dict[str, Any]]:
    """Returns the generated texts for each file, in order, as `generate` does; a file that is
    missing, broken or of another kind has an error of its own.

    Args:
        predictor, batch_size, choice: as for `generate`.
        files: paths.
        beside: {column: cell} of other inputs, the same next to every file, such as a prompt.

    Raises:
        RecipeError: the task writes nothing, or a choice is out of range.
    """
    rows: list[dict[str, Any]] = []
    errors = {}
    for place, file in enumerate(files):
        try:
            rows.append({**(beside or {}), **cells_of_file(predictor, user_path(file))})
        except DataError as error:
            rows.append({})
            errors[place] = error
    missing = [
        i
        for i in predictor.inputs
        if any(rows) and not any(row.get(c) for row in rows for c in i.columns)
    ]
    if missing:
        flags = " ".join(option("--input", column, "...") for i in missing for column in i.columns)
        warn(
            f"no value for {' and '.join(i.name for i in missing)}, so it counts as missing. "
            f"Give it with: {flags}"
        )
    found = _written(predictor, table_of_cells(predictor, rows), batch_size, choice)
    for place, one in enumerate(found):
        error = errors.get(place, one["error"])
        one["error"] = error and str(error.by_file())
    return found


def _results(
    predictor: Any, written: Any, place: int, length_penalty: float
) -> Iterator[dict[str, Any]]:
    target = predictor.target
    for ids, each, score in zip(*(np.asarray(part)[place] for part in written), strict=True):
        if score < _NO_RESULT:
            continue
        length = next((i + 1 for i, s in enumerate(ids) if s == target.end_id), len(ids))
        score = float(each[:length].sum()) / length**length_penalty
        yield {
            "text": target.decode(ids),
            "score": round(score, 4),
            "tokens": [
                {"token": target.labels[int(i)], "log_probability": round(float(p), 4)}
                for i, p in zip(ids[:length], each[:length], strict=True)
            ],
        }
