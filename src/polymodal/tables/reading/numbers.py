"""Numbers as people write them: separators, one unit, and marks for a missing value."""

from __future__ import annotations

import decimal as decimals
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

from polymodal.core.fields import Fields

MISSING = (
    "",
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    ".",
    "..",
    "...",
    "*",
    "na",
    "n/a",
    "n.a.",
    "n.a",
    "#n/a",
    "#na",
    "#n/a n/a",
    "<na>",
    "nan",
    "-nan",
    "nat",
    "null",
    "(null)",
    "#null!",
    "nil",
    "none",
    "\\n",
    "missing",
    "unknown",
    "not available",
    "not applicable",
    "#value!",
    "#div/0!",
    "#ref!",
    "#name?",
    "#num!",
)
_ALIKE = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "’": "'", "\u2212": "-"}
)
_PARTS = re.compile(
    r"(?P<open>\()?(?P<sign>[-+]?)\s?(?P<before>[^\d\s.,'()+-][^\d\s,'()+-]{0,3})?\s?"
    r"(?P<inner>[-+]?)(?P<body>[.,]?[0-9](?:[0-9.,' ]*[0-9])?[.,]?(?:[eE][-+]?[0-9]+)?)"
    r"(?P<after>\s?[^\d\s.,'()+-][^()]{0,15})?(?P<close>\))?"
)
_INFINITE = re.compile(r"[-+]?(?:inf|infinity|∞)", re.I)
_THOUSANDS = ("", ",", ".", " ", "'")
_POWER = re.compile(r"(?<=[^\W\d_])\^?-?[23]")
_NO_UNIT = re.compile(r"[\d,;:\[\]{}\"<>=_#@!?&|\\~]|\s\S+\s")
_CURRENCIES = frozenset(
    (
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "INR",
        "JPY",
        "KRW",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "RUB",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "USD",
        "ZAR",
        "Rs",
        "Rs.",
        "Fr.",
        "kr",
        "kr.",
    )
)


class NumberFormat:
    """Reads the cells of one column of numbers.

    Args:
        decimal: str, the mark before the decimals.
        thousands: str, the mark between groups of digits, or "".
        unit: str, what may be before or after a number, or "".
        missing: texts and numbers that stand for a missing value, besides `usual`.
        usual: texts that do so in any column.

    Example:

    >>> euros = NumberFormat(decimal=",", thousands=".", unit="€")
    >>> euros.read("1.234,50 €"), euros.read("-"), euros.read(7)
    (1234.5, None, 7.0)
    """

    def __init__(
        self,
        decimal: str = ".",
        thousands: str = "",
        unit: str = "",
        missing: Iterable[Any] = (),
        usual: Iterable[str] = MISSING,
    ):
        self.decimal, self.thousands, self.unit = decimal, thousands, unit
        self.missing, self.usual = list(missing), list(usual)
        self._marks = {*self.usual, *(str(mark).strip().lower() for mark in self.missing)}
        self._values = {float(m) for m in self.missing if _is_plain(m)}
        self._body = re.compile(_body(decimal, thousands))
        name = re.escape(unit)
        self._as_usual = re.compile(  # nearly all cells, at a fraction of the time
            rf"(-?)(?:{name} ?)?({_body(decimal, thousands)})(?: ?{name})?"
        )

    def is_missing(self, cell: Any) -> bool:
        """Returns whether a cell holds no value: empty, NaN, or a missing-value mark."""
        if cell is None:
            return True
        if isinstance(cell, str):
            return cell.strip().lower() in self._marks
        if isinstance(cell, bool) or not isinstance(cell, int | float | decimals.Decimal):
            return False
        return cell != cell or float(cell) in self._values

    def read(self, cell: Any) -> float | None:
        """Returns the number of a cell, which may be infinite; None where it is missing.

        Raises:
            ValueError: the cell holds no number that this format reads; the message says why.
        """
        if self.is_missing(cell):
            return None
        number = self._text(cell) if isinstance(cell, str) else _float(cell)
        if number is None:
            raise ValueError(f"needs a number. Got {cell!r}.")
        if number in self._values:
            return None
        return number

    def state(self) -> dict[str, Any]:
        """Returns the arguments that make an equal format, as plain JSON values, but `usual`."""
        return {
            "decimal": self.decimal,
            "thousands": self.thousands,
            "unit": self.unit,
            "missing": self.missing,
        }

    @classmethod
    def restored(cls, fields: Fields, usual: Iterable[str]) -> NumberFormat:
        """Returns the format whose `state` this is.

        Raises:
            BundleError: a field is absent or of another type.
        """
        return cls(
            fields.one_of("decimal", (".", ",")),
            fields.one_of("thousands", _THOUSANDS),
            fields.text("unit"),
            fields.plain("missing"),
            usual,
        )

    def shown(self, number: str = "1234.5") -> str:
        """Returns how the format writes a number, for messages."""
        whole, _, part = number.partition(".")
        if self.thousands and len(whole) > 3:
            whole = f"{whole[:-3]}{self.thousands}{whole[-3:]}"
        return f"{whole}{self.decimal}{part} {self.unit}".strip()

    def _text(self, cell: str) -> float:
        text = cell.strip()
        if self.thousands != "." and _is_plain(text):
            return float(text)
        usual = self._as_usual.fullmatch(text)
        if usual is not None:
            return self._plain(usual[2], negative=bool(usual[1]))
        parts = parts_of(text)
        if parts is None:
            raise ValueError(f"needs a number. Got {cell!r}.")
        if parts.unit and not same_unit(parts.unit, self.unit):
            allowed = "without a unit, as the others are"
            if self.unit:
                allowed = f'in "{self.unit}"'
            raise ValueError(f"needs a number {allowed}. Got {cell!r}.")
        if not self.fits(parts.body):
            raise ValueError(f"needs a number such as {self.shown()}. Got {cell!r}.")
        return self._plain(parts.body, negative=bool(parts.negative))

    def _plain(self, body: str, negative: bool) -> float:
        if self.thousands:
            body = body.replace(self.thousands, "")
        number = float(body.replace(self.decimal, "."))
        if negative:
            return -number
        return number

    def fits(self, body: str) -> bool:
        """Returns whether digits and their marks are a number in this format."""
        return body in ("inf", "Infinity") or self._body.fullmatch(body) is not None


