"""Rows are held out so that what was learned from is not scored on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from polymodal.inference.outputs import enter_groups
from polymodal.profile.profile import profile
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.group import group_rows
from polymodal.tables.table import read
from polymodal.training.preparing.grouping import alike_rows, group_of
from polymodal.training.preparing.held_out import held_out, tell_single_group
from polymodal.training.preparing.prepare import prepare
from published_sets import write_pictures

pytestmark = pytest.mark.engine
NAMES = [f"{i}.png" for i in range(10)]


@pytest.fixture
def table(tmp_path):
    write_pictures(tmp_path, *NAMES)
    rows = [
        {
            "image": name,
            "caption": f"somebody says of {name} a {word} thing",
            "kind": word,
            "place": word,
        }
        for name in NAMES
        for word in ("red", "green", "blue")
    ]
    return read(rows, media_root=tmp_path)


def test_pictures_with_several_captions_stay_on_one_side(table, capsys):
    group = group_of({"train": profile(table)}, {"target": "caption"}, [], None, None)
    parts = held_out({"train": table}, "caption", None, group, seed=0)
    sides = [set(part.table.values("image")) for part in parts.values()]
    assert len(sides) == 2
    assert not set.intersection(*sides)
    assert "for validation: all rows of 1 image (4.png)." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "options", "group"),
    [
        ({"target": "caption", "task": "caption"}, {}, "image"),
        ({"target": "caption", "task": {"name": "transcribe"}}, {}, "image"),
        ({"target": "caption"}, {"ignore": ["image"]}, None),
        ({"target": "caption"}, {"method": "random"}, None),
        ({"target": "caption"}, {"group": "place"}, "place"),
        ({"target": "caption", "group": "place"}, {}, "place"),
        ({"target": "kind"}, {}, None),
        ({}, {}, None),
    ],
)
def test_other_tables_and_what_is_said_are_left_alone(table, given, options, group):
    chosen = {"ignore": [], "method": None, "group": None, **options}
    assert group_of({"train": profile(table)}, given, **chosen) == group
    tables = {"train": profile(table), "val": profile(table)}
    assert group_of(tables, {"target": "caption"}, [], None, None) is None


def test_the_rows_of_a_table_given_twice_are_counted_once(table, tmp_path):
    recipe = from_dict(infer(table, {"target": "caption"}, ["kind", "place"]).values)
    other = read([table.row(row) for row in range(6)], media_root=tmp_path)
    for val, rows in ((table, 30), (other, 36)):
        prepared = prepare(recipe, {"train": table, "val": val, "test": table})
        assert prepared.ledger.num_read("table") == rows
        assert len(prepared.checked["val"]) == len(val)


def test_media_in_several_rows_are_alike_also_where_the_split_is_given(table):
    given = {"target": "caption", "task": "caption"}
    assert alike_rows(profile(table), given, [], None) == "image"
    assert alike_rows(profile(table), given, [], "place") == "place"
    assert alike_rows(profile(table), {"target": "kind"}, [], None) is None


@pytest.mark.parametrize(
    ("speakers", "said"),
    [
        (
            ["09"] * 4,
            'all 4 rows of val have the same "speaker": 09. Their scores do not show how '
            "the model generalises to others.",
        ),
        (["09", "09", "09", "10"], ""),
    ],
)
def test_a_validation_part_of_one_speaker_is_told_of(speakers, said, capsys):
    rows = read({"speaker": speakers})
    tell_single_group({"train": rows, "val": rows}, "speaker")
    assert said in capsys.readouterr().err
    tell_single_group({"train": rows, "val": read({"x": [1, 2]})}, "speaker")
    tell_single_group({"train": rows, "val": rows}, None)
    assert not capsys.readouterr().err


def test_a_sequence_belongs_to_the_group_of_its_first_row():
    steps = read({"video": [*"aabbcc"], "at": [*range(6)], "who": [*"xxyyxz"]})
    sequences = group_rows(steps, "video", "at")
    found = SimpleNamespace(rows=np.array([0, 0, 1, 1, 2, 2]))
    enter_groups(found, sequences, steps, "who")
    assert found.groups.tolist() == [0, 0, 1, 1, 0, 0]
    assert found.group_column == "who"


def test_rows_without_a_target_are_not_held_out(capsys):
    labels = [("hi", "lo")[row % 3 > 0] if row % 5 == 0 else None for row in range(200)]
    parts = held_out({"train": read({"a": list(range(200)), "y": labels})}, "y", None, None, seed=0)
    assert len(parts["val"]) == 6
    assert None not in parts["val"].table.values("y")
    assert len(parts["train"]) == 194
    told = capsys.readouterr().err
    assert "Holding out 6 of 200 rows for validation (stratified), of the 40 that have a" in told
    assert "6 rows to score on: scores of so few say little" in told
