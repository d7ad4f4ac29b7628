"""The conversations of scenes."""

from __future__ import annotations

import json

import pytest

from polymodal import scenes
from polymodal.scenes.tasks.assistant import assistant
from polymodal.tables.table import read


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return scenes.write(tmp_path_factory.mktemp("d") / "d", "assistant", 120, 4, 40)


def test_the_table_reads_as_answers_with_their_facts(tables):
    table = read(tables["train"])
    inputs, target, facts = scenes.columns("assistant")
    assert {*inputs, target, *facts} == set(table.column_names)
    assert set(table.values("kind")) == {
        "presence",
        "colour",
        "shape",
        "count",
        "relation",
        "comparison",
        "description",
        "follow_up",
    }
    assert set(table.values("language")) == {"en", "zh"}
    assert set(table.values("turn")) == {1, 2, 3}
    for row in range(len(table)):
        assert table.root.joinpath(table.cell(row, "image")).is_file()
        spoken = table.cell(row, "audio")
        assert (spoken is not None) == (table.cell(row, "form") == "spoken")
        assert spoken is None or table.root.joinpath(spoken).is_file()


def test_answers_are_in_the_language_of_their_questions(tables):
    table = read(tables["train"])
    for row in range(len(table)):
        answer, chinese = table.cell(row, "response"), table.cell(row, "language") == "zh"
        assert answer.isdigit() or answer.isascii() != chinese


def test_test_has_patterns_that_train_never_has(tables):
    assert set(read(tables["train"]).values("pattern")) == {"seen"}
    assert "new" in set(read(tables["test"]).values("pattern"))


def test_a_row_depends_on_seed_part_and_row_alone(tmp_path, tables):
    again = scenes.write(tmp_path / "few", "assistant", 3, 0, 0)
    lines = again["train"].read_text(encoding="utf-8").splitlines()
    assert lines == tables["train"].read_text(encoding="utf-8").splitlines()[:3]
    assert json.loads(lines[0])["messages"][0]["content"][0]["type"] == "image"
    assert assistant.__doc__.startswith("Image with questions")
