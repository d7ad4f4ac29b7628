"""Settings of how a column is read."""

from __future__ import annotations

import shlex

import pytest

from polymodal.core.errors import RecipeError
from polymodal.recipe.written.given import override
from polymodal.tables.reading.reading import Reading, reading_option, readings_of


def test_what_settings_ask_for():
    assert Reading().asks_for is None
    assert Reading(unit="kg").asks_for == Reading(decimal=",").asks_for == "number"
    assert Reading(day_first=False).asks_for == "date"
    assert Reading(ignore_case=True).asks_for == "category"
    assert Reading(missing="?") == Reading(missing=["?"])
    assert Reading(missing=["?"]).asks_for is None


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"decimal": ",", "thousands": ","}, "need different marks"),
        ({"decimal": ",", "day_first": True}, "settings of one kind"),
        ({"decimel": ","}, 'Did you mean "decimal"'),
        ({"decimal": ";"}, "columns.c.decimal needs '.' or ','"),
        ({"kind": "text"}, "columns.c.kind needs 'number' or 'date' or 'category'"),
        (["x"], "columns.c needs a mapping"),
    ],
)
def test_settings_that_cannot_be(settings, problem):
    with pytest.raises(RecipeError, match=problem):
        readings_of({"c": settings})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("decimal", ","),
        ("thousands", "'"),
        ("unit", "%"),
        ("missing", ["-", "?", "it's", 5]),
        ("day_first", True),
        ("unit", "m²"),
    ],
)
@pytest.mark.parametrize("name", ["c", "my price", "a.b", "a=b", '"q"', "preis in €"])
def test_an_option_that_is_printed_works(name, key, value):
    flag, setting = shlex.split(reading_option(name, key, value))
    assert flag == "--set"
    assert override({}, [setting]) == {"columns": {name: {key: value}}}
