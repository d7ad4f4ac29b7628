"""Retrieval: which answer belongs to a query, such as the image to a caption, and the other way."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Answer, Scores, Target
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import RecipeError

__all__ = ["Retrieval"]

_LEVELS = (1, 5, 10)
_BLOCK = 512  # queries compared at a time


class PairTarget(Target):
    """Which rows share a query or an answer: two numbers of a row, int32 (2,).

    Args:
        query: list of str, names of the inputs that ask.
        answer: list of str, names of the inputs that are looked for.

    Raises:
        RecipeError: a side without inputs, or an input on both.

    Example:

    >>> target = PairTarget(["caption"], ["image"])
    >>> target.reads({"caption": ["caption"], "image": ["image"]})
    >>> one, other = (target.encode({"caption": text, "image": "a.png"}) for text in "ab")
    >>> (one == other).tolist()
    [False, True]
    """

    num_outputs = 2
    has_time = False
    dtype = np.int32
    shape = (2,)

    def __init__(self, query: list | None = None, answer: list | None = None):
        self.sides = {"query": list(query or []), "answer": list(answer or [])}
        both = {*self.sides["query"]} & {*self.sides["answer"]}
        if both or not all(self.sides.values()):
            raise RecipeError(
                "task needs query and answer, each with inputs of its own. Got "
                f"query={self.sides['query']} and answer={self.sides['answer']}. Write --set "
                '"task.query=[caption]" --set "task.answer=[image]".'
            )
        self.labels: list[str] = []
        self.read_columns: dict[str, list[str]] = {}

    @property
    def columns(self) -> list[str]:
        """Columns that a target is made of."""
        return [column for columns in self.read_columns.values() for column in columns]

    def reads(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Takes the columns of each input."""
        self.read_columns = {
            side: [column for name in names for column in columns.get(name, ())]
            for side, names in self.sides.items()
        }

    def is_empty(self, value: Mapping[str, Any]) -> bool:
        """Returns whether a row lacks the whole query or the whole answer."""
        return any(
            all(value[column] is None for column in columns)
            for columns in self.read_columns.values()
        )

    def fit(self, values: Iterable[Any]) -> None:
        """Learns nothing."""

    def read(self, value: Any) -> Any:
        """Returns the cells of a row."""
        return value

    def encode(self, value: Mapping[str, Any]) -> np.ndarray:
        """Returns a number from 1 for the query and one for the answer, int32 (2,)."""
        return np.array(
            [
                _number([value[column] for column in columns])
                for columns in self.read_columns.values()
            ],
            np.int32,
        )

    def decode(self, encoded: Any) -> Any:
        """Returns what was encoded: it stands for nothing that can be shown."""
        return encoded

    def state(self) -> dict[str, Any]:
        """Returns nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes nothing."""


