"""What the cells of a target column hold, with the reason; which task that fits, tasks say."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from polymodal.core.errors import DataError
from polymodal.profile.column_rules import CATEGORY_SHARE, TEXT_WORDS
from polymodal.profile.observed import Observed
from polymodal.profile.profile import Profile, profile
from polymodal.tables.group import Sequences
from polymodal.tables.reading.free_text import num_words
from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.reading.reading import Reading, reading_option
from polymodal.tables.reading.separators import find_separator
from polymodal.tables.table import Table

MAX_CLASSES = 20  # whole numbers with at most so many distinct values are classes
AMOUNTS, CLASSES, LABEL_SETS, STEP_LABELS, TEXTS = FORMS = (
    "amounts",
    "classes",
    "label sets",
    "step labels",
    "texts",
)


class Form(NamedTuple):
    """What the cells of a target column hold.

    Args:
        kind: str, one of `FORMS`.
        because: str, how that is seen.
        separator: str or None, what separates labels of a cell, where it is not usual.
    """

    kind: str
    because: str
    separator: str | None = None


def target_form(table: Table | Profile, target: str, reading: Reading | None = None) -> Form:
    """Returns what the cells of the column `target` hold.

    Args:
        table: Table or Profile.
        target: str, the column.
        reading: Reading, how its cells are read, where somebody says so; a profile knows it.

    Raises:
        DataError: the column is empty, constant, or of a type that is no target, or it could be
            read in several ways.
        RecipeError: there is no such column.

    Example:

    >>> from polymodal.tables.table import read
    >>> target_form(read({"price": [1.5, 2.25, 3.0]}), "price").kind
    'amounts'
    """
    facts = profile(table, {} if reading is None else {target: reading}).whole
    return facts.once(("form", target), lambda: _form(facts, facts.column(target)))


def _form(facts: Profile, column: Observed) -> Form:
    target = column.name
    _check_usable(column)
    if column.all_are(list):
        kind, because = _lists(facts, column)
    elif column.numbers is not None and not column.all_are(bool):
        kind, because = _numbers(column)
    elif column.given.kind == "category":
        kind, because = CLASSES, f'"{target}" has {column.distinct} classes, as asked'
    elif column.all_are(str):
        kind, because = _texts(column)
        _check_one_kind(column, kind)
    else:
        kind, because = CLASSES, f'"{target}" has {column.distinct} classes'
    mark = None
    if kind == LABEL_SETS:
        mark = separator_of(column)
    return Form(kind, because, mark)


def separator_of(column: Observed) -> str | None:
    """Returns what is between the labels of a cell of texts, None where each is one label."""
    cells = [cell for cell in column.cells if isinstance(cell, str)]
    if cells:
        return find_separator(cells)
    return None


def _check_usable(column: Observed) -> None:
    def unusable(problem: str, fix: str, reason: str) -> DataError:
        return DataError(
            f"is the target, but {problem}.",
            fix,
            table=column.table.name,
            column=column.name,
            reason=reason,
        )

    if not len(column):
        raise unusable("all its cells are empty", "Name another target.", "empty_target")
    if len(column) > 1 and column.distinct == 1 and len(set(_all(column, 1))) == 1:
        raise unusable(
            "all its cells have the same value",
            "There is nothing to learn; name another target.",
            "constant_target",
        )
    if column.all_are(datetime.date):
        _check_one_kind(column, "")
    if not column.all_are(str, int, float, decimal.Decimal, bool, list):
        kinds = sorted({type(cell).__name__ for cell in column.cells})
        raise unusable(
            f"has {', '.join(kinds)}",
            "Name a column of labels, numbers, texts or lists of labels.",
            "no_target",
        )


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
        return AMOUNTS, f'"{column.name}" has numbers with fractions'
    found = _numbers_of(column, _all(column, MAX_CLASSES))
    if any(number % 1 for number in found):
        return AMOUNTS, f'"{column.name}" has numbers with fractions'
    if len(found) > MAX_CLASSES:
        return AMOUNTS, (
            f'"{column.name}" has whole numbers with more than {MAX_CLASSES} distinct values'
        )
    return CLASSES, (
        f'"{column.name}" has whole numbers with only {len(found)} distinct values, which count '
        "as classes (for amounts the task would be regression)"
    )


def _numbers_of(column: Observed, values: Iterable[Any]) -> set[float]:
    """Returns the different finite numbers among cells."""
    numbers, found = column.guess.reading.numbers if column.guess else NumberFormat(), set()
    for value in values:
        try:
            number = numbers.read(value)
        except ValueError:
            continue  # the row is named when all rows are checked
        if number is not None and math.isfinite(number):
            found.add(number)
    return found


def _check_one_kind(column: Observed, kind: str) -> None:
    """Raises DataError for dates, and for numbers mixed with other cells, unless they are few
    labels that repeat."""
    found = column.guess
    if (
        found is None
        or (found.kind == "number" and not found.odd)
        or (found.kind == "number" and kind == CLASSES and column.distinct <= MAX_CLASSES)
    ):
        return
    if found.kind == "number":
        fixes = [
            f"{reading_option(column.name, 'kind', 'number')} names the rows of the others",
            f"{reading_option(column.name, 'missing', found.odd[:3])} leaves them out",
        ]
        fix = (
            f"Correct them; or {fixes[len(found.odd) <= 3]}; or name the task, such as --task "
            "classification."
        )
        raise DataError(
            f"is the target, but {found.counted}.",
            fix,
            table=column.table.name,
            column=column.name,
            reason="mixed_target",
        )
    raise DataError(
        "is the target, but has dates, which no task predicts.",
        "Make a column of numbers of it, such as days since a date, or take each date "
        "as a class with --task classification.",
        table=column.table.name,
        column=column.name,
        reason="date_target",
    )


def _texts(column: Observed) -> tuple[str, str]:
    if separator := separator_of(column):
        return LABEL_SETS, f'"{column.name}" has labels separated by "{separator}"'
    count, share = column.distinct, column.distinct_share
    shown = f"{count:,} distinct values in the {len(column):,} sampled cells"
    is_free = column.mean_words >= TEXT_WORDS and share > CATEGORY_SHARE / 5
    if is_free or (share > CATEGORY_SHARE and count > MAX_CLASSES):
        return TEXTS, f'"{column.name}" has free text ({shown})'
    return CLASSES, f'"{column.name}" has labels that repeat ({shown})'


def _lists(facts: Profile, column: Observed) -> tuple[str, str]:
    items = [item for cell in column.cells for item in cell if item is not None]
    if isinstance(column.table, Sequences):
        return STEP_LABELS, f'"{column.name}" has one label for each step of a sequence'
    texts = [item for item in items if isinstance(item, str)]
    if texts and sum(map(num_words, texts)) >= TEXT_WORDS * len(texts):
        return TEXTS, f'"{column.name}" has lists of free texts, each of them a right answer'
    aligned = _aligned_column(facts, column)
    if aligned:
        return STEP_LABELS, (
            f'"{column.name}" has lists of labels, as long in each row as the lists of "{aligned}"'
        )
    return LABEL_SETS, f'"{column.name}" has lists of labels'


def _aligned_column(facts: Profile, column: Observed) -> str | None:
    """Returns a column whose lists are as long as the target's in every row looked at."""
    lengths = [len(cell) for cell in column.cells]
    for name in column.table.column_names:
        if name == column.name:
            continue
        other = facts.column(name)
        if other.all_are(list) and [len(cell) for cell in other.cells] == lengths:
            return name
    return None
