"""The task that a target asks for."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.group import group_rows
from polymodal.tables.table import read


def task_of(cells, **others):
    return infer_task(read({"y": cells, **others}), "y").task


@pytest.mark.parametrize(
    ("table", "target", "task"),
    [
        ("av_digits/train.csv", "digit", "classification"),
        ("easy_vqa/train.csv", "answer", "classification"),
        ("esc10/train.csv", "sound", "classification"),
        ("esc10/train.csv", "fold", "classification"),
        ("mosi/train.parquet", "sentiment", "classification"),
        ("nlvr/val.jsonl", "label", "classification"),
        ("connected_digits/train.csv", "transcript", "seq2seq"),
        ("connected_digits/train.csv", "seconds", "regression"),
        ("speech/speech.csv", "transcript", "seq2seq"),
        ("photos/captions.jsonl", "captions", "seq2seq"),
        ("grid_av/clips.csv", "transcript", "seq2seq"),
    ],
)
def test_real_targets(shared_data, table, target, task):
    assert infer_task(read(shared_data / table), target).task == task


def test_videos_are_labelled_step_by_step(shared_data):
    table = group_rows(read(shared_data / "mosi/val.parquet"), "video", "position")
    assert infer_task(table, "sentiment").task == "sequence_labelling"


def test_whole_numbers():
    assert task_of([i % 20 for i in range(100)]) == "classification"
    assert task_of([str(i % 20) for i in range(100)]) == "classification"
    assert task_of([i % 21 for i in range(100)]) == "regression"
    assert infer_task(read({"y": [1, 2, 2]}), "y").reason == (
        'The task is classification because "y" has whole numbers with only 2 distinct values, '
        "which count as classes (for amounts the task would be regression); change it with "
        "--task."
    )


def test_numbers_with_fractions_and_missing_ones():
    assert task_of(["0.5", "1", "", "nan", "2"]) == "regression"
    assert task_of([1.0, 2.0, None, 1.0]) == "classification"
    rare = [0] * 100_000
    rare[77_777] = 0.5
    rare[1] = 1
    assert task_of(rare) == "regression"


def test_labels_and_yes_or_no():
    assert task_of(["cat", "dog", "cat"]) == "classification"
    assert task_of([True, False]) == "classification"
    assert task_of([f"word{i % 100}" for i in range(1000)]) == "classification"


def test_several_labels():
    assert task_of(["a|b", "b", "a|c", "c"] * 9) == "multilabel"
    assert task_of([["a", "b"], [], ["b"]]) == "multilabel"
    assert task_of(['["a", "b"]', '["b"]']) == "multilabel"


def test_lists_as_long_as_a_sequence_are_labels_of_its_steps():
    labels = [["a", "b"], ["b", "b", "a"], ["a"]]
    steps = [[[0.5]] * len(row) for row in labels]
    assert task_of(labels, frames=steps) == "sequence_labelling"
    assert task_of(labels, frames=steps[::-1]) == "multilabel"


def test_free_text():
    assert task_of([f"a picture of {i} cats" for i in range(50)]) == "seq2seq"
    assert task_of([f"图里一共有{i}只小猫" for i in range(50)]) == "seq2seq"


def test_targets_that_teach_nothing():
    with pytest.raises(
        DataError,
        match=r'^table: column "y" is the target, but all its cells are '
        r"empty\. Name another target",
    ):
        task_of(["", None])
    with pytest.raises(DataError, match=r"all its cells have the same value\. There is nothing to"):
        task_of(["x", "x", None])
    with pytest.raises(DataError, match=r"is the target, but has bytes\. Name a column of"):
        task_of([b"1", b"2"])
    with pytest.raises(RecipeError, match=r'No column named "z"\. Columns: y'):
        infer_task(read({"y": [1]}), "z")
