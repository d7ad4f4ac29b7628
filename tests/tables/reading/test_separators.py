"""The mark between labels of a cell."""

from __future__ import annotations

import random

import pytest

from polymodal.tables.reading.separators import find_separator, split_labels

LABELS = ["red", "blue", "round", "square", "shiny", "old"]


@pytest.mark.parametrize("mark", ["|", ";", ", ", ",", "/", " + "])
@pytest.mark.parametrize("ordered", [True, False])
def test_tags_are_found(mark, ordered):
    rng = random.Random(0)
    cells = [rng.sample(LABELS, rng.randint(1, 3)) for _ in range(100)]
    cells = [mark.join(sorted(cell) if ordered else cell) for cell in cells]
    assert find_separator(cells) == mark.strip()


@pytest.mark.parametrize(
    "cells",
    [
        ["Paris, France", "Lyon, France", "Bonn, Germany", "Jena, Germany"] * 10,
        ["Paris, France", "Lyon, France", "Bonn, Germany", "Jena, Germany", "Monaco"] * 10,
        ["red, large", "red, small", "blue, large", "blue, small"] * 10,
        ["Smith, John", "Smith, Mary", "Doe, John", "Doe, Mary"] * 5,
        ["AC/DC", "Guns N' Roses", "AC/DC", "Abba"] * 5,
        ["red", "blue"] * 10,
        [f"the ball, red and round, number {row}" for row in range(40)],
        ["R&B; soul", "R&B; soul", "jazz"] * 10,
    ],
)
def test_one_label_each(cells):
    assert find_separator(cells) is None


def test_labels_of_a_cell():
    assert split_labels(" red ;;blue; ", ";") == ["red", "blue"]
