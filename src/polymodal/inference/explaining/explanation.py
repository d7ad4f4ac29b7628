"""Why a model answers as it does: inputs, parts of them, what would change it, what is alike."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.printed.progress import track
from polymodal.core.seeds import generator
from polymodal.evaluation.shapley import interactions, shapley_values, shares
from polymodal.inference.answers import as_table
from polymodal.inference.explaining.asked import AskedRow
from polymodal.inference.explaining.nearest import Neighbours, vectors
from polymodal.inference.explaining.saliency import (
    Faithfulness,
    deletion_gain,
    faithfulness,
    saliency,
    smallest_inputs,
    smallest_parts,
)
from polymodal.inference.given_rows import with_all_inputs
from polymodal.inference.hidden.patterns import (
    Answered,
    Worth,
    check_explainable,
    predict_patterns,
    worth_of,
)
from polymodal.media.kept import for_predictions
from polymodal.tables.group import Sequences
from polymodal.tables.table import Table

__all__ = ["Explanation", "RowExplanation", "explain", "explained"]

_ROWS = 5  # that are explained where none are named
_TESTED = 20  # rows by which faithfulness is tested
_NEAREST = 5
_DRAWS = 1_000
_INNER = ("shown", "place")  # of a row, for pages and for other tables


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
        shown: {input: picture or frames, uint8, or spectrogram}, what the model saw, for a page.
        place: int, row of the table that was asked, from 0.
    """

    row: int
    prediction: Any
    target: Any
    inputs: dict[str, float]
    pairs: dict[str, float]
    parts: dict[str, dict[str, Any]]
    change: dict[str, Any]
    nearest: list[dict[str, Any]] | None = None
    shown: dict[str, Any] = field(default_factory=dict)
    place: int = 0


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
        of_numbers: bool, whether answers are numbers.
        what: str, what `num_rows` counts: "row" or "sequence".
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
    of_numbers: bool = False
    what: str = "row"

    def to_json(self) -> dict[str, Any]:
        """Returns plain values, without what pages show of media."""
        rows = [
            {name: value for name, value in vars(one).items() if name not in _INNER}
            for one in self.rows
        ]
        return {
            **vars(self),
            "rows": rows,
            "faithfulness": None if self.faithfulness is None else vars(self.faithfulness),
        }

    def summary(self) -> dict[str, Any]:
        """Returns the same without the rows that were explained one by one."""
        return {name: value for name, value in self.to_json().items() if name != "rows"}


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
        predictor: Answers of classes or numbers.
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
    table = with_all_inputs(predictor, as_table(table, media_root))
    target = predictor.recipe.target
    scored = bool(target) and target in table.column_names
    found = explained(
        predictor, Answered(predict_patterns(predictor, table, scored), table), rows, seed
    )
    if against is not None:
        _add_nearest(predictor, found.rows, table, as_table(against, media_root))
    return found


def explained(
    predictor: Any,
    answered: Answered,
    rows: Sequence[int] | None = None,
    seed: int = 0,
    seconds: float = np.inf,
    cache: Any = None,
) -> Explanation:
    """Explains what a model says of rows with each subset of its inputs.

    Args:
        predictor: Answers of classes or numbers.
        answered: Answered, of the whole table, or of the sequences in it.
        rows: numbers of the rows to explain one by one, from 1; None takes the first five.
        seed: int, key of the random deletions.
        seconds: float, after which no further row is asked again.
        cache: Cache or KeptMedia that may hold the table's media decoded, or None.

    Raises:
        RecipeError: a row that the table lacks.
        DataError: no row can be read.
    """
    table, whole = answered.table, answered.patterns[-1]
    by_row = _by_row(worth_of(answered.patterns, to_truth=False))
    if not by_row:
        raise DataError(
            "has no row that can be read.",
            "Correct the rows, or give others.",
            table=table.name,
            reason="no_rows",
        )
    samples = predictor.samples(table, False, cache or for_predictions())
    scored = whole.targets is not None and bool(whole.scored.any())
    chosen = _chosen(rows, samples.table) or sorted(by_row)[:_ROWS]
    asking = _Asking(predictor, samples, seed, time.monotonic() + seconds)
    found = asking.explained(chosen, by_row, whole, scored)
    asking.test(by_row)
    gains = [gain for gain in asking.gains.values() if gain is not None]
    worth = worth_of(answered.patterns, to_truth=scored)
    return _together(predictor, table.name, worth, faithfulness(gains), found, seed)


def _add_nearest(
    predictor: Any, rows: Sequence[RowExplanation], table: Table, against: Table
) -> None:
    """Adds the rows of another table that are most alike."""
    neighbours, places = Neighbours(predictor, against), [one.place for one in rows]
    own = places if against.fingerprint == table.fingerprint else [None] * len(places)
    if not predictor.recipe.group:  # else whole sequences are needed
        table, places = table.select(places), list(range(len(places)))
    known, found, _ = vectors(predictor, table)
    for one, place, itself in zip(rows, places, own, strict=True):
        one.nearest = neighbours.of(found[np.flatnonzero(known == place)[0]], _NEAREST, itself)


