"""Training of recognisers from the command line: what can never be learned is named."""

from __future__ import annotations

import csv
import json

import pytest
import soundfile

import whistled
from command_line import in_process as polymodal

SETTINGS = {
    "task": "transcribe",
    "inputs.audio.modality": "audio",
    "training.epochs": 1,
    "inputs.audio.encoder": "conformer",
    "inputs.audio.num_layers": 1,
    "dim": 16,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Whistled words, the third of them beside a text that its sound is too short for."""
    folder = tmp_path_factory.mktemp("transcripts")
    rows = [(word, word) for word in whistled.WORDS] * 2
    rows[2] = ("two", "bookkeepers " * 8)
    for name in ("train", "val"):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["audio", "text", "speaker"])
            for number, (said, written) in enumerate(rows):
                path = folder / f"{name}{number}.wav"
                soundfile.write(path, whistled.whistle(said), whistled.RATE)
                table.writerow([path.name, written, "Ann" if number % 2 else "Bo"])
    return folder


def train(folder, out, *options):
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    return polymodal(
        "train",
        "--data",
        folder / "train.csv",
        "--val",
        folder / "val.csv",
        "--target",
        "text",
        "--out",
        folder / out,
        *settings,
        *options,
        check=False,
    )


def test_a_text_that_is_too_long_for_its_sound_is_named_before_training(folder):
    done = train(folder, "refused")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    problem = next(line for line in done.stderr.splitlines() if "row 3" in line)
    assert problem.strip().startswith(
        'train.csv row 3: column "text" has 95 symbols, which need 119 frames'
    )
    assert 'Input "audio" of 0.34 s gives at most 9' in problem
    assert "choose a smaller hop_seconds, or run with --skip-bad" in problem


def test_it_is_left_out_and_counted_where_bad_rows_may_be(folder):
    done = train(folder, "run", "--skip-bad", "--max-bad-share", 0.1)
    assert done.returncode == 0, done.stderr
    assert "20 rows read, 1 dropped (1 more_symbols_than_frames)" in done.stdout + done.stderr
    assert f"polymodal transcribe {folder / 'run'} talk.wav" in done.stdout
    assert "polymodal predict" not in done.stdout
    found = json.loads((folder / "run" / "metrics.json").read_text())
    assert set(found["splits"]["val"]["slices"]["speaker"]) == {"Ann", "Bo"}
    assert "speaker" in (folder / "run" / "report.html").read_text()


def test_a_recording_that_would_be_cut_is_named_before_training(folder):
    done = train(
        folder,
        "cut",
        "--skip-bad",
        "--max-bad-share",
        0.04,
        "--set",
        "inputs.audio.max_seconds=0.55",
    )
    assert done.returncode == 1
    problem = next(line for line in done.stderr.splitlines() if "row 4" in line)
    assert problem.strip().startswith('train.csv row 4: column "audio"')
    assert (
        "is longer than inputs.audio.max_seconds keeps, and the transcript covers all of it. "
        "Cut both in a pause, choose a larger max_seconds, or run with --skip-bad"
    ) in problem
