"""What differs is said as it was asked for, and not with all that follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from polymodal.core.errors import ResumeError
from polymodal.training.saved.differences import check_same

ROWS = {"given": {"rows": "1f" * 32}}
OTHER_ROWS = {"given": {"rows": "2f" * 32}}


def lines(old, new, *asked):
    with pytest.raises(ResumeError) as caught:
        check_same(old, new, Path("runs/a"), *asked)
    first, *found, fix = str(caught.value).splitlines()
    assert first.startswith("The run in runs/a was started differently")
    assert fix == "Change it back, or choose another --out."
    return [line.strip() for line in found]


def run_of(epochs, rows="1f" * 32, **recipe):
    """What a run is started with: settings that the user gave and that were inferred."""
    return {
        "given": {"recipe": {"dim": 32} | recipe, "rows": rows},
        "training": {"epochs": epochs, "batch_size": 16},
        "rows and order": rows,
        "with": {"engine": "jax"},
    }


def asked(options=None, **given):
    return {"given": given, "options": options or {}}


def test_every_difference_is_listed_where_nobody_knows_what_was_asked_for():
    old = {
        "with": {"engine": "jax", "keras": "3.15"},
        "data": {"rows": 10},
        "same": [1, 2],
        "order": "1f" * 32,
    }
    new = {
        "with": {"engine": "torch", "keras": "3.15", "torch": "2"},
        "data": {"rows": 11},
        "same": (1, 2),
        "order": "2f" * 32,
    }
    assert lines(old, new) == [
        'engine: was "jax", now "torch"',
        'torch: was absent, now "2"',
        "data.rows: was 10, now 11",
        "order: the content differs",
    ]
    check_same(old, old, Path("runs/a"))


def test_of_many_settings_the_first_are_listed():
    many = lines({f"s{i}": 0 for i in range(9)}, {f"s{i}": 1 for i in range(9)})
    assert (len(many), many[-1]) == (6, "and 4 more settings")


def test_a_setting_is_named_as_it_was_given():
    found = lines(
        run_of(30, dim=32),
        run_of(60, dim=16, rows="2f" * 32),
        (asked(), asked(training={"epochs": 60})),
    )
    assert found == [
        "training.epochs: was 30 (chosen from the data), now 60",
        "The learning rate of every step follows from training.epochs, so more are another run.",
    ]


def test_a_setting_that_says_what_was_inferred_is_no_difference():
    found = lines(run_of(30), run_of(30, fusion="gated"), (asked(dim=32), asked(fusion="gated")))
    assert found == ['fusion: was absent, now "gated"']


def test_an_option_is_named_as_it_is_typed():
    found = lines(
        run_of(30),
        run_of(30, rows="2f" * 32),
        (asked({"split": None}), asked({"split": "random", "baselines": False})),
    )
    assert found == ['--split: was absent, now "random"']


def test_a_changed_table_is_one_line_whatever_else_follows_from_it():
    then = asked(training={"seed": 1})
    found = lines(run_of(30), run_of(60, rows="2f" * 32, dim=64, dropout=0.1), (then, then))
    assert found == ["a table has changed, or other rows are held out: see --split"]
    assert lines(ROWS, OTHER_ROWS) == found


def test_long_values_are_cut():
    (found,) = lines({"a": "x" * 100}, {"a": "y"})
    assert "x..., now" in found
