"""English number words as digits: the grammar of cardinals, ordinals, years, shares and money."""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["write_numbers"]

_TO_NINETEEN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen")
_BY_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_IN_ORDER = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth")
_ONES = {word: i for i, word in enumerate(_TO_NINETEEN.split())}
_TENS = {word: 10 * i for i, word in enumerate(_BY_TENS.split(), start=2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_LARGE = {"hundred": 100, **_SCALES}
_ORDINALS = {word: i for i, word in enumerate(_IN_ORDER.split(), start=1)}
_ORDINALS |= {f"{word[:-1]}ieth": value for word, value in _TENS.items()}
_LARGE_ORDINALS = {"hundredth": 100, **{f"{word}th": value for word, value in _SCALES.items()}}
_DECADES = {f"{word[:-1]}ies": value for word, value in _TENS.items()}
_OH = {"oh", "o"}
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SIGNS = {"dollar": "$", "dollars": "$", "pound": "£", "pounds": "£", "euro": "€", "euros": "€",
          "yen": "¥", "cent": "¢", "cents": "¢"}
_CENTS = re.compile(r"([$€])([0-9]+) (?:and )?¢([0-9]{1,2})(?![0-9.])")
_DIGIT_WORDS = {**{word: str(i) for word, i in _ONES.items() if i < 10},
                **{str(i): str(i) for i in range(10)}, **dict.fromkeys(_OH, "0")}
_STARTS = {"a", *_ONES, *_TENS, *_ORDINALS, *_LARGE_ORDINALS, *_DECADES, *_OH}

Found = tuple[Decimal, int] | None  # a value and the place after its last word


def write_numbers(text: str) -> str:
    """Returns a text of words without punctuation with its numbers as digits.

    "oh" is a zero only between digits. "second" is an ordinal only after a ten: "twenty second".

    Example:

    >>> write_numbers("nineteen eighty four two hundred and five one oh one twenty first")
    '1984 205 1 0 1 21st'
    >>> write_numbers("ten percent of five dollars and fifty cents is three point one four")
    '10% of $5.50 is 3.14'
    """
    words, written, i = text.split(), [], 0
    while i < len(words):
        text, i = _next(words, i, written[-1] if written else "")
        written.append(text)
    return _CENTS.sub(lambda found: f"{found[1]}{found[2]}.{int(found[3]):02d}", " ".join(written))


def _next(words: list[str], i: int, before: str) -> tuple[str, int]:
    """Returns what is written for the words from `i`, and the place after them."""
    word = words[i]
    if word == "2nd":
        return "second", i + 1
    if word not in _STARTS and not word[0].isdigit():
        return word, i + 1
    if word in _OH:
        digits = re.fullmatch("[0-9]", before) and _at(words, i + 1) in _DIGIT_WORDS
        return ("0" if digits else word), i + 1
    found = _cardinal(words, i)
    if found is None:
        return _ordinal(words, i)
    return _with_ending(words, i, *found)


def _with_ending(words: list[str], i: int, value: Decimal, end: int) -> tuple[str, int]:
    """Returns a cardinal with what follows it: an ordinal's end, a half, percent or a currency."""
    word = _at(words, end)
    if words[end - 1] in _TENS and _ORDINALS.get(word, 99) < 10:
        return _ordinal_text(value + _ORDINALS[word]), end + 1
    if words[end - 1] in _LARGE and word in _ORDINALS and word != "second":
        return _ordinal_text(value + _ORDINALS[word]), end + 1
    if words[end - 1] in _ONES and word in _DECADES:
        return f"{_text(value * 100 + _DECADES[word])}s", end + 1
    if word in _LARGE_ORDINALS and words[end - 1] in {"hundred", *_ONES, *_TENS}:
        return _ordinal_text(value * _LARGE_ORDINALS[word]), end + 1
    if words[end:end + 3] == ["and", "a", "half"] and value == int(value):
        value += Decimal(_LARGE.get(words[end - 1], 1)) / 2  # a million and a half
        end += 3
        word = _at(words, end)
    text = words[i] if end == i + 1 and words[i][0].isdigit() else _text(value)
    if word == "percent":
        return f"{text}%", end + 1
    return (f"{_SIGNS[word]}{text}", end + 1) if word in _SIGNS else (text, end)


def _ordinal(words: list[str], i: int) -> tuple[str, int]:
    word = words[i]
    if word in _DECADES:
        return f"{_DECADES[word]}s", i + 1
    value = {**_ORDINALS, **_LARGE_ORDINALS}.get(word)
    return (word if value is None or word == "second" else _ordinal_text(Decimal(value))), i + 1


def _cardinal(words: list[str], i: int) -> Found:
    """Reads "two million three hundred thousand and five": groups of falling scale."""
    total, limit, end = Decimal(0), 10**15, i
    while True:
        start = end + (end > i and _at(words, end) == "and")
        group = _group(words, start, end == i)
        if group is None:
            break
        scale = _SCALES.get(_at(words, group[1]))
        if scale is not None and scale < limit:
            total, limit, end = total + group[0] * scale, scale, group[1] + 1
            continue
        if scale is None or end == i:
            total, end = total + group[0], group[1]
        break
    return (total, end) if end > i else None


def _group(words: list[str], i: int, first: bool) -> Found:
    """Reads what stands before a scale: "three hundred and five", "nineteen eighty", "1.5", "a"."""
    small = _small(words, i) or _written(words, i, first)
    if small is None:
        return None
    value, end = small
    if _at(words, end) == "hundred" and value < 100:
        return _hundreds(words, value, end + 1)
    if first and 13 <= value <= 20 and words[i] in _ONES | _TENS and end == i + 1:
        year = _small(words, end) or _after_oh(words, end)
        if year and (year[0] >= 10 or words[end] in _OH) and _at(words, year[1]) not in _LARGE:
            return value * 100 + year[0], year[1]
    return _point(words, value, end)


def _hundreds(words: list[str], value: Decimal, end: int) -> Found:
    rest = _small(words, end + (_at(words, end) == "and"))
    if rest is None or rest[0] == 0 or _at(words, rest[1]) == "hundred":
        return value * 100, end
    return value * 100 + rest[0], rest[1]


def _small(words: list[str], i: int) -> Found:
    """Reads 0 to 99 in words."""
    word, after = _at(words, i), _at(words, i + 1)
    if word in _TENS:
        ten, one = _TENS[word], _ONES.get(after, 0)
        return (Decimal(ten + one), i + 2) if 0 < one < 10 else (Decimal(ten), i + 1)
    return (Decimal(_ONES[word]), i + 1) if word in _ONES else None


def _written(words: list[str], i: int, first: bool) -> Found:
    """Reads digits, and "a" before a large word."""
    word, large = _at(words, i), _at(words, i + 1) in _LARGE
    if word == "a" and large and first:
        return Decimal(1), i + 1
    if _DIGITS.fullmatch(word) and (large or first):
        return Decimal(word), i + 1
    return None


def _after_oh(words: list[str], i: int) -> Found:
    one = _ONES.get(_at(words, i + 1), 0)
    return (Decimal(one), i + 2) if _at(words, i) in _OH and 0 < one < 10 else None


def _point(words: list[str], value: Decimal, end: int) -> tuple[Decimal, int]:
    """Reads "point one four" or "point twenty five" after a whole number."""
    if _at(words, end) != "point" or value != int(value):
        return value, end
    digits, place = "", end + 1
    while (digit := _DIGIT_WORDS.get(_at(words, place))) is not None:
        digits, place = digits + digit, place + 1
    if not digits and (small := _small(words, place)):
        digits, place = str(small[0]), small[1]
    return (Decimal(f"{value}.{digits}"), place) if digits else (value, end)


def _at(words: list[str], i: int) -> str:
    return words[i] if i < len(words) else ""


def _text(value: Decimal) -> str:
    return str(int(value)) if value == int(value) else f"{value:f}"


def _ordinal_text(value: Decimal) -> str:
    number = int(value)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else ending}"
