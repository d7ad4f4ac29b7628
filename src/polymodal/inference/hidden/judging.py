"""What an assistant's answers are worth beyond their scores: does it look, and how sure is it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.comparing.compare import Comparison, compare
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.inference.outputs import outputs
from polymodal.media.kept import for_predictions
from polymodal.tables.table import Table
from polymodal.text.dialogue.messages import KINDS

__all__ = ["answers_judged", "likelihoods", "looked_away"]

_CHOICES = "choices"  # a column with the answers to choose from
_HIDDEN, _OTHER = "hidden", "another's"


def answers_judged(predictor: Any, table: Table, found: Predictions) -> dict[str, Any]:
    """Returns further parts of an evaluation's JSON.

    Args:
        predictor: Predictor of a run that answers in conversations.
        table: Table with the right answers.
        found: Predictions for it.

    Returns:
        {"perplexity": of the right answers, "multiple_choice": {"n", "accuracy"} where rows have
        choices, "input_patterns": {kind: {"shown", "hidden", "another's", "sentence", ...}}}.
    """
    nll, tokens = likelihoods(predictor, table)
    known = tokens > 0
    result: dict[str, Any] = {}
    if known.any():
        result["perplexity"] = math.exp(min(nll[known].sum() / tokens[known].sum(), 700.0))
    if _CHOICES in table.column_names:
        result["multiple_choice"] = _chosen(predictor, table)
    patterns = {
        kind: looked_away(predictor, table, found, kind)
        for kind in KINDS
        if kind in predictor.recipe.inputs
    }
    return result | {"input_patterns": {kind: one for kind, one in patterns.items() if one}}


def likelihoods(predictor: Any, table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each row the negative log likelihood of its right answer, a sum over tokens, and
    the number of tokens; 0 and 0 where it cannot be read.

    Args:
        predictor: Predictor of a run that answers in conversations.
        table: Table with the right answers.
    """
    samples = predictor.samples(table, True, for_predictions())
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=True)
    nll, tokens = np.zeros(len(table)), np.zeros(len(table))
    if not len(checked):
        return nll, tokens
    for output in outputs(predictor.model, predictor.loader(samples, checked), what="Scoring"):
        if output.targets is None:
            continue
        logits = output.logits - output.logits.max(axis=-1, keepdims=True)
        norm = np.log(np.exp(logits).sum(axis=-1))
        ids = np.maximum(output.targets, 0)
        lost = norm - np.take_along_axis(logits, ids[..., None], axis=-1)[..., 0]
        counts = np.asarray(output.weights) > 0  # (batch, time)
        real = np.flatnonzero(output.rows >= 0)
        rows = output.rows[real]
        nll[rows] = np.where(counts, lost, 0).sum(axis=1)[real]
        tokens[rows] = counts.sum(axis=1)[real]
    return nll, tokens


def _chosen(predictor: Any, table: Table) -> dict[str, Any]:
    """Returns the share of rows whose right answer is the most likely of their choices, by the mean
    over tokens."""
    target = predictor.recipe.target
    rows = [
        row
        for row in range(len(table))
        if table.cell(row, _CHOICES) and table.cell(row, target) is not None
    ]
    pairs = [(row, str(choice)) for row in rows for choice in table.cell(row, _CHOICES)]
    if not pairs:
        return {"n": 0, "accuracy": None}
    long = table.select([row for row, _ in pairs]).with_column(target, [one for _, one in pairs])
    nll, tokens = likelihoods(predictor, long)
    mean = np.where(tokens > 0, nll / np.maximum(tokens, 1), np.inf)
    best: dict[int, tuple[float, str]] = {}
    for (row, choice), value in zip(pairs, mean, strict=True):
        best[row] = min(best.get(row, (np.inf, "")), (float(value), choice))
    right = [best[row][1] == str(table.cell(row, target)) for row in rows]
    return {"n": len(rows), "accuracy": float(np.mean(right))}


def looked_away(predictor: Any, table: Table, found: Predictions, kind: str) -> dict[str, Any]:
    """Returns the headline with a kind of media shown, hidden, and swapped for another row's.

    Only rows that have it count. Nothing is returned where fewer than two have it.

    Args:
        predictor: Predictor of a run that answers in conversations.
        table: Table with the right answers.
        found: Predictions for it.
        kind: str, an input: image, audio or video.
    """
    (column,) = next(item.columns for item in predictor.inputs if item.name == kind)
    if column not in table.column_names:
        return {}
    cells = list(table.values(column))
    there = np.array([cell is not None for cell in cells])
    found = found.take(there[found.rows] & found.scored)
    if len(found) < 2 or len({str(cell) for cell in cells if cell is not None}) < 2:
        return {}
    result: dict[str, Any] = {"n": len(found)}
    compared = {}
    for pattern, changed in ((_HIDDEN, [None] * len(cells)), (_OTHER, _swapped(cells))):
        other = predictor.predict(table.with_column(column, changed), scored=True)
        compared[pattern] = compare(found, other.take(np.isin(other.rows, found.rows)))
        result[pattern] = compared[pattern].second
    result = {"n": result.pop("n"), "shown": compared[_HIDDEN].first, **result}
    result["difference"] = compared[_HIDDEN].to_json()
    return result | {"sentence": _sentence(kind, compared)}


def _swapped(cells: Sequence[Any]) -> list[Any]:
    """Returns cells, each that of the next row that has another one."""
    places = [place for place, cell in enumerate(cells) if cell is not None]
    result = list(cells)
    for index, place in enumerate(places):
        for step in range(1, len(places)):
            other = cells[places[(index + step) % len(places)]]
            if str(other) != str(cells[place]):
                result[place] = other
                break
    return result


def _sentence(kind: str, compared: Mapping[str, Comparison]) -> str:
    """Returns what hiding shows: that an assistant looks or listens, or that it does not."""
    hidden, other = compared[_HIDDEN], compared[_OTHER]
    name = {"audio": "sound"}.get(kind, kind)
    scores = (
        f"{hidden.metric} {hidden.first:.3f} with the {name}, {hidden.second:.3f} without "
        f"it, {other.second:.3f} with another row's"
    )
    if hidden.better == "first":
        return f"The assistant uses the {name}: {scores}."
    if hidden.interval is None:
        return f"Too few rows to tell whether the assistant uses the {name}: {scores}."
    return (
        f"Hiding the {name} changes nothing that can be told from chance: {scores}. The "
        "assistant may answer without it."
    )
