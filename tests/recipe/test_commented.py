"""A recipe with reasons is the same recipe."""

import pytest
import yaml

from polymodal.recipe.recipe import Recipe
from polymodal.recipe.written.commented import commented, left_out

RECIPE = Recipe(
    "y",
    {
        "a: b": {"modality": "text"},
        "photo": {"modality": "image", "size": [32, 32]},
        "tabular": {"modality": "tabular", "columns": [f"column {i}" for i in range(20)]},
    },
    task={"name": "caption", "max_length": 9},
    group="g",
    order="o",
    training={"epochs": 3},
)
REASONS = [
    "task: caption. It has texts: long # ones.",
    "input a: b: text. Words.",
    "column id: Ignored because it looks like an ID.",
    "training: 3 epochs.",
    "input length: Ignored because a recording often comes alone.",
]


def test_reasons_are_above_what_they_are_for():
    lines = commented(RECIPE, REASONS).splitlines()
    assert lines[:2] == ["# caption. It has texts: long # ones.", "task:"]
    assert lines.index("  # text. Words.") + 1 == lines.index(
        "  'a: b': {modality: text, encoder: rnn}"
    )
    assert lines.index("# 3 epochs.") + 1 == lines.index("training:")
    assert "  # column id: Ignored because it looks like an ID." in lines
    assert "  # input length: Ignored because a recording often comes alone." in lines


@pytest.mark.parametrize(
    "strange",
    ["a\nline: break", "\x1b[31m red", "\u2028 \ufffe \x85", "word " * 60, "x" * 300, "- a", "%"],
)
def test_whatever_a_reason_holds_the_recipe_is_read_back(strange):
    reasons = [f"{key}{strange}" for key in ("task: ", "input photo: ", "column id: ", "dim: ")]
    found = yaml.safe_load(commented(RECIPE, reasons))
    assert found == yaml.safe_load(RECIPE.to_yaml())
    assert commented(RECIPE, reasons) == commented(RECIPE, reasons)


def test_columns_that_are_not_used_have_a_reason():
    columns = ["a: b", "photo", "id", "length", "y", "g", "o", "mine", "other", "column 3"]
    assert left_out(RECIPE, columns, REASONS, ["mine"]) == {
        "id": "Ignored because it looks like an ID.",
        "length": "Ignored because a recording often comes alone.",
        "mine": "Ignored on request.",
        "other": "Not named under inputs.",
    }
