"""An explanation in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polymodal.core.printed.counting import counted
from polymodal.evaluation.words import listed, signed
from polymodal.inference.explaining.explanation import Explanation, RowExplanation

__all__ = [
    "faithful_words",
    "goal_words",
    "pair_words",
    "row_sentences",
    "sentences",
    "table_sentences",
]

_MOST = 3  # parts that are named
_MOST_STEPS = 8  # of a sequence, whose answers are shown
_LEAST_CHANCE, _SURE = 0.001, 0.05
_FEWEST = 6  # rows, below which no difference is surer than 5 %


def sentences(found: Explanation) -> Iterator[str]:
    """Yields lines for a terminal: the table first, then each row."""
    yield from table_sentences(found)
    for row in found.rows:
        yield ""
        yield from row_sentences(row, found.what)


def table_sentences(found: Explanation) -> Iterator[str]:
    """Yields lines on the rows together."""
    yield goal_words(found)
    for name, share in found.shares.items():
        yield f"  {name}: {100 * share:.0f} % ({signed(found.inputs[name])} {found.unit})"
    for pair, value in found.pairs.items():
        low, high = found.intervals[pair]
        bounds = f"{signed(low)} to {signed(high)}"
        yield f"  {pair}: {pair_words(low, high)} ({signed(value)}, {bounds})"
    if found.faithfulness is not None:
        yield f"  {faithful_words(found)}"


def goal_words(found: Explanation) -> str:
    """Returns what shares are of, and of how many rows."""
    goal = "the right answer" if found.to_truth else "the model's answer"
    rows = counted(found.num_rows, found.what)
    return f"Mean of {rows} of {found.table}: what each input adds to {goal}"


def pair_words(low: float, high: float) -> str:
    """Returns what the interval of an interaction says."""
    if low > 0:
        return "together they know more than their parts"
    if high < 0:
        return "they partly know the same"
    return "what they know adds up"


def faithful_words(found: Explanation) -> str:
    """Returns whether the parts that are named matter more than others; "" where there are none."""
    test = found.faithfulness
    if test is None:
        return ""
    if test.interval is None or test.p is None or test.num_rows < _FEWEST:
        rows = counted(test.num_rows, found.what)
        return f"Whether the parts below are faithful was not tested: {rows} of {_FEWEST} needed."
    low, high = test.interval
    told = (
        f"deleting the parts named as important changes the answer by {signed(test.gain)} more "
        f"than deleting random ones (95 % interval {signed(low)} to {signed(high)}, "
        f"{_chance(test.p)}, {counted(test.num_rows, found.what)})"
    )
    if low > 0 and test.p < _SURE:
        return f"The parts below are faithful: {told}."
    return f"Do not trust the parts below: {told}."


def row_sentences(row: RowExplanation, what: str = "row") -> Iterator[str]:
    """Yields lines on one row, or on the sequence that begins with it."""
    begins = "Row" if what == "row" else f"{what.capitalize()} from row"
    truth = "" if row.target is None else f", the target is {_answer(row.target)}"
    yield f"{begins} {row.row}: {_answer(row.prediction)}{truth}"
    yield "  " + ", ".join(f"{name} {signed(value)}" for name, value in row.inputs.items())
    for name, parts in row.parts.items():
        order = sorted(range(len(parts["values"])), key=lambda i: -parts["values"][i])[:_MOST]
        named = [
            f"{parts['names'][i]} ({signed(parts['values'][i])})"
            for i in order
            if parts["values"][i] > 0
        ]
        if named:
            yield f"  {name}, {parts['kind']} that matter most: {'; '.join(named)}"
    if row.change["inputs"]:
        yield f"  Without {listed(row.change['inputs'])} the answer is another."
    if row.change["parts"]:
        named = [f"{name}: {part}" for name, part in row.change["parts"][:8]]
        more = len(row.change["parts"]) - len(named)
        told = f"  Without {counted(len(row.change['parts']), 'part')} it is another: "
        told += "; ".join(named)
        if more:
            told += f" and {more} more"
        yield f"{told}."
    if row.nearest:
        alike = [f"row {one['row']}{_labelled(one['label'])}" for one in row.nearest]
        yield f"  Most alike: {listed(alike)}."


def _chance(p: float) -> str:
    if p < _LEAST_CHANCE:
        return f"p < {_LEAST_CHANCE:g}"
    return f"p = {p:.3f}"


def _labelled(label: Any) -> str:
    if label is None:
        return ""
    return f" ({_answer(label)})"


def _answer(value: Any) -> str:
    """Returns an answer as a person reads it; of a sequence those of its first steps."""
    if isinstance(value, list | tuple):
        more = ", ..." if len(value) > _MOST_STEPS else ""
        return ", ".join(map(_answer, value[:_MOST_STEPS])) + more
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value)
