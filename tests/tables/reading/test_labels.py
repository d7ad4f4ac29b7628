"""Labels that mean the same."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.tables.reading.labels import Spellings, label_key, spelling_notes, value_key


@pytest.mark.parametrize(
    "values",
    [
        (True, "True", "true", " TRUE "),
        (0, 0.0, "0", "0.0", "0.00"),
        ("three", "three "),
        ("caf\u00e9", "cafe\u0301"),
        (-1.0, "-1", "-1.0"),
    ],
)
def test_spellings_of_one_label(values):
    assert len({label_key(value) for value in values}) == 1


@pytest.mark.parametrize(
    "values", [("US", "us"), ("1.10", "1.1"), ("01", "1"), ("1.5", "15"), ("new york", "newyork")]
)
def test_labels_that_differ(values):
    assert len({label_key(value) for value in values}) == 2


def test_case_may_be_ignored():
    assert label_key("US", True) == label_key("us ", True)


def test_lists_are_no_labels():
    with pytest.raises(DataError, match=r"needs a label\. Got list"):
        label_key(["a"])
    assert value_key(["a"]) == "['a']"
    assert value_key(b"a") == b"a"


def test_the_most_frequent_spelling_is_shown():
    spellings = Spellings()
    for value in ["True", "true", "True ", "no", "US", "us", "us"]:
        spellings.add(value)
    assert spellings.labels() == {"true": "True", "no": "no", "US": "US", "us": "us"}
    assert spellings.merged() == {"True": ["True", "True ", "true"]}
    assert spellings.alike() == [["us", "US"]]
    assert spelling_notes("y", spellings, "--set task.ignore_case=true") == [
        'Column "y": "True" and "True " and "true" count as one label.',
        'Column "y": "us" and "US" differ only in case and count as different labels; '
        "--set task.ignore_case=true makes them one.",
    ]


def test_many_are_counted():
    spellings = Spellings()
    for letter in "abcde":
        spellings.add(letter)
        spellings.add(letter + " ")
    assert spelling_notes("y", spellings, "")[0].endswith(", 2 more count as one label each.")
