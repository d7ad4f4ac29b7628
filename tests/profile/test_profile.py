"""Each question about a table is answered once, and parts of it share what it has."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.profile import profile as profile_file
from polymodal.profile.profile import Profile, profile
from polymodal.splits.split import parts
from polymodal.tables.reading.reading import Reading
from polymodal.tables.table import read


@pytest.fixture
def facts():
    return profile(
        read(
            {
                "word": ["red", "blue", "red", None, "green", "blue"],
                "number": [1, 2, 2, 3, 3, 3],
                "speaker": ["Ann", "Bo", "Ann", "Bo", "Ann", "Bo"],
            }
        )
    )


def test_a_profile_is_its_own_profile(facts):
    assert profile(facts) is facts


def test_a_part_has_the_columns_of_the_table_and_its_own_rows(facts, monkeypatch):
    part = facts.part(np.array([4, 1, 5]))
    assert len(part) == 3
    assert part.verdict("number") is facts.verdict("number")
    assert part.column("word") is facts.column("word")
    assert part.sample("word") == ["green", "blue", "blue"]
    monkeypatch.setattr(profile_file, "judge", None)  # nothing is judged again
    assert part.part(np.array([0])).verdict("number") is facts.verdict("number")


def test_which_cells_repeat_is_numbered_by_their_first_row(facts):
    slots, first = facts.items("word")
    assert slots.tolist() == [0, 1, 0, -1, 2, 1]
    assert first.tolist() == [0, 1, 4]
    rows = np.array([4, 3, 1, 5, 0])
    part = facts.part(rows)
    alone = profile(read({"word": [facts.table.cell(int(row), "word") for row in rows]}))
    for found, expected in zip(part.items("word"), alone.items("word"), strict=True):
        assert found.tolist() == expected.tolist()
        assert found.dtype == expected.dtype
    assert part.part(np.array([3, 2])).items("word")[0].tolist() == [0, 0]


def test_each_row_is_asked_of_the_whole_table_once(facts):
    asked = []

    def lengths(table):
        asked.append(table)
        return np.array([len(value or "") for value in table.values("word")])

    assert facts.part(np.array([1, 3])).each("length", lengths).tolist() == [4, 0]
    assert facts.each("length", lengths).tolist() == [3, 4, 3, 0, 5, 4]
    assert asked == [facts.table]


def test_readings_are_those_that_were_given():
    table = read({"y": ["1.5", "2", "unknown"]})
    given = Profile(table, {"y": Reading(kind="category")})
    assert given.verdict("y").kind == "category"
    assert given.column("y").read_as(Reading()).guess.kind == "number"
    assert given.part(np.array([0, 1])).readings == given.readings


def test_cells_are_freed_and_verdicts_kept(facts):
    verdict, column = facts.verdict("word"), facts.column("word")
    facts.forget_cells()
    assert facts.verdict("word") is verdict
    assert facts.column("word") is not column


def test_sequences_have_a_profile_of_their_own():
    steps = profile(read({"video": [*"aabb"], "said": ["a b c", "b c d", "c d e", "d e f"]}))
    grouped = steps.grouped("video")
    assert len(grouped) == 2
    assert grouped is steps.grouped("video")
    assert grouped.verdict("said").modality == "texts"
    assert steps.verdict("said").modality == "text"


def test_parts_of_a_split_know_the_table_that_was_cut(facts):
    found = parts(facts, "random", [0.5, 0.5])
    assert {part.whole for part in found.values()} == {facts}
