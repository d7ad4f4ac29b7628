"""Each field of a JSON file is read with its type and its bounds, or named."""

import pytest

from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields

HELD = Fields(
    {
        "text": "a",
        "none": None,
        "true": True,
        "three": 3,
        "half": 0.5,
        "nan": float("nan"),
        "huge": 10**400,
        "list": [1, 2.5],
        "texts": ["a", "b"],
        "twice": ["a", "a"],
        "mapping": {"a": 1},
        "items": [{"id": 3}],
        "mixed": [1, "a"],
    }
)


def test_what_fits_is_returned():
    assert (HELD.text("text"), HELD.text_or_none("none"), HELD.flag("true")) == ("a", None, True)
    assert (HELD.whole("three", 1, 3), HELD.whole_or_none("none", 1, 3)) == (3, None)
    assert (HELD.number("half"), HELD.number("three", above=2)) == (0.5, 3.0)
    assert (HELD.numbers("list", 2), HELD.texts("texts")) == ([1.0, 2.5], ["a", "b"])
    assert HELD.texts("twice", distinct=False) == ["a", "a"]
    assert (HELD.texts_or_none("none"), HELD.mapping("mapping")) == (None, {"a": 1})
    assert [item.whole("id", 0, 3) for item in HELD.items("items")] == [3]
    assert "text" in HELD


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: HELD.text("absent"), 'needs "absent". Got text, none, true'),
        (lambda: HELD.text("three"), 'needs "three" to be a text. Got 3.'),
        (lambda: HELD.whole("true", 0, 3), "to be a whole number from 0 to 3. Got True"),
        (lambda: HELD.whole("three", 4, 9), "from 4 to 9. Got 3"),
        (lambda: HELD.whole("half", 0, 9), "whole number"),
        (lambda: HELD.number("nan"), "finite"),
        (lambda: HELD.number("huge"), "finite"),
        (lambda: HELD.number("text"), "finite"),
        (lambda: HELD.number("half", above=1), "a finite number above 1. Got 0.5"),
        (lambda: HELD.numbers("list", 3), "to be 3 numbers. Got 2 values: [1, 2.5]"),
        (lambda: HELD.numbers("mixed"), "finite numbers. Got 2 values: [1, 'a']"),
        (lambda: HELD.texts("twice"), "texts that differ"),
        (lambda: HELD.texts("mixed"), "of texts"),
        (lambda: HELD.texts("text"), "a list"),
        (lambda: HELD.mapping("list"), "a mapping"),
        (lambda: HELD.flag("three"), "true or false"),
        (lambda: Fields([1]), "needs a mapping. Got [1]"),
    ],
)
def test_what_does_not_is_named(read, said):
    with pytest.raises(BundleError) as found:
        read()
    assert said in str(found.value)
