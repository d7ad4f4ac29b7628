import csv
import hashlib
import json

import numpy as np
import pytest
import soundfile
from PIL import Image

from polymodal import scenes
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import names
from polymodal.scenes.parts import Part
from polymodal.scenes.tasks.classification import classification
from polymodal.scenes.tasks.regression import regression

TASKS = [name for name in names("scenes.tasks") if name != "assistant"]  # see test_assistant.py


def rows_of(table):
    text = table.read_text(encoding="utf-8").splitlines()
    if table.suffix == ".jsonl":
        return [json.loads(line) for line in text]
    return list(csv.DictReader(text))


def digests(folder):
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in folder.rglob("*")
        if f.is_file()
    }


@pytest.mark.parametrize("task", TASKS)
def test_every_task_writes_tables_whose_files_exist(task, tmp_path):
    tables = scenes.write(tmp_path / "d", task, num_train=12, num_val=4, num_test=8)
    assert list(tables) == ["train", "val", "test"]
    inputs, target, ignore = scenes.columns(task)
    for name, count in (("train", 12), ("val", 4), ("test", 8)):
        rows = rows_of(tables[name])
        assert len(rows) == count
        assert set(rows[0]) == {*inputs, target, *ignore}
        assert all(row[target] != "" for row in rows)
        for row in rows:
            if "image" in row:
                assert Image.open(tmp_path / "d" / row["image"]).size == (48, 48)
            if "audio" in row:
                info = soundfile.info(tmp_path / "d" / row["audio"])
                assert (info.samplerate, info.channels) == (16000, 1)
                assert 0.2 < info.duration < 12


@pytest.mark.parametrize("task", ["classification", "captions"])
def test_equal_arguments_write_equal_bytes(task, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        scenes.write(tmp_path / name, task, 5, 0, 5, seed=seed)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_a_row_does_not_depend_on_how_many_there_are(tmp_path):
    few = scenes.write(tmp_path / "few", "vqa", 3, 1, 0)
    many = scenes.write(tmp_path / "many", "vqa", 6, 2, 1)
    assert rows_of(many["train"])[:3] == rows_of(few["train"])


def test_parts_share_no_picture(tmp_path):
    scenes.write(tmp_path, "multilabel", 10, 10, 10)
    pictures = [d for name, d in digests(tmp_path).items() if name.endswith(".png")]
    assert len(set(pictures)) == 30


def test_a_written_folder_is_reused_and_another_is_refused(tmp_path):
    tables = scenes.write(tmp_path / "d", "multilabel", 2, 0, 0)
    before = tables["train"].stat().st_mtime_ns
    assert scenes.write(tmp_path / "d", "multilabel", 2, 0, 0) == tables
    assert tables["train"].stat().st_mtime_ns == before
    with pytest.raises(RecipeError, match="needs an empty folder"):
        scenes.write(tmp_path / "d", "multilabel", 3, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "vqs"}, 'No task named "vqs".*Did you mean "vqa"'),
        ({"num_train": -1}, "not negative"),
        ({"num_train": 0, "num_val": 0, "num_test": 0}, "one above 0"),
    ],
)
def test_impossible_wishes_are_refused(arguments, message, tmp_path):
    with pytest.raises(RecipeError, match=message):
        scenes.write(tmp_path / "d", **arguments)
    assert not (tmp_path / "d").exists()


def test_train_has_no_new_object_pattern_or_voice(tmp_path):
    made = {
        name: [classification(Part(tmp_path, name, 0), row) for row in range(120)]
        for name in ("train", "test")
    }
    seen = lambda name, column: {row[column] for row in made[name]}
    assert seen("train", "object") == seen("train", "pattern") == {"seen"}
    assert seen("test", "object") == {"seen", "new pattern"}
    assert seen("test", "pattern") == {"seen", "new"}
    assert not seen("train", "voice") & seen("test", "voice")
    new = np.mean([row["object"] != "seen" for row in made["test"]])
    assert 0.03 < new < 0.2


def test_the_covered_share_is_what_a_count_of_pixels_says(tmp_path):
    rows = [regression(Part(tmp_path, "train", 0), row) for row in range(60)]
    blue = [row for row in rows if "blue" in row["clue"]]
    for row in blue:
        pixels = np.asarray(Image.open(tmp_path / row["image"])).astype(int)
        share = 100 * np.mean(pixels[..., 2] - pixels[..., :2].max(axis=-1) > 40)
        assert row["share"] == pytest.approx(share, abs=4)


def test_describe_names_every_task():
    text = scenes.describe()
    assert all(f"  {task}: " in text for task in TASKS)
    assert "Returns one row" not in text
