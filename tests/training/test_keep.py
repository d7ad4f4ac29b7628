"""What is said about the model that a run keeps."""

from types import SimpleNamespace

import pytest

from polymodal.training.keep import what_is_kept


@pytest.mark.parametrize(("group", "told"), [("dialogue", True), ("", False)])
def test_a_simple_model_of_steps_cannot_be_kept_and_that_is_said(group, told):
    prepared = SimpleNamespace(recipe=SimpleNamespace(group=group))
    simple = [SimpleNamespace(name="each row alone", answers=None)]
    choice = what_is_kept("better", prepared, {"test": None}, {}, simple)
    assert choice.sentence.startswith("The network is kept")
    assert choice.sentence.endswith("it is shown and cannot be kept.") is told
    assert not choice.linear
