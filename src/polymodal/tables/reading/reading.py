"""The settings by which the cells of one column are read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import yaml

from polymodal.core import arguments
from polymodal.core.advice import set_option
from polymodal.core.errors import RecipeError
from polymodal.tables.reading.numbers import NumberFormat

_WORD = re.compile(r"[a-z]+", re.I)
_OF_NUMBERS = ("decimal", "thousands", "unit")


@dataclass(frozen=True)
class Reading:
    """How the cells of a column are read; None where the column itself decides.

    Args:
        kind: str, number, date or category.
        decimal: str, the mark before the decimals of a number.
        thousands: str, the mark between groups of three digits; "" for none.
        unit: str, currency, percent or other unit that may be at a number, which is kept as it
            is written: 10% is 10.
        missing: list of texts and numbers that stand for a missing value, besides the usual ones;
            one of them may come without a list.
        day_first: bool, whether 1/2/2023 is the first of February.
        ignore_case: bool, whether labels that differ only in case are one.

    Example:

    >>> Reading(decimal=",", unit="€").to_dict()
    {'decimal': ',', 'unit': '€'}
    """

    kind: Literal["number", "date", "category"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    unit: str | None = None
    missing: list | str | float | None = None
    day_first: bool | None = None
    ignore_case: bool | None = None

    def __post_init__(self) -> None:
        if self.missing is not None and not isinstance(self.missing, list):
            object.__setattr__(self, "missing", [self.missing])
        if self.decimal is not None and self.decimal == self.thousands:
            raise RecipeError(
                f'decimal and thousands need different marks. Got "{self.decimal}" '
                'for both. Write thousands: "" where there is none.'
            )
        asked = {"number" for name in _OF_NUMBERS if getattr(self, name) is not None}
        if self.day_first is not None:
            asked |= {"date"}
        if self.ignore_case:
            asked |= {"category"}
        if self.kind:
            asked |= {self.kind}
        if len(asked) > 1:
            raise RecipeError(
                f"A column needs settings of one kind. Got {self.to_dict()}, which "
                f"are of {' and '.join(sorted(asked))}. Leave some out."
            )

    @property
    def asks_for(self) -> str | None:
        """The kind that the settings say or imply: number, date, category or None."""
        if self.kind:
            return self.kind
        if any(getattr(self, name) is not None for name in _OF_NUMBERS):
            return "number"
        if self.day_first is not None:
            return "date"
        if self.ignore_case:
            return "category"
        return None

    @property
    def numbers(self) -> NumberFormat:
        """The format of the column's numbers; plain numbers where nothing is said."""
        decimal = self.decimal or ("," if self.thousands == "." else ".")
        return NumberFormat(decimal, self.thousands or "", self.unit or "", self.marks)

    @property
    def marks(self) -> list[Any]:
        """The texts and numbers that stand for a missing value, besides the usual ones."""
        if isinstance(self.missing, list):
            return self.missing
        return []

    def without_defaults(self) -> Reading:
        """Returns the reading without what plain numbers have anyway."""
        plain = {"decimal": "." if self.thousands != "." else None, "thousands": "", "unit": ""}
        return replace(
            self, **{name: None for name, value in plain.items() if getattr(self, name) == value}
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings that are not left open."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not None}

    def filled(self, **found: Any) -> Reading:
        """Returns the reading with what is left open taken from `found`."""
        return replace(
            self, **{name: value for name, value in found.items() if getattr(self, name) is None}
        )


def reading_option(column: str, key: str, value: Any) -> str:
    """Returns the option that sets how a column is read, quoted for a shell.

    Example:

    >>> print(reading_option("price", "decimal", ","), reading_option("price", "kind", "number"))
    --set 'columns.price.decimal=","' --set columns.price.kind=number
    """
    plain = isinstance(value, str) and _WORD.fullmatch(value) and yaml.safe_load(value) == value
    text = value if plain else json.dumps(value, ensure_ascii=False)
    return set_option("columns", column, key, value=text)


def reading_of(settings: Any, column: str) -> Reading:
    """Returns the Reading of a recipe's settings of a column.

    Raises:
        RecipeError: an unknown setting or a wrong type.
    """
    if isinstance(settings, Reading):
        return settings
    return arguments.build(Reading, settings or {}, f"columns.{column}")


def readings_of(columns: Mapping[str, Any] | None) -> dict[str, Reading]:
    """Returns the Reading of every column of a recipe's `columns`.

    Raises:
        RecipeError: no mapping, an unknown setting or a wrong type.
    """
    arguments.check_mapping("columns", columns or {}, '{price: {decimal: ","}}')
    return {
        str(name): reading_of(settings, str(name)) for name, settings in (columns or {}).items()
    }
