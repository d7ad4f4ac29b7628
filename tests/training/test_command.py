"""The command in a report is what was typed, to another folder, or says why there is none."""

from pathlib import Path

import pytest

from polymodal.tables.table import read
from polymodal.training.planning.command import again


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that relative paths start from, with two tables."""
    monkeypatch.chdir(tmp_path)
    for name in ("my words.csv", "val.csv"):
        Path(name).write_text("audio,text,voice\na.wav,one,x\nb.wav,two,y\n")
    return tmp_path


def test_everything_that_was_said_is_said_again(folder):
    tables = {
        "train": read("my words.csv", media_root="sounds"),
        "val": read("val.csv", media_root="sounds"),
    }
    assert again(
        tables,
        Path("runs/a"),
        ignore=["x"],
        slice_columns=["voice", "room no"],
        baselines=False,
        skip_bad=True,
        max_bad_share=0.2,
    ) == (
        "polymodal train --data 'my words.csv' --val val.csv --media-root sounds "
        "--recipe runs/a/recipe.yaml --ignore x --slice voice --slice 'room no' "
        "--max-bad-share 0.2 --out runs/a-again --no-baselines --skip-bad"
    )


def test_nothing_is_said_that_was_not(folder):
    table = read(folder / "val.csv")
    assert again({"train": table}, Path("a"), split="random", split_group="voice") == (
        f"polymodal train --data {folder / 'val.csv'} --recipe a/recipe.yaml --split random "
        "--split-group voice --out a-again"
    )


def test_another_engine_than_the_usual_is_said(folder):
    said = again({"train": read(folder / "val.csv")}, Path("a"), engine="jax")
    assert "--engine jax" in said
    assert "--engine" not in again(
        {"train": read(folder / "val.csv")}, Path("a"), engine="tensorflow"
    )


def test_rows_that_are_in_no_file_have_no_command(folder):
    tables = {"train": read("val.csv").select([0]), "test": read([{"audio": "a.wav"}])}
    assert again(tables, Path("a")).startswith(
        "No command can: the train and test table was in memory."
    )
