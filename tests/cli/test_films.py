"""A recogniser that hears and sees is trained on films and writes down what is said in one."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import yaml

from command_line import in_process as polymodal

RECIPE = """
task: transcribe
target: transcript
inputs:
  video: {modality: video, size: 32, frames_per_second: 5, width: 8}
  audio: {modality: audio, column: video, encoder: conv_audio, time_stride: 4, width: 8,
          sample_rate: 8000, num_mels: 40}
dim: 32
training: {epochs: 3, batch_size: 4}
"""


@pytest.fixture(scope="module")
def folder(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    (folder / "recipe.yaml").write_text(RECIPE)
    clips = shared_data / "grid_av" / "clips.csv"
    polymodal(
        "train",
        "--data",
        clips,
        "--val",
        clips,
        "--recipe",
        folder / "recipe.yaml",
        "--no-baselines",
        "--out",
        folder / "run",
    )
    return folder


def test_losses_fall_on_films_with_their_sound(folder):
    losses = [json.loads(line)["loss"] for line in (folder / "run" / "history.jsonl").open()]
    assert len(losses) == 3
    assert losses[-1] < losses[0]


def test_a_film_is_written_down_from_the_command_line(folder, shared_data):
    film = shared_data / "grid_av" / "video" / "bbaf2n.mpg"
    done = polymodal(
        "transcribe",
        folder / "run",
        film,
        folder / "absent.mpg",
        "--format",
        "json",
        "--beam",
        4,
        check=False,
    )
    assert done.returncode == 1  # of the absent one
    found, absent = json.loads(done.stdout)["files"]
    assert found["error"] is None
    assert found["seconds"] == pytest.approx(2.96, abs=0.1)
    assert found["beam"] == 4
    assert all(
        0 <= word["start_seconds"] <= word["end_seconds"] <= found["seconds"] + 0.01
        for word in found["words"]
    )
    assert "absent.mpg does not exist" in absent["error"]


@pytest.mark.slow
def test_sound_that_is_not_read_is_said_with_options_that_read_it(shared_data, tmp_path):
    clips = shared_data / "grid_av" / "clips.csv"
    given = [
        "train",
        "--data",
        clips,
        "--val",
        clips,
        "--target",
        "transcript",
        "--no-baselines",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
        "--set",
        "inputs.video.size=16",
        "--set",
        "inputs.video.frames_per_second=5",
    ]
    silent = polymodal(*given, "--out", tmp_path / "silent")
    [(count, options)] = re.findall(
        r"input video: (\d+) of the \1 videos opened have sound, which is not used\. To use both: "
        r"(--set .+?)\. Without",
        silent.stderr,
    )
    assert int(count) == 7
    heard = polymodal(*given, *shlex.split(options), "--out", tmp_path / "heard")
    assert "have sound" not in heard.stderr
    recipe = yaml.safe_load((tmp_path / "heard" / "recipe.yaml").read_text())
    assert {name: part["modality"] for name, part in recipe["inputs"].items()} == {
        "video": "video",
        "audio": "audio",
    }
    assert recipe["task"] == "transcribe"
