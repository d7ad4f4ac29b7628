"""Why a model answers as it does: inputs, parts of them, what would change it, what is alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.printed.progress import track
from polymodal.core.seeds import generator
from polymodal.evaluation.shapley import interactions, shapley_values, shares
from polymodal.inference.answers import as_table
from polymodal.inference.files import lines
from polymodal.inference.hidden.patterns import Worth, check_explainable, predict_patterns, worth_of
from polymodal.media.kept import for_predictions
from polymodal.questions.explain.asked import AskedRow
from polymodal.questions.explain.nearest import Neighbours, vectors
from polymodal.questions.explain.saliency import (
    Faithfulness,
    deletion_gain,
    faithfulness,
    saliency,
    smallest_inputs,
    smallest_parts,
)
from polymodal.tables.table import Table

__all__ = ["Explanation", "RowExplanation", "explain"]

_ROWS = 5  # that are explained where none are named
_TESTED = 20  # rows by which faithfulness is tested
_NEAREST = 5
_DRAWS = 1_000


@dataclass
class RowExplanation:
    """Why one row is answered as it is.

    Args:
        row: int, from 1.
        prediction: the answer.
        target: the true one, or None.
        inputs: {input: Shapley value}, what each adds to how near the answer is.
        pairs: {"a and b": interaction}, above 0 where a pair knows more than its parts.
        parts: {input: {"kind", "names", "values", "shape"}}, how much each part matters.
        change: {"inputs": [name] or None, "parts": [[input, name]] or None}, without which the
            answer is another.
        nearest: rows of another table: [{"row", "similarity", "label"}].
        decoded: {input: what the model was shown}, for a page.
    """

    row: int
    prediction: Any
    target: Any
    inputs: dict[str, float]
    pairs: dict[str, float]
    parts: dict[str, dict[str, Any]]
    change: dict[str, Any]
    nearest: list[dict[str, Any]] | None = None
    decoded: dict[str, Any] = field(default_factory=dict)


@dataclass
class Explanation:
    """What a model's answers for a table rest on.

    Args:
        table: str, its name.
        to_truth: bool, whether shares are of what inputs add to the right answer; else, of a table
            without targets, of what they add to the model's own.
        num_rows: int, rows that shares are a mean of.
        shares: {input: share}, 0 to 1.
        inputs: {input: mean Shapley value}.
        pairs: {"a and b": mean interaction}.
        intervals: {"a and b": [low, high]}, 95 %, of the mean interactions over rows.
        faithfulness: Faithfulness of the parts, or None where no input has parts.
        rows: list of RowExplanation.
        unit: str, what values are in.
    """

    table: str
    to_truth: bool
    num_rows: int
    shares: dict[str, float]
    inputs: dict[str, float]
    pairs: dict[str, float]
    intervals: dict[str, list[float]]
    faithfulness: Faithfulness | None
    rows: list[RowExplanation]
    unit: str

    def to_json(self) -> dict[str, Any]:
        """Returns plain values, without what pages show of media."""
        rows = [
            {name: value for name, value in vars(one).items() if name != "decoded"}
            for one in self.rows
        ]
        return {
            **vars(self),
            "rows": rows,
            "faithfulness": None if self.faithfulness is None else vars(self.faithfulness),
        }


def explain(
    predictor: Any,
    table: Any,
    rows: Sequence[int] | None = None,
    against: Any = None,
    media_root: Any = None,
    seed: int = 0,
) -> Explanation:
    """Explains the answers of a model for rows of a table.

    Args:
        predictor: Predictor of classes or numbers.
        table: Table, path, or rows in memory. With the target, shares are of what each input adds
            to the right answer.
        rows: numbers of the rows to explain one by one, from 1; None takes the first five.
        against: Table, path, or rows in memory in which to look for rows that are alike, or None.
        media_root: folder that media paths start from.
        seed: int, key of the random deletions.

    Raises:
        RecipeError: a run that writes texts or compares inputs, or a row that the table lacks.
        DataError: no row can be read.
    """
    check_explainable(predictor, "explain")
    table = as_table(table, media_root)
    samples = predictor.samples(table, False, for_predictions())
    target = predictor.recipe.target
    scored = bool(target) and target in table.column_names
    patterns = predict_patterns(predictor, table, scored)
    own = worth_of(patterns, to_truth=False)
    if not len(own.rows):
        raise DataError(
            "has no row that can be read.",
            "Correct the rows, or give others.",
            table=table.name,
            reason="no_rows",
        )
    scored = scored and bool(patterns[-1].scored.any())
    names = [item.name for item in predictor.inputs]
    by_row, whole = _by_row(own), worth_of(patterns, to_truth=scored)
    chosen = _chosen(rows, len(samples), table.name) or sorted(by_row)[:_ROWS]
    means = shapley_values(whole.values.mean(axis=1, keepdims=True))[:, 0]
    found, gains = _each(predictor, table, samples, chosen, by_row, scored, seed)
    if against is not None and not predictor.recipe.group:
        neighbours = Neighbours(predictor, as_table(against, media_root))
        for one, row in zip(found, chosen, strict=True):
            one.nearest = neighbours.of(vectors(predictor, table.select([row]))[1][0], _NEAREST)
    gains += _more_gains(predictor, samples, chosen, by_row, seed)
    return Explanation(
        table.name,
        scored,
        len(set(whole.rows.tolist())),
        dict(zip(names, map(float, shares(means)), strict=True)),
        dict(zip(names, map(float, means), strict=True)),
        _pairs(names, whole.values),
        _intervals(names, whole, seed),
        faithfulness([gain for gain in gains if gain is not None]),
        found,
        _unit(predictor),
    )


def _each(
    predictor: Any,
    table: Table,
    samples: Any,
    chosen: list[int],
    by_row: Mapping[int, np.ndarray],
    scored: bool,
    seed: int,
) -> tuple[list[RowExplanation], list[float | None]]:
    """Returns why each chosen row is answered as it is, and the deletion gain of each."""
    names, answers = [item.name for item in predictor.inputs], _answers(predictor, table)
    found, gains = [], []
    for row in track(chosen, "Explaining", len(chosen)):
        asked = AskedRow(predictor, samples, row)
        salient = saliency(asked)
        gains.append(deletion_gain(asked, salient, seed + row))
        found.append(
            _explained(asked, salient, by_row[row], row, names, answers[row], samples, scored)
        )
    return found, gains


def _chosen(rows: Sequence[int] | None, count: int, name: str) -> list[int]:
    """Returns the rows that are asked for, from 0."""
    for row in rows or ():
        if not 1 <= row <= count:
            raise RecipeError(f"explain needs rows from 1 to {count:,}, as {name} has. Got {row}.")
    return [row - 1 for row in dict.fromkeys(rows or ())]


def _by_row(worth: Worth) -> Mapping[int, np.ndarray]:
    """Returns {row: (2 ** inputs, 1)}, the mean over its steps."""
    rows, place = np.unique(worth.rows, return_inverse=True)
    sums = np.stack([np.bincount(place, weights=one) for one in worth.values])
    means = sums / np.bincount(place)
    return {int(row): means[:, [i]] for i, row in enumerate(rows)}


def _answers(predictor: Any, table: Table) -> list[Any]:
    """Returns the prediction for each row; for a sequence those of its steps."""
    if not predictor.recipe.group:
        return [line["prediction"] for line in lines(predictor, table, predictor.predict(table))]
    grouped = predictor.samples(table, False).table
    said = [line["prediction"] for line in lines(predictor, table, predictor.predict(table))]
    return [[said[int(step)] for step in members] for members in grouped.members]


def _explained(
    asked: AskedRow,
    salient: dict[str, np.ndarray],
    worth: np.ndarray,
    row: int,
    names: list[str],
    answer: Any,
    samples: Any,
    scored: bool,
) -> RowExplanation:
    values = shapley_values(worth)[:, 0]
    target = samples.table.cell(row, asked.target) if scored else None
    parts = {
        name: {
            "kind": asked.parts[name].kind,
            "names": asked.parts[name].names,
            "values": [round(float(v), 6) for v in drops],
            "shape": asked.parts[name].shape,
        }
        for name, drops in salient.items()
    }
    least = smallest_parts(asked, salient)
    if least is None:
        named = None
    else:
        named = [[name, asked.parts[name].names[part]] for name, part in least]
    return RowExplanation(
        samples.table.row_number(row),
        answer,
        target,
        dict(zip(names, map(float, values), strict=True)),
        _pairs(names, worth),
        parts,
        {"inputs": smallest_inputs(asked, asked.present), "parts": named},
        decoded=asked.decoded,
    )


def _pairs(names: list[str], values: np.ndarray) -> dict[str, float]:
    return {
        f"{names[one]} and {names[other]}": float(found.mean())
        for (one, other), found in interactions(values).items()
    }


def _intervals(names: list[str], worth: Worth, seed: int) -> dict[str, list[float]]:
    """Returns the 95 % interval of each mean interaction, drawing rows with all their steps."""
    found, (rows, place) = {}, np.unique(worth.rows, return_inverse=True)
    drawn = generator(seed, len(rows)).integers(0, len(rows), (_DRAWS, len(rows)))
    steps = np.bincount(place)
    for (one, other), each in interactions(worth.values).items():
        sums = np.bincount(place, weights=each)
        means = sums[drawn].sum(axis=1) / steps[drawn].sum(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        found[f"{names[one]} and {names[other]}"] = [float(low), float(high)]
    return found


def _more_gains(
    predictor: Any, samples: Any, chosen: list[int], known: Mapping[int, Any], seed: int
) -> list[float | None]:
    """Returns deletion gains of further rows, evenly spaced, so that there are enough to test."""
    others = [row for row in known if row not in chosen]
    wanted = max(0, _TESTED - len(chosen))
    picked = np.unique(np.linspace(0, len(others) - 1, min(wanted, len(others))).astype(int))
    found = []
    for place in track(picked.tolist() if others else [], "Testing", len(picked)):
        asked = AskedRow(predictor, samples, others[place])
        found.append(deletion_gain(asked, saliency(asked), seed + others[place]))
    return found


def _unit(predictor: Any) -> str:
    if not predictor.task.has_classes:
        return "the target's own unit"
    if predictor.task.choice == "one of":
        return "probability of the answer"
    return "mean probability of the labels"