class Parts(NamedTuple):
    """A number as written: its digits with their marks, whether it is negative, and its unit."""

    body: str
    negative: bool
    unit: str


def parts_of(text: str) -> Parts | None:
    """Returns the parts of a text that holds one number, else None.

    Example:

    >>> parts_of("-$1,234.50"), parts_of("room 5")
    (Parts(body='1,234.50', negative=True, unit='$'), None)
    """
    text = text.strip().translate(_ALIKE)
    if _INFINITE.fullmatch(text):
        return Parts("inf", text.startswith("-"), "")
    found = _PARTS.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    before, after = (found["before"] or "").strip(), (found["after"] or "").strip()
    if (before and (after or not is_currency(before))) or (after and not _is_unit(after)):
        return None
    signs = found["sign"] + found["inner"]
    if len(signs) > 1 or (found["open"] and signs):
        return None
    return Parts(found["body"], signs == "-" or bool(found["open"]), before or after)


def same_unit(one: str, other: str) -> bool:
    """Returns whether two units mean the same: `kg` and `KG`, `year` and `years`."""
    return one == other or _plain_unit(one) == _plain_unit(other) != ""


def is_currency(unit: str) -> bool:
    """Returns whether a unit is money, whose amounts are often written without it."""
    return unit in _CURRENCIES or (
        bool(unit)
        and unicodedata.category(unit[-1]) == "Sc"
        and (len(unit) == 1 or unit[:-1].isupper())
    )


def _plain_unit(unit: str) -> str:
    unit = unit.rstrip(".")
    if len(unit) < 2:  # m and M are different
        return unit
    folded = unit.casefold()
    if len(folded) > 3 and folded.endswith("s"):
        return folded[:-1]
    return folded


def _is_unit(text: str) -> bool:
    return _NO_UNIT.search(_POWER.sub("", text)) is None and text[0] not in "/*^"


def _body(decimal: str, thousands: str) -> str:
    """Returns a pattern of the digits of a number and their marks."""
    mark, group = re.escape(decimal), re.escape(thousands)
    plain = rf"(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)"
    exponent = r"(?:[eE][-+]?[0-9]+)?"
    if not thousands:
        return plain + exponent
    grouped = rf"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+(?:{mark}[0-9]*)?"
    if thousands != ",":
        return f"{grouped}|{plain}{exponent}"
    lakhs = rf"[1-9][0-9]?(?:{group}[0-9]{{2}})*{group}[0-9]{{3}}(?:{mark}[0-9]*)?"
    return f"{grouped}|{lakhs}|{plain}{exponent}"


def _is_plain(value: Any) -> bool:
    """Returns whether `float` reads a value and no person would object."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        return False  # float() reads "1_000" and digits of other scripts
    return _float(value) is not None


def _float(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
