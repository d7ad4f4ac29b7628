"""An explanation in words."""

from __future__ import annotations

from collections.abc import Iterator

from polymodal.core.printed.counting import counted
from polymodal.evaluation.words import listed
from polymodal.questions.explain.explanation import Explanation, RowExplanation

__all__ = ["row_sentences", "sentences", "table_sentences"]

_MOST = 3  # parts that are named


def sentences(found: Explanation) -> Iterator[str]:
    """Yields lines for a terminal: the table first, then each row."""
    yield from table_sentences(found)
    for row in found.rows:
        yield ""
        yield from row_sentences(row)


def table_sentences(found: Explanation) -> Iterator[str]:
    """Yields lines on the rows together."""
    goal = "the right answer" if found.to_truth else "the model's answer"
    yield f"Mean of {found.num_rows:,} rows of {found.table}: what each input adds to {goal}"
    for name, share in found.shares.items():
        yield f"  {name}: {100 * share:.0f} % ({found.inputs[name]:+.3f} {found.unit})"
    for pair, value in found.pairs.items():
        low, high = found.intervals[pair]
        yield f"  {pair}: {_pair(low, high)} ({value:+.3f}, {low:+.3f} to {high:+.3f})"
    if found.faithfulness is not None:
        yield f"  {_faithful(found)}"


def _pair(low: float, high: float) -> str:
    if low > 0:
        return "together they know more than their parts"
    if high < 0:
        return "they partly know the same"
    return "what they know adds up"


def _faithful(found: Explanation) -> str:
    test = found.faithfulness
    if test is None or test.interval is None or test.p is None:
        return "Faithfulness needs more than one row."
    low, high = test.interval
    told = (
        f"deleting the parts named as important changes the answer by {test.gain:+.3f} more "
        f"than deleting random ones (95 % interval {low:+.3f} to {high:+.3f}, p = "
        f"{test.p:.3f}, {test.num_rows} rows)"
    )
    if low > 0:
        return f"The parts below are faithful: {told}."
    return f"Do not trust the parts below: {told}."


def row_sentences(row: RowExplanation) -> Iterator[str]:
    """Yields lines on one row."""
    truth = "" if row.target is None else f", the target is {row.target}"
    yield f"Row {row.row}: {row.prediction}{truth}"
    yield "  " + ", ".join(f"{name} {value:+.3f}" for name, value in row.inputs.items())
    for name, parts in row.parts.items():
        order = sorted(range(len(parts["values"])), key=lambda i: -parts["values"][i])[:_MOST]
        named = [
            f"{parts['names'][i]} ({parts['values'][i]:+.3f})"
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
        alike = [
            f"row {one['row']}" + (f" ({one['label']})" if one["label"] is not None else "")
            for one in row.nearest
        ]
        yield f"  Most alike: {listed(alike)}."
