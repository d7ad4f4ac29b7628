from __future__ import annotations

from typing import Literal

import pytest

from polymodal.core import arguments
from polymodal.core.errors import RecipeError


class Oven:
    def __init__(
        self,
        degrees: float,
        minutes: int = 10,
        mode: Literal["fan", "grill"] = "fan",
        tags: list[str] | None = None,
    ):
        if degrees > 300:
            raise ValueError(f"Oven needs degrees up to 300. Got {degrees}. Lower it.")
        self.degrees, self.minutes, self.mode, self.tags = degrees, minutes, mode, tags


def test_builds_from_plain_values_and_converts_numbers():
    oven = arguments.build(Oven, {"degrees": 200, "tags": ["a"]}, "oven")
    assert isinstance(oven.degrees, float)
    assert (oven.degrees, oven.minutes, oven.tags) == (200.0, 10, ["a"])


def test_yaml_exponents_read_as_numbers():
    assert arguments.build(Oven, {"degrees": "2e2"}, "oven").degrees == 200.0


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(RecipeError) as caught:
        arguments.build(Oven, {"degree": 3}, "oven")
    assert 'oven: No setting named "degree".' in str(caught.value)
    assert 'Did you mean "degrees"?' in str(caught.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"degrees": "hot"}, "oven.degrees needs a number. Got 'hot'."),
        ({"degrees": 1, "minutes": True}, "oven.minutes needs a whole number. Got True."),
        ({"degrees": 1, "mode": "boil"}, "oven.mode needs 'fan' or 'grill'. Got 'boil'."),
        ({}, "oven needs degrees. Got nothing."),
        ({"degrees": 900}, "oven: Oven needs degrees up to 300. Got 900.0. Lower it."),
    ],
)
def test_wrong_values_say_what_is_needed(config, message):
    with pytest.raises(RecipeError) as caught:
        arguments.build(Oven, config, "oven")
    assert message in str(caught.value)


def test_given_arguments_cannot_be_set_by_a_recipe():
    with pytest.raises(RecipeError, match="degrees"):
        arguments.build(Oven, {"degrees": 3}, "oven", degrees=5)


def test_defaults_come_from_the_signature():
    assert arguments.defaults(Oven) == {"minutes": 10, "mode": "fan", "tags": None}
