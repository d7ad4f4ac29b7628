"""Dates as people write them, with and without a time."""

from __future__ import annotations

import datetime
import re
from typing import Any, NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<name>(?:" + "|".join(_MONTHS) + r")[a-z]{0,6})\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,? )?"
_TIME = (
    r"(?:(?:[T ]|, )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r" ?(?P<half>[ap]\.?m\.?)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
)
_FORMS = tuple(
    re.compile(_WEEKDAY + form + _TIME, re.I)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
        r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})",
        r"(?P<one>\d{1,2})(?P<mark>[-/])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{2})",
        r"(?P<one>\d{2})(?P<mark>\.)(?P<two>\d{2})\.(?P<year>\d{2})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[ -]" + _MONTH + r"[ ,-] ?(?P<year>\d{4})",
        _MONTH + r" (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    )
)
_FIRST_YEAR_OF_TWO_DIGITS = 1969  # 69 is 1969 and 68 is 2068, as POSIX has it
_EPOCH = datetime.datetime(1970, 1, 1)
_DAY_SECONDS = 86_400.0


class Moment(NamedTuple):
    """A date, and a time where one is written.

    Args:
        when: datetime as written, without its time zone.
        days: float, days since 1970, the time zone taken into account.
        has_time: bool, whether a time is written.
    """

    when: datetime.datetime
    days: float
    has_time: bool


def read_date(cell: Any, day_first: bool = False) -> Moment | None:
    """Returns the date that a cell holds or spells, else None.

    Args:
        cell: text, date or datetime.
        day_first: bool, whether 1/2/2023 is the first of February; dates that only the other order
            allows are none.

    Example:

    >>> read_date("1/2/2023 4:05 PM").when.isoformat(), read_date("31/12/2023")
    ('2023-01-02T16:05:00', None)
    """
    if isinstance(cell, datetime.datetime):
        return _moment(cell, True)
    if isinstance(cell, datetime.date):
        return _moment(datetime.datetime(cell.year, cell.month, cell.day), False)
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if len(text) > 60:
        return None
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    return found and _built(found.groupdict(), day_first)


def is_in_doubt(cell: Any) -> bool:
    """Returns whether a cell spells a date whose day and month could change places."""
    if not isinstance(cell, str):
        return False
    one, other = read_date(cell, False), read_date(cell, True)
    return one is not None and other is not None and one.when != other.when


def writes_order(cell: Any) -> bool:
    """Returns whether a cell spells a date whose order of day and month has to be known."""
    return isinstance(cell, str) and any(
        "one" in form.groupindex and form.fullmatch(cell.strip()) for form in _FORMS
    )


def _built(found: dict[str, str | None], day_first: bool) -> Moment | None:
    if found.get("one"):
        order = ("day", "month") if day_first else ("month", "day")
        found |= dict(zip(order, (found["one"], found["two"]), strict=True))
    if found.get("name"):
        found["month"] = str(_MONTHS.index(str(found["name"])[:3].lower()) + 1)
    has_time = found["hour"] is not None
    try:
        date = datetime.datetime(
            _year(str(found["year"])), int(found["month"] or 0), int(found.get("day") or 1)
        )
        if has_time:
            date = date.replace(
                hour=_hour(found),
                minute=int(found["minute"] or 0),
                second=int(found["second"] or 0),
                tzinfo=_zone(found["zone"]),
            )
    except ValueError:
        return None
    return _moment(date, has_time)


def _moment(date: datetime.datetime, has_time: bool) -> Moment:
    plain = date.replace(tzinfo=None)
    offset = date.utcoffset() or datetime.timedelta()
    seconds = (plain - _EPOCH - offset).total_seconds()
    return Moment(plain, seconds / _DAY_SECONDS, has_time)


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    century = 2000
    if int(text) >= _FIRST_YEAR_OF_TWO_DIGITS % 100:
        century = 1900
    return century + int(text)


def _hour(found: dict[str, str | None]) -> int:
    hour, half = int(found["hour"] or 0), found["half"]
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half.lower().startswith("p") else 0)


def _zone(text: str | None) -> datetime.timezone | None:
    if text is None or text[0] not in "+-":
        return None
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    offset = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.timezone(-offset if text[0] == "-" else offset)