class Retrieval(Task):
    """Finds the answer that belongs to a query, and the query that belongs to an answer."""

    name = "retrieval"
    title = "retrieval"
    headline = "recall@10"
    compares_inputs = True
    by_labels = "classification"
    asks_alone = False
    shares_items = False  # equal items would be no negatives of each other
    rows_seen = 160_000  # which words belong to which shapes is learned late
    fusion = ("concat", "Each side of a pair is encoded by itself.")
    reads_media = True
    command = "search {run} --query ... --data new.csv"
    target = PairTarget

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.vectors import PairHead

        return PairHead

    def input_names(self, settings: Mapping[str, Any]) -> list[str]:
        """Returns the inputs that the recipe names, query first."""
        return [name for side in ("query", "answer") for name in settings.get(side) or ()]

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Mirrors no image: "the left one" would become a lie."""
        if config["modality"] == "image":
            return {"flip": False}
        return {}

    def distracts(self, modality: str, modalities: Collection[str]) -> bool:
        """Returns False: inputs are those that a side names."""
        return False

    def scores(self, rest: Predictions) -> Scores:
        """Returns recall@1, 5 and 10 of answers by query, and `reverse_` of queries by answer."""
        return Recall(
            {
                f"{way}recall@{level}": hits
                for way, queries in (("", True), ("reverse_", False))
                for level, hits in zip(_LEVELS, _hits(rest, queries), strict=True)
            }
        )

    def row_errors(self, rest: Predictions) -> np.ndarray:
        """Returns the share of the two ways in which a row is not among the first ten."""
        return 1 - 0.5 * (_hits(rest, True)[-1] + _hits(rest, False)[-1])

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns equal vectors: every answer is as near as the others, which is chance."""
        return np.zeros_like(predictions.outputs)

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return "finds what belongs together in a table"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the row, from 1, whose answer is nearest to the query of a row."""
        query, answers = found.outputs[places[0], 0], found.outputs[:, 1]
        return Answer(int(found.rows[int((answers @ query).argmax())]) + 1)

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns the row that is right, and the one that was found."""
        said = self.answer(found, [place], None).prediction
        right = int(found.rows[place]) + 1
        return {
            "target": f"row {right}",
            "predicted": f"row {said}",
            "right": right == said,
            "probability": None,
        }


class Recall:
    """Shares of rows whose own is among the first so many; all rows are what is searched.

    Args:
        hits: {metric: (n,) 0 to 1}.
    """

    def __init__(self, hits: Mapping[str, np.ndarray]):
        self.hits = hits

    def __call__(self, weights: np.ndarray, only: str | None = None) -> dict[str, np.ndarray]:
        """Returns {metric: (samples,)} for weights (n, samples)."""
        return {
            name: hits @ weights / weights.sum(axis=0)
            for name, hits in self.hits.items()
            if only in (None, name)
        }

    def fixed(self) -> dict[str, float]:
        """Returns no score: all have an interval."""
        return {}

    def take(self, where: np.ndarray) -> Recall:
        """Returns the scores of a part of the rows, found among all."""
        return Recall({name: hits[where] for name, hits in self.hits.items()})


def _number(cells: Sequence[Any]) -> int:
    """Returns a number of what cells hold, 1 to 2^31 - 1; texts that differ in spaces are equal."""
    digest = hashlib.blake2b(repr([*map(_plain, cells)]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % (2**31 - 1) + 1


def _plain(cell: Any) -> Any:
    """Returns what `repr` writes in full, and alike for equal cells."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, np.ndarray):
        return (cell.shape, cell.tobytes())
    return cell


def _hits(rest: Predictions, queries: bool) -> list[np.ndarray]:
    """Returns for each level the chance (n,) that a row's own is among the first so many.

    What belongs to an equal query is right too, and equal answers count once. Of ties each order is
    as likely.

    Args:
        rest: Predictions, scored rows only.
        queries: bool, whether answers are looked for by query, or else queries by answer.
    """
    here, there = (0, 1) if queries else (1, 0)
    ids = np.asarray(rest.targets)
    asked = np.unique(ids[:, here], return_inverse=True)[1]
    _, first, item = np.unique(ids[:, there], return_index=True, return_inverse=True)
    pool = np.asarray(rest.outputs[first, there], np.float32)
    right = np.zeros((int(asked.max()) + 1, len(first)), bool)
    right[asked, item] = True
    greater, ties = np.zeros(len(ids)), np.zeros(len(ids))
    for start in range(0, len(ids), _BLOCK):
        block = slice(start, start + _BLOCK)
        near = np.asarray(rest.outputs[block, here], np.float32) @ pool.T  # (rows, items)
        good = right[asked[block]]
        best = np.where(good, near, -np.inf).max(axis=1, keepdims=True)
        greater[block] = ((near > best) & ~good).sum(axis=1)
        ties[block] = ((near == best) & ~good).sum(axis=1)
    return [np.clip((level - greater) / (ties + 1), 0, 1) for level in _LEVELS]
