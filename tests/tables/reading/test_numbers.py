"""Numbers as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.tables.reading.numbers import MISSING, NumberFormat, is_currency, parts_of, same_unit

MARKS = [(".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (".", "'"), (",", " ")]
UNITS = ["", "$", "€", "%", "kg", "m²", "km/h", "°C", "USD"]


def write(number: float, decimal: str, thousands: str, unit: str, before: bool) -> str:
    digits = f"{abs(number):,.2f}".replace(",", "\0").replace(".", decimal)
    digits = digits.replace("\0", thousands)
    text = f"{unit}{digits}" if before and is_currency(unit) else f"{digits} {unit}".strip()
    return f"-{text}" if number < 0 else text


@settings(max_examples=200)
@given(st.floats(-1e9, 1e9), st.sampled_from(MARKS), st.sampled_from(UNITS), st.booleans())
def test_what_is_written_is_read(number, marks, unit, before):
    text = write(number, *marks, unit, before)
    assert NumberFormat(*marks, unit).read(text) == pytest.approx(round(number, 2), abs=0.011)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(1,234.50)", -1234.5),
        ("-$5", -5),
        ("$-5", -5),
        ("\u22125", -5),
        ("1e3", 1000),
        ("5.", 5),
        (".5", 0.5),
        (" 12 ", 12),
        ("12,34,567", 1234567),
        ("US$ 5", 5),
        ("5 dollars", None),
        ("1,23", None),
        ("12a4", None),
        ("1_000", None),
        ("٣", None),
        ("--5", None),
        ("5 $ more", None),
    ],
)
def test_forms(text, number):
    numbers = NumberFormat(".", ",", "$")
    if text == "US$ 5":
        numbers = NumberFormat(".", ",", "US$")
    if number is None:
        with pytest.raises(ValueError, match="needs a number"):
            numbers.read(text)
    else:
        assert numbers.read(text) == number


def test_spaces_of_all_kinds_stand_between_thousands():
    for space in " \u00a0\u202f\u2009":
        assert NumberFormat(",", " ", "€").read(f"1{space}234,5{space}€") == 1234.5


@pytest.mark.parametrize("mark", [*MISSING, "N/A", "#N/A", " - ", "NaN", None, float("nan")])
def test_marks_of_a_missing_value(mark):
    assert NumberFormat().read(mark) is None


def test_more_marks_may_be_named():
    numbers = NumberFormat(missing=["k.A.", -999, "inf"])
    assert [numbers.read(cell) for cell in ("k.A.", "-999", -999.0, "-999.0", "inf")] == [None] * 5
    assert numbers.read("999") == 999
    assert numbers.is_missing(float("inf"))


def test_numbers_that_are_no_texts():
    euros = NumberFormat(",", ".", "€")
    assert [euros.read(cell) for cell in (1.5, 7)] == [1.5, 7.0]
    assert math.isinf(NumberFormat().read("-inf") or 0)
    with pytest.raises(ValueError, match=r"needs a number. Got \[1\]"):
        euros.read([1])


def test_plain_numbers_are_read_where_nothing_else_is_meant():
    assert NumberFormat(",", "", "€").read("12.5") == 12.5
    with pytest.raises(ValueError, match=r"needs a number such as 1\.234,5 €\. Got '12\.5'"):
        NumberFormat(",", ".", "€").read("12.5")


def test_another_unit_is_an_error():
    with pytest.raises(ValueError, match=r'needs a number in "kg". Got .5 lb.'):
        NumberFormat(unit="kg").read("5 lb")
    with pytest.raises(ValueError, match=r"needs a number without a unit"):
        NumberFormat().read("5 lb")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("kg", "KG", True),
        ("year", "years", True),
        ("m", "M", False),
        ("kg", "lb", False),
        ("min.", "min", True),
        ("$", "$", True),
        ("m", "", False),
    ],
)
def test_units(one, other, same):
    assert same_unit(one, other) is same


@pytest.mark.parametrize(
    "text",
    [
        "room 5",
        "A12",
        "12-34",
        "10:30",
        "1/2",
        "v1.2",
        "#5",
        "~5",
        "3 red round circles",
        "5 x 6",
        "+49 170 1",
        "",
        "5 [km]",
    ],
)
def test_texts_that_are_no_numbers(text):
    parts = parts_of(text)
    assert parts is None or not NumberFormat(".", " ").fits(parts.body)
