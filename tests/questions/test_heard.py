"""Questions that read tables by a recipe hear its texts as training does, here by a run of ours."""

import csv
import shutil

import numpy as np
import pytest
import soundfile

import polymodal as pm
from polymodal.inference.hearing import FOLDER, Hearing
from polymodal.questions.distil.distil import distil
from polymodal.questions.estimate.estimate import estimate
from polymodal.questions.needs import needs as asking
from polymodal.questions.tune.tune import tune
from polymodal.tables.table import read
from polymodal.training.preparing.elsewhere import from_elsewhere
from small_recogniser import write_bundle

ROWS = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of sounds, and the bundle of a run that transcribes."""
    base = tmp_path_factory.mktemp("heard")
    rng = np.random.default_rng(0)
    with (base / "train.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", "mood"])
        for row in range(ROWS):
            tone = np.sin(np.arange(4_000) * (0.2, 1.3)[row % 2])
            soundfile.write(base / f"{row}.wav", 0.3 * tone + rng.normal(0, 0.01, 4_000), 8_000)
            writer.writerow([f"{row}.wav", ("good", "bad")[row % 2]])
    write_bundle(base / "recogniser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYMODAL_CACHE", str(base / "cache"))
        yield base


@pytest.fixture(scope="module")
def given(folder):
    return {
        "inputs": {"text": {"from": str(folder / "recogniser")}},
        "dim": 16,
        "training": {"epochs": 1},
    }


@pytest.fixture(scope="module")
def run(folder, given):
    found = pm.Classifier("mood", **given)
    found.fit(folder / "train.csv", out=folder / "run", baselines=False)
    return found


def test_a_run_of_ours_transcribes_what_is_missing(folder, run, tmp_path, monkeypatch):
    shutil.copytree(folder / "run", tmp_path / "moved")
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "cache"))
    assert run.recipe.inputs["text"]["heard_by"]["column"] == "clip"
    moved = pm.load(tmp_path / "moved")
    filled = Hearing(run.recipe.inputs, tmp_path / "moved")(read([{"clip": str(folder / "1.wav")}]))
    said = filled.cell(0, "text")
    assert said
    by_clip, by_text = moved.predict([{"clip": str(folder / "1.wav")}, {"text": said}])
    assert by_clip["error"] is None
    assert by_clip["probabilities"] == pytest.approx(by_text["probabilities"])


def test_needs_reads_transcripts(folder, given, monkeypatch, tmp_path):
    seen = {}
    proxy = asking.Proxy
    monkeypatch.setattr(
        asking,
        "Proxy",
        lambda task, samples, checked: seen.update(samples) or proxy(task, samples, checked),
    )
    asking.needs(
        folder / "train.csv",
        "mood",
        proxy=True,
        given=given,
        num_seeds=2,
        num_sizes=2,
        runs=tmp_path / "needs",
    )
    (source,) = seen["train"].sources
    assert source.name == "text"
    assert any(seen["train"].decode(source, row) for row in range(ROWS))


def test_tune_searches_with_transcripts_and_its_winner_has_the_recogniser(folder, given, tmp_path):
    found = tune(
        folder / "train.csv", "mood", out=tmp_path / "search", minutes=5, trials=1, given=given
    )
    winner = tmp_path / "search" / "winner"
    assert 0 < found.unseen["rows"] <= ROWS / 5
    assert len(list((winner / FOLDER).iterdir())) == 1
    assert pm.load(winner).predict([{"clip": str(folder / "0.wav")}])[0]["error"] is None


def test_an_estimate_hears_what_the_run_will_hear(folder, given):
    found = estimate(folder / "train.csv", "mood", options={"baselines": False}, **given)
    assert "heard_by" in found.recipe


def test_a_student_hears_by_the_recogniser_of_its_teacher(folder, run, tmp_path):
    shutil.move(folder / "recogniser", folder / "gone")
    try:
        distil(folder / "run", out=tmp_path / "small", sizes=[0.9])
    finally:
        shutil.move(folder / "gone", folder / "recogniser")
    student = pm.load(tmp_path / "small")
    assert student.predict([{"clip": str(folder / "0.wav")}])[0]["error"] is None


def test_what_needs_nothing_from_elsewhere_stays_as_it_is():
    table = read([{"line": "so good", "mood": "good"}, {"line": "so bad", "mood": "bad"}])
    given = {"target": "mood", "inputs": {"line": {"modality": "text"}}}
    assert from_elsewhere(given, {"train": table}) == (given, {"train": table})
