from __future__ import annotations

import pytest

from polymodal.core import lookup
from polymodal.core.errors import RecipeError


def test_unknown_name_lists_the_known_and_the_nearest():
    message = lookup.unknown("encoder", "convnt", ["convnet", "vit"])
    assert message == ('No encoder named "convnt". Encoders: convnet, vit. Did you mean "convnet"?')


def test_find_refuses_what_is_not_there():
    with pytest.raises(RecipeError, match="No encoder named"):
        lookup.find("encoders", "../core/errors")


def test_a_number_that_is_named_as_a_text_is_told_apart():
    assert lookup.unknown("column", 3, ["3", "4"]) == (
        'No column named 3, a number. Columns: 3, 4. Write "3", a text.'
    )


@pytest.mark.parametrize("name", ["", None])
def test_an_empty_name_is_called_empty(name):
    assert lookup.unknown("column", name, ["a"]) == (
        "The column needs a name. Got an empty one. Columns: a."
    )
