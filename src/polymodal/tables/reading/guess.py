"""How a column is written, from one example of each shape that its cells have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from polymodal.tables.reading.dates import is_in_doubt, read_date, writes_order
from polymodal.tables.reading.numbers import (
    NumberFormat,
    Parts,
    is_currency,
    parts_of,
    same_unit,
)
from polymodal.tables.reading.reading import Reading, reading_option

_MARKS = (
    (".", ""),
    (".", ","),
    (",", ""),
    (",", "."),
    (".", " "),
    (".", "'"),
    (",", " "),
    (",", "'"),
)
_MOST_ODD = 3  # words that may stand for a missing value, of a kind that nobody listed


@dataclass(frozen=True)
class Guess:
    """What the cells of a column are.

    Args:
        kind: str, number or date.
        reading: Reading, with everything that it takes to read them.
        fits: int, cells that are of this kind.
        total: int, cells that are not missing.
        odd: examples of the others, the most frequent first.
        said: str, a clause on how they are written; empty for plain numbers and dates that say
            the year first.
        doubt: str, a clause on the other way to read them and how to ask for it, or empty.
    """

    kind: str
    reading: Reading
    fits: int
    total: int
    odd: list[str] = field(default_factory=list)
    said: str = ""
    doubt: str = ""

    @property
    def words(self) -> bool:
        """Whether the others are a few words that tell no number, such as "none given"."""
        return 0 < len(self.odd) <= _MOST_ODD and not any(
            character.isdigit() for text in self.odd for character in text
        )

    @property
    def counted(self) -> str:
        """How many cells are of this kind and what the others are, as a clause."""
        what = f"{self.kind}s"
        if self.reading.unit:
            what += f' in "{self.reading.unit}"'
        shown = " and ".join(f'"{text}"' for text in self.odd[:2])
        return f"{self.fits:,} of {self.total:,} cells are {what}; others such as {shown} are not"


def guess(found: Mapping[str, int], given: Reading, column: str) -> Guess | None:
    """Returns what most cells are, or None where most are neither numbers nor dates.

    Args:
        found: {example of a shape: number of cells}.
        given: Reading, settings that are asked for.
        column: str, its name.
    """
    numbers = NumberFormat(missing=given.marks)
    known = Counter({text: n for text, n in found.items() if not numbers.is_missing(text)})
    if not known:
        return None
    guesses = []
    if given.asks_for in (None, "number"):
        guesses.append(_numbers(known, given, column))
    if given.asks_for in (None, "date"):
        guesses.append(_dates(known, given, column))
    best = max(guesses, key=lambda one: one.fits, default=None)
    if best and (given.asks_for or 2 * best.fits >= best.total):
        return best
    return None


def _numbers(known: Counter[str], given: Reading, column: str) -> Guess:
    parts = {text: found for text in known if (found := parts_of(text))}
    formats = [NumberFormat(*marks) for marks in _marks(given)]
    covers = [sum(known[t] for t, p in parts.items() if one.fits(p.body)) for one in formats]
    at = covers.index(max(covers))
    chosen, tied = formats[at], [f for f, n in zip(formats, covers, strict=True) if n == covers[at]]
    chosen, doubt = _in_doubt(chosen, tied, parts, column)
    fitting = {text: p for text, p in parts.items() if chosen.fits(p.body)}
    unit = _unit(known, fitting) if given.unit is None else given.unit
    plain = given.unit is not None or is_currency(unit)
    fitting = {
        text
        for text, p in fitting.items()
        if (p.unit and same_unit(p.unit, unit)) or (not p.unit and (plain or not unit))
    }
    odd = [text for text, _ in known.most_common() if text not in fitting]
    others = any(text in parts and parts[text].unit for text in odd)
    if others and not given.asks_for and _is_code(fitting, unit):
        fitting = set()
    reading = given.filled(decimal=chosen.decimal, thousands=chosen.thousands, unit=unit)
    return Guess(
        "number",
        reading,
        sum(known[text] for text in fitting),
        known.total(),
        odd,
        _written(chosen, unit),
        doubt,
    )


def _marks(given: Reading) -> list[tuple[str, str]]:
    """Returns the marks that the settings allow, the usual ones first."""
    found = [
        marks
        for marks in _MARKS
        if given.decimal in (None, marks[0]) and given.thousands in (None, marks[1])
    ]
    return found or [
        (given.decimal or ("," if given.thousands == "." else "."), given.thousands or "")
    ]


def _in_doubt(
    chosen: NumberFormat, tied: list[NumberFormat], parts: Mapping[str, Parts], column: str
) -> tuple[NumberFormat, str]:
    """Returns the format, and what is said where 1,234 could as well be 1.234 in all cells."""
    other = next((f for f in tied if f.decimal == "," and not f.thousands), None)
    if (chosen.decimal, chosen.thousands) != (".", ",") or other is None:
        return chosen, ""
    shown = next(p.body for p in parts.values() if "," in p.body)
    whole, part = shown.replace(",", ""), shown.replace(",", ".")
    if any(p.body.isdigit() and len(p.body) > 3 for p in parts.values()):
        instead = reading_option(column, "thousands", ",")
        return other, f'"{shown}" is read as {part}; {instead} reads it as {whole}'
    instead = reading_option(column, "decimal", ",")
    return chosen, f'"{shown}" is read as {whole}; {instead} reads it as {part}'


def _unit(known: Counter[str], fitting: Mapping[str, Parts]) -> str:
    """Returns the unit of most numbers that have one, where they are not the exception."""
    units: Counter[str] = Counter()
    for text, parts in fitting.items():
        units[next((u for u in units if same_unit(u, parts.unit)), parts.unit)] += known[text]
    bare = units.pop("", 0)
    if not units:
        return ""
    unit, count = units.most_common(1)[0]
    if count >= bare or is_currency(unit):
        return unit
    return ""


def _is_code(texts: Iterable[str], unit: str) -> bool:
    """Returns whether numbers end as codes do: 12a next to 14b, 1st next to 2nd."""
    return (
        len(unit) in (1, 2)
        and unit.isascii()
        and unit.isalpha()
        and all(text.strip()[-len(unit) - 1 : -len(unit)].isdigit() for text in texts)
    )


def _written(chosen: NumberFormat, unit: str) -> str:
    marks = [f'"{chosen.decimal}" before decimals'] * (chosen.decimal != ".")
    marks += [f'"{chosen.thousands}" between thousands'] * bool(chosen.thousands)
    marks += [f'in "{unit}"'] * bool(unit)
    return ", ".join(marks)


def _dates(known: Counter[str], given: Reading, column: str) -> Guess:
    if given.day_first is None:
        orders = (False, True)
    else:
        orders = (given.day_first,)
    covers = {order: {text for text in known if read_date(text, order)} for order in orders}
    counts = {order: sum(known[text] for text in fits) for order, fits in covers.items()}
    day_first, doubt = max(counts, key=lambda order: counts[order]), ""
    said = ""
    if any(map(writes_order, covers[day_first])):
        if len(set(counts.values())) == 1 and len(counts) == 2:
            day_first, doubt = _order_in_doubt(covers[day_first], column)
        said = "month first"
        if day_first:
            said = "day first"
        given = given.filled(day_first=day_first)
    odd = [text for text, _ in known.most_common() if text not in covers[day_first]]
    return Guess("date", given, counts[day_first], known.total(), odd, said, doubt)


def _order_in_doubt(fits: set[str], column: str) -> tuple[bool, str]:
    """Returns the order that the mark suggests where every cell could be read in both."""
    doubtful = next((text for text in sorted(fits) if is_in_doubt(text)), None)
    shown = doubtful or next(filter(writes_order, sorted(fits)))
    day_first = "/" not in shown
    order, other = ("day", "month") if day_first else ("month", "day")
    instead = reading_option(column, "day_first", not day_first)
    return day_first, (
        "no cell says whether the day or the month is first, so "
        f'"{shown}" is read {order} first; {instead} reads the {other} first'
    )
