"""From the target column to the task, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polymodal.core.errors import DataError
from polymodal.data.column_rules import CATEGORY_SHARE, TEXT_WORDS
from polymodal.data.free_text import num_words
from polymodal.data.group import Sequences
from polymodal.data.observed import Observed, as_number
from polymodal.data.table import Table

MAX_CLASSES = 20  # whole numbers with at most so many distinct values are classes
SEPARATOR = "|"
_SEPARATED_SHARE = 0.02
_CHANGE = 'write another task into the recipe to change it'


@dataclass(frozen=True)
class TaskGuess:
    """A task, and one sentence that says why and how to change it.

    Args:
        task: str: classification, multilabel, regression, sequence_labelling or seq2seq.
        reason: str.
    """

    task: str
    reason: str


def infer_task(table: Table, target: str) -> TaskGuess:
    """Returns the task that fits the values of the column `target`.

    Raises:
        DataError: the column is empty, constant, or of a type that is no target.
        RecipeError: there is no such column.

    Example:

    >>> from polymodal.data.table import read
    >>> infer_task(read({"price": [1.5, 2.25, 3.0]}), "price").task
    'regression'
    """
    column = Observed(table, target)
    _check_usable(column)
    if column.all_are(list):
        task, because = _lists(column)
    elif column.numbers is not None and not column.all_are(bool):
        task, because = _numbers(column)
    elif column.all_are(str):
        task, because = _texts(column)
    else:
        task, because = "classification", f'"{target}" holds {column.distinct} classes'
    return TaskGuess(task, f"The task is {task} because {because}; {_CHANGE}.")


def _check_usable(column: Observed) -> None:
    def unusable(problem: str, fix: str, reason: str) -> DataError:
        return DataError(f"is the target, but {problem}.", fix, table=column.table.name,
                         column=column.name, reason=reason)

    if not len(column):
        raise unusable("all its cells are empty", "Name another target.", "empty_target")
    if len(column) > 1 and column.distinct == 1 and len(set(_all(column, 1))) == 1:
        raise unusable("all its cells hold the same value",
                       "There is nothing to learn; name another target.", "constant_target")
    if not column.all_are(str, int, float, bool, list):
        kinds = sorted({type(cell).__name__ for cell in column.cells})
        raise unusable(f"holds {', '.join(kinds)}",
                       "Name a column of labels, numbers, texts or lists of labels.", "no_target")


def _all(column: Observed, stop_above: int) -> set[Any]:
    """Returns the distinct values of the whole column, or somewhat more than `stop_above`."""
    found = set()
    for value in column.table.values(column.name):
        if value is not None:
            found.add(value if not isinstance(value, list) else str(value))
            if len(found) > stop_above:
                break
    return found


def _numbers(column: Observed) -> tuple[str, str]:
    if any(number % 1 for number in column.numbers or ()):
        return "regression", f'"{column.name}" holds numbers with fractions'
    found = [as_number(value) for value in _all(column, MAX_CLASSES)]
    if any(number is not None and number % 1 for number in found):
        return "regression", f'"{column.name}" holds numbers with fractions'
    if len(found) > MAX_CLASSES:
        return "regression", (f'"{column.name}" holds whole numbers with more than {MAX_CLASSES} '
                              "distinct values")
    return "classification", (
        f'"{column.name}" holds whole numbers with only {len(found)} distinct values, which count '
        "as classes (for amounts the task would be regression)")


def _texts(column: Observed) -> tuple[str, str]:
    separated = sum(SEPARATOR in cell for cell in column.cells)
    if separated >= max(_SEPARATED_SHARE * len(column), 1) and _labels_repeat(column):
        return "multilabel", f'"{column.name}" holds labels separated by "{SEPARATOR}"'
    count, share = column.distinct, column.distinct_share
    shown = f"{count:,} distinct values in the {len(column):,} cells looked at"
    is_free = column.mean_words >= TEXT_WORDS and share > CATEGORY_SHARE / 5
    if is_free or (share > CATEGORY_SHARE and count > MAX_CLASSES):
        return "seq2seq", f'"{column.name}" holds free text ({shown})'
    return "classification", f'"{column.name}" holds labels that repeat ({shown})'


def _labels_repeat(column: Observed) -> bool:
    parts = [part for cell in column.cells for part in cell.split(SEPARATOR)]
    return len(set(parts)) <= CATEGORY_SHARE * len(parts) or len(column) < MAX_CLASSES


def _lists(column: Observed) -> tuple[str, str]:
    items = [item for cell in column.cells for item in cell if item is not None]
    if isinstance(column.table, Sequences):
        return "sequence_labelling", f'"{column.name}" holds one label for each step of a sequence'
    texts = [item for item in items if isinstance(item, str)]
    if texts and sum(map(num_words, texts)) >= TEXT_WORDS * len(texts):
        return "seq2seq", f'"{column.name}" holds lists of free texts, each of them a right answer'
    aligned = _aligned_column(column)
    if aligned:
        return "sequence_labelling", (
            f'"{column.name}" holds lists of labels, as long in each row as the lists of '
            f'"{aligned}"')
    return "multilabel", f'"{column.name}" holds lists of labels'


def _aligned_column(column: Observed) -> str | None:
    """Returns a column whose lists are as long as the target's in every row looked at."""
    lengths = [len(cell) for cell in column.cells]
    for name in column.table.column_names:
        if name == column.name:
            continue
        other = Observed(column.table, name)
        if other.all_are(list) and [len(cell) for cell in other.cells] == lengths:
            return name
    return None
