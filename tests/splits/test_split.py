"""Splits: every row once, classes and sizes kept, groups never torn apart."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.core.errors import DataError, RecipeError
from polymodal.profile.profile import profile
from polymodal.splits.split import FRACTIONS, parts, split
from polymodal.splits.together import kept_too
from polymodal.tables.group import group_rows
from polymodal.tables.table import read

labels = st.lists(st.sampled_from("aaaabbcd"), min_size=30, max_size=200)


def rows_of(parts):
    return {name: part.row_ids.tolist() for name, part in parts.items()}


@settings(max_examples=60)
@given(labels, st.integers(0, 99), st.sampled_from(["stratified", "random"]))
def test_each_row_stands_in_one_part_and_sizes_are_as_asked(values, seed, method):
    parts = rows_of(split(read({"y": values}), method, target="y", seed=seed))
    assert sorted(row for rows in parts.values() for row in rows) == list(range(len(values)))
    for name, rows in parts.items():
        assert rows == sorted(rows)
        assert abs(len(rows) - FRACTIONS[name] * len(values)) < 2


@settings(max_examples=60)
@given(labels, st.integers(0, 99))
def test_classes_keep_their_shares_and_train_has_each(values, seed):
    parts = split(read({"y": values}), target="y", seed=seed)
    if len(set(values)) < 2:
        return
    counts = {name: Counter(part.values("y")) for name, part in parts.items()}
    for label, total in Counter(values).items():
        assert counts["train"][label] >= 1
        for name, share in FRACTIONS.items():
            assert abs(counts[name][label] - share * total) < 2.5


@settings(max_examples=60)
@given(st.lists(st.integers(1, 12), min_size=12, max_size=40), st.integers(0, 99), st.booleans())
def test_groups_are_never_torn_apart_and_sizes_are_near(sizes, seed, has_target):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    table = read({"g": groups, "y": [f"c{i % 3}" for i in range(len(groups))]})
    parts = split(table, "grouped", group="g", target="y" if has_target else None, seed=seed)
    seen = [set(part.values("g")) for part in parts.values()]
    assert sum(map(len, seen)) == len(set.union(*seen)) == len(sizes)
    for name, part in parts.items():
        assert abs(len(part) - FRACTIONS[name] * len(groups)) <= max(sizes)


@pytest.mark.parametrize("method", ["stratified", "random", "grouped"])
def test_seed_decides(method):
    table = read({"y": ["a", "b"] * 50, "g": [i // 4 for i in range(100)]})
    kept = [rows_of(split(table, method, target="y", group="g", seed=s)) for s in (0, 0, 1)]
    assert kept[0] == kept[1] != kept[2]


def test_groups_keep_classes_where_they_can():
    groups = [i // 5 for i in range(500)]
    table = read({"g": groups, "y": ["a" if g % 5 else "b" for g in groups]})
    for part in split(table, "grouped", (0.6, 0.2, 0.2), "y", "g").values():
        assert 0.1 <= Counter(part.values("y"))["b"] / len(part) <= 0.3


def test_few_large_groups_fill_every_part():
    table = read({"g": ["a"] * 40 + ["b"] * 40 + ["c"] * 40 + ["d"] * 40})
    assert [len(part) for part in split(table, "grouped", group="g").values()] == [80, 40, 40]


def test_rows_without_a_group_stay_together():
    table = read({"g": [None, "a", None, "b", None, "c"]})
    parts = split(table, "grouped", (0.5, 0.5), group="g")
    assert sum(None in set(part.values("g")) for part in parts.values()) == 1


def test_rare_class_goes_to_train():
    for seed in range(10):
        parts = split(read({"y": ["a"] * 50 + ["b"] * 49 + ["rare"]}), target="y", seed=seed)
        assert "rare" in set(parts["train"].values("y"))


def test_numbers_are_stratified_by_range():
    values = np.random.default_rng(0).lognormal(size=1000).tolist()
    middle = np.median(values)
    for part in split(read({"y": values}), target="y").values():
        assert np.mean([v > middle for v in part.values("y")]) == pytest.approx(0.5, 0.05)


def test_several_labels_count_for_the_rarest():
    values = ["x|rare" if i % 20 == 0 else "x" for i in range(200)]
    for part in split(read({"y": values}), target="y").values():
        assert sum("rare" in v for v in part.values("y")) == pytest.approx(len(part) / 20, abs=1)


@pytest.mark.parametrize(
    "values",
    [
        [f"a sentence that never comes again {i}" for i in range(50)],
        [None] * 50,
        ["same"] * 50,
        [["p", "q"]] * 25 + [["q"]] * 25,
        [None, "a", "b"] * 16 + ["a", "b"],
    ],
)
def test_any_target_can_be_split(values):
    assert [len(part) for part in split(read({"y": values}), target="y").values()] == [40, 5, 5]


def test_sequences_are_split_whole():
    steps = read({"v": [i // 4 for i in range(80)], "y": ["a", "b"] * 40})
    parts = split(group_rows(steps, "v"), target="y")
    assert {name: len(part) for name, part in parts.items()} == {"train": 16, "val": 2, "test": 2}
    assert parts["val"].cell(0, "y") == ["a", "b", "a", "b"]


def test_own_names_and_shares():
    parts = split(read({"x": range(40)}), "random", {"0": 1, "1": 1, "2": 2})
    assert {name: len(part) for name, part in parts.items()} == {"0": 10, "1": 10, "2": 20}


def test_column_names_the_parts():
    table = read({"part": ["train", "Validation", "train", "test", "dev"]})
    parts = rows_of(split(table, "column", column="part"))
    assert parts == {"train": [0, 2], "val": [1, 4], "test": [3]}


def test_column_with_another_word():
    with pytest.raises(
        DataError,
        match=r'^table row 2: column "p" needs train, val or test\. Got '
        r"'fold 3'\. Write the part of each row",
    ):
        split(read({"p": ["train", "fold 3"]}), "column", column="p")
    with pytest.raises(DataError, match=r'row 2: column "p" needs train, val or test\. Got None'):
        split(read({"p": ["train", ""]}), "column", column="p")
    with pytest.raises(DataError, match=r'column "p" names no row for train\. Write train'):
        split(read({"p": ["val", "test"]}), "column", column="p")


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"x": [1, 2, 3], "cut": ["train", "Testing", "dev"]}, "cut"),
        ({"cut": ["train", "train", "training"]}, None),
        ({"cut": ["dev", "test", "test"]}, None),
        ({"cut": ["train", "dev", "extra"]}, None),
        ({"cut": ["train", "dev", ""]}, None),
        ({"cut": ["train", "dev", "dev"], "other": ["test", "train", "train"]}, None),
        ({"cut": ["train", "dev", "dev"], "y": ["test", "train", "train"]}, "cut"),
    ],
)
def test_one_column_that_names_the_parts_is_found(columns, found):
    assert profile(read(columns)).split_column("y") == found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"method": "stratify"},
            r'No split method named "stratify"\..* Did you mean "stratified"\?',
        ),
        ({"target": "z"}, r'No column named "z"\. Columns: y'),
        (
            {"method": "grouped"},
            r'The split "grouped" needs the column of groups\. Got none\. Name it',
        ),
        (
            {"method": "column"},
            r'The split "column" needs the column that names the part\. Got none',
        ),
        ({"fractions": (0.5,)}, r"split needs two or three fractions\. Got 1\."),
        (
            {"fractions": (1, 0)},
            r"split needs at least two fractions above 0\. Got .* Leave out parts",
        ),
    ],
)
def test_settings_that_cannot_be_used(given, message):
    with pytest.raises(RecipeError, match=message):
        split(read({"y": ["a", "b"]}), **given)


def test_too_few_rows():
    with pytest.raises(
        DataError,
        match=r"^table has too few rows for a part test: 2 rows cannot "
        r"fill 3 parts\. Use fewer parts",
    ):
        split(read({"y": ["a", "b"]}))
    with pytest.raises(DataError, match=r'the groups of "g" cannot fill 3 parts'):
        split(read({"g": ["a", "b"] * 20}), "grouped", group="g")


def test_real_videos_and_speakers(shared_data):
    mosi = read(shared_data / "mosi" / "train.parquet")
    parts = split(mosi, "grouped", target="sentiment", group="video")
    videos = [set(part.values("video")) for part in parts.values()]
    assert not videos[0] & videos[1] | videos[0] & videos[2] | videos[1] & videos[2]
    assert 0.75 < len(parts["train"]) / len(mosi) < 0.85


def talks(num_calls=40, num_people=60, seed=0):
    """Calls between two people, some of whom are in several."""
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(num_people, 2, replace=False) for _ in range(num_calls)]
    rows = [(call, int(rng.choice(pair))) for call, pair in enumerate(pairs) for _ in range(6)]
    return read({"call": [str(c) for c, _ in rows], "speaker": [f"p{p}" for _, p in rows]})


def test_neither_speakers_nor_calls_are_on_both_sides():
    table = talks()
    also, told = kept_too(table, "speaker")
    assert also == ["call"]
    assert told == 'Rows with the same "call" are kept on one side of the split too.'
    found = parts(profile(table), "grouped", {"train": 0.8, "val": 0.2}, None, "speaker", also=also)
    for column in ("speaker", "call"):
        sides = [set(part.table.values(column)) for part in found.values()]
        assert not set.intersection(*sides)
    assert 0.1 < len(found["val"]) / len(table) < 0.3


def test_calls_that_hang_together_are_named():
    also, told = kept_too(talks(num_people=12), "speaker")
    assert also == []
    assert told.startswith('Rows with the same "call" may be on both sides')


def test_calls_of_one_speaker_each_add_nothing():
    rows = {"speaker": list("aabbccddee"), "call": list("0123456789")}
    assert kept_too(read(rows), "speaker") == ([], "")
