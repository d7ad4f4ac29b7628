"""How whole columns are written, told by all their cells."""

from __future__ import annotations

import random

import pytest

from polymodal.tables.reading.guess import guess
from polymodal.tables.reading.reading import Reading
from polymodal.tables.reading.shapes import shapes
from polymodal.tables.table import read

STYLES = {
    "plain": ("{:.2f}", {}),
    "thousands": ("{:,.2f}", {"thousands": ","}),
    "money": ("${:,.2f}", {"thousands": ",", "unit": "$"}),
    "percent": ("{:.1f}%", {"unit": "%"}),
    "area": ("{:.1f} m²", {"unit": "m²"}),
    "decimal comma": ("{:.2f}C", {"decimal": ","}),
    "euros": ("{:,.2f} €C", {"decimal": ",", "thousands": ".", "unit": "€"}),
    "spaces": ("{:,.2f}S", {"thousands": " "}),
    "swiss": ("CHF {:,.2f}A", {"thousands": "'", "unit": "CHF"}),
}


def written(number: float, form: str) -> str:
    text = form.format(number)
    swaps = {"C": str.maketrans(",.", ".,"), "S": {ord(","): " "}, "A": {ord(","): "'"}}
    return text[:-1].translate(swaps[text[-1]]) if text[-1] in swaps else text


def guessed(cells, **given):
    return guess(shapes(read({"c": cells}), "c") or {}, Reading(**given), "c")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("odd", [[], ["-", "?", "#N/A", "NaN"]])
def test_a_style_is_found_and_reads_every_cell(style, odd):
    rng = random.Random(style)
    form, wanted = STYLES[style]
    numbers = [round(rng.uniform(0, 5000), 2) for _ in range(200)]
    found = guessed([*(written(n, form) for n in numbers), *odd])
    assert found.kind == "number"
    assert not found.odd
    assert found.total == 200
    assert found.reading.without_defaults().to_dict() == wanted
    digits = 1 if ".1f" in form else 2
    read_back = [found.reading.numbers.read(written(n, form)) for n in numbers]
    assert read_back == pytest.approx([round(n, digits) for n in numbers], abs=0.06)


def test_the_whole_column_is_looked_at():
    cells = [f"{i % 997}" for i in range(50_000)]
    cells[31_234] = "1,234"
    assert guessed(cells).reading.thousands == ","
    cells[40_000] = "0,234"
    assert guessed(cells).reading.decimal == ","


@pytest.mark.parametrize(
    ("cells", "decimal", "says"),
    [
        (
            ["1,234", "12"],
            ".",
            '"1,234" is read as 1234; --set \'columns.c.decimal=","\' reads it as 1.234',
        ),
        (
            ["1,234", "1234"],
            ",",
            '"1,234" is read as 1.234; --set \'columns.c.thousands=","\' reads it as 1234',
        ),
        (["1,234", "1,234,567"], ".", ""),
        (["1,234", "0,5"], ",", ""),
        (["0,234", "1,234"], ",", ""),
        (["1.234", "5.678"], ".", ""),
        (["1.234", "1.234.567"], ",", ""),
    ],
)
def test_what_1_234_means(cells, decimal, says):
    found = guessed(cells)
    assert (found.reading.decimal, found.doubt) == (decimal, says)


def test_what_is_asked_for_is_done():
    assert guessed(["1,234", "12"], decimal=",").reading.numbers.read("1,234") == 1.234
    assert guessed(["1,234", "1234"], thousands=",").reading.numbers.read("1,234") == 1234
    assert guessed(["1/2/2023", "2/2/2023"], day_first=True).doubt == ""
    assert guessed(["5 kg", "5"], unit="kg").odd == []
    assert guessed(["1", "x", "y", "z"], kind="number").fits == 1


@pytest.mark.parametrize(
    ("cells", "odd"),
    [
        (["5 kg", "6 kg", "7 lb"], ["7 lb"]),
        (["5%", "6%", "0.3"], ["0.3"]),
        (["1.5k", "2k", "300"], ["300"]),
        (["1", "2", "ten"], ["ten"]),
        (["1,234.5", "2", "1.234,5"], ["1.234,5"]),
    ],
)
def test_what_does_not_fit_is_named(cells, odd):
    found = guessed(cells)
    assert found.odd == odd
    assert found.counted.startswith("2 of 3 cells are numbers")
    assert f'others such as "{odd[0]}" are not' in found.counted


def test_amounts_of_money_may_lack_the_currency():
    assert guessed(["$5", "6", "$1,000"]).odd == []


@pytest.mark.parametrize(
    ("cells", "day_first"),
    [
        (["1/1/2023", "13/1/2023"], True),
        (["1/1/2023", "1/13/2023"], False),
        (["1/2/2023", "2/1/2023"], False),
        (["01.02.2023", "02.01.2023"], True),
        (["2023-01-02", "2023-02-03"], None),
        (["Jan 5, 2023", "Feb 6, 2023"], None),
    ],
)
def test_the_order_of_day_and_month(cells, day_first):
    found = guessed(cells)
    assert (found.kind, found.reading.day_first) == ("date", day_first)


def test_an_order_in_doubt_is_told_with_the_option():
    assert guessed(["1/2/2023", "3/4/2023"]).doubt == (
        'no cell says whether the day or the month is first, so "1/2/2023" is read month first; '
        "--set columns.c.day_first=true reads the day first"
    )


def test_a_mix_of_orders_does_not_fit():
    assert guessed(["1/13/2023", "2/14/2023", "15/1/2023"]).odd == ["15/1/2023"]


@pytest.mark.parametrize(
    "cells",
    [
        ["room 5", "room 6"],
        ["A12", "B13"],
        ["v1.2", "v1.3"],
        ["12a", "14b"],
        ["10:30", "11:20"],
        ["3 x 4", "5 x 6"],
        ["+49 170 1234567", "+49 171 1234567"],
        ["1st", "2nd"],
        ["-", "?"],
    ],
)
def test_what_is_neither_number_nor_date(cells):
    assert guessed(cells) is None