def _together(
    predictor: Any,
    name: str,
    worth: Worth,
    test: Faithfulness | None,
    rows: list[RowExplanation],
    seed: int,
) -> Explanation:
    """Returns an explanation of the table `name`."""
    names = [item.name for item in predictor.inputs]
    means = shapley_values(worth.values.mean(axis=1, keepdims=True))[:, 0]
    return Explanation(
        name,
        worth.to_truth,
        len(set(worth.rows.tolist())),
        dict(zip(names, map(float, shares(means)), strict=True)),
        dict(zip(names, map(float, means), strict=True)),
        _pairs(names, worth.values),
        _intervals(names, worth, seed),
        test,
        rows,
        _unit(predictor),
        not predictor.task.has_classes,
        "sequence" if predictor.recipe.group else "row",
    )


class _Asking:
    """Asks a model again about rows, with parts of them hidden.

    Args:
        predictor: Answers.
        samples: Samples of the table.
        seed: int, key of the random deletions.
        until: float, time from which no further row is asked, by the monotonic clock.
    """

    def __init__(self, predictor: Any, samples: Any, seed: int, until: float):
        self._predictor, self._samples = predictor, samples
        self._seed, self._until = seed, until
        self.gains: dict[int, float | None] = {}  # of deletion, by row

    def explained(
        self,
        chosen: Sequence[int],
        by_row: Mapping[int, np.ndarray],
        whole: Predictions,
        scored: bool,
    ) -> list[RowExplanation]:
        """Returns why each row is answered as it is; of those for which there is time."""
        names, found = [item.name for item in self._predictor.inputs], []
        for row in track(chosen, "Explaining", len(chosen)):
            if found and self._is_late:
                break
            asked, salient = self._asked(row)
            if row not in by_row:
                raise self._not_answered(row)
            answer = _answer(self._predictor, whole, row)
            more = row, names, answer, self._samples, scored
            found.append(_explained(asked, salient, by_row[row], *more))
        return found

    def test(self, by_row: Mapping[int, Any]) -> None:
        """Deletes parts of further rows, evenly spaced, so that there are enough to test."""
        others = [row for row in by_row if row not in self.gains]
        wanted = min(max(0, _TESTED - len(self.gains)), len(others))
        picked = np.unique(np.linspace(0, len(others) - 1, wanted).astype(int)).tolist()
        for place in track(picked, "Testing", len(picked)):
            if self._is_late:
                break
            self._asked(others[place])

    def _not_answered(self, row: int) -> DataError:
        return DataError(
            "cannot be read as the model reads it.",
            "Correct the row, or name others.",
            **self._samples.table.where(row),
            reason="not_answered",
        )

    @property
    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _asked(self, row: int) -> tuple[AskedRow, dict[str, np.ndarray]]:
        """Returns a row and what its parts matter, and keeps what deleting these changes."""
        asked = AskedRow(self._predictor, self._samples, row)
        salient = saliency(asked)
        self.gains[row] = deletion_gain(asked, salient, self._seed + row)
        return asked, salient


def _chosen(rows: Sequence[int] | None, table: Table) -> list[int]:
    """Returns the rows that are asked for, or the sequences that they are in, from 0."""
    place = table.of_rows if isinstance(table, Sequences) else np.arange(len(table))
    for row in rows or ():
        if not 1 <= row <= len(place):
            raise RecipeError(
                f"explain needs rows from 1 to {len(place):,}, as {table.name} has. Got {row}."
            )
    return list(dict.fromkeys(int(place[row - 1]) for row in rows or ()))


def _by_row(worth: Worth) -> Mapping[int, np.ndarray]:
    """Returns {row: (2 ** inputs, 1)}, the mean over its steps."""
    rows, place = np.unique(worth.rows, return_inverse=True)
    sums = np.stack([np.bincount(place, weights=one) for one in worth.values])
    means = sums / np.bincount(place)
    return {int(row): means[:, [i]] for i, row in enumerate(rows)}


def _answer(predictor: Any, whole: Predictions, row: int) -> Any:
    """Returns the prediction for a row; for a sequence those of its steps."""
    places = np.flatnonzero(whole.rows == row).tolist()
    return vars(whole.task.answer(whole, places, predictor.target))["prediction"]


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
        shown=asked.shown,
        place=row,
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


def _unit(predictor: Any) -> str:
    if not predictor.task.has_classes:
        return "the target's own unit"
    if predictor.task.choice == "one of":
        return "probability of the answer"
    return "mean probability of the labels"
