"""A run that transcribes reads with a language model of train's texts, unless val gets worse."""

import json
from dataclasses import replace

import numpy as np
import pytest

import polymodal as pm
import whistled
from polymodal.bundle.read import manifest
from polymodal.bundle.write import LANGUAGE, seal
from polymodal.core.errors import BundleError, RecipeError
from polymodal.inference.predictor import load
from polymodal.model.heads.frames import FrameHead
from polymodal.speech.recognition.transcribe import transcribe
from polymodal.training.preparing.language import choose_language


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whistles")
    model = pm.Transcriber(
        "said",
        dim=32,
        inputs={"audio": whistled.INPUT},
        training={"epochs": 36, "learning_rate": 0.01, "batch_size": 16},
    )
    train, val = (
        whistled.write_table(folder, name, count, seed)
        for seed, (name, count) in enumerate([("train", 96), ("val", 24)])
    )
    model.fit(train, val=val, out=folder / "run")
    return folder


def wer(folder, **choice):
    return load(folder / "run").evaluate(folder / "val.csv", **choice)["metrics"]["wer"]


def test_val_is_read_better_with_it_and_use_reads_as_training_did(folder):
    assert LANGUAGE in manifest(folder / "run")
    said = json.loads((folder / "run" / "metrics.json").read_text())["splits"]["val"]["metrics"]
    assert wer(folder) == pytest.approx(said["wer"], abs=1e-6)
    without = wer(folder, language_model=None)
    assert said["wer"] < without
    report = json.loads((folder / "run" / "evaluation" / "report.json").read_text())
    assert (
        f"wer of val is {said['wer']:.4f} with it and {without:.4f} without"
        in report["summary"][-1]
    )
    (found,) = transcribe(load(folder / "run"), [folder / "val0.flac"])
    assert found.choice["language_model"]["file"] == LANGUAGE
    known = {*whistled.WORDS}
    assert found.text
    assert {*found.text.split()} <= known


def test_voices_are_scored_apart_unasked(folder):
    predictor, table = load(folder / "run"), pm.read(folder / "val.csv")
    table = table.with_column("speaker", [str(1000 + row % 3) for row in range(24)])
    found = predictor.evaluate(table)["slices"]["speaker"]
    assert {name: part["n"] for name, part in found.items()} == {"1000": 8, "1001": 8, "1002": 8}
    asked = predictor.evaluate(table, slice_columns=["said"])["slices"]
    assert "speaker" not in asked
    assert "said" in asked


def test_rows_that_may_have_been_learned_are_scored_apart_unasked(folder):
    predictor, table = load(folder / "run"), pm.read(folder / "val.csv")
    table = table.with_column("part", ["train", "train", "test"] * 8)
    found = predictor.evaluate(table)["slices"]["part"]
    assert {name: part["n"] for name, part in found.items()} == {"train": 16, "test": 8}


def test_one_that_makes_val_worse_is_not_kept(folder, tmp_path):
    predictor = load(folder / "run")
    predictor.language = None
    wrong = [" ".join(word[:-1] for word in whistled.WORDS)] * 500
    _, why = choose_language(predictor, wrong, pm.read(folder / "val.csv"), tmp_path)
    assert predictor.language is None
    assert not (tmp_path / LANGUAGE).exists()
    assert "without an n-gram language model" in why


@pytest.mark.parametrize(("num_wrong", "is_used"), [(1, True), (12, False)])
def test_one_wrong_word_does_not_decide(folder, tmp_path, num_wrong, is_used):
    predictor = load(folder / "run")
    table = pm.read(folder / "val.csv")
    predictor.language = None
    plain = predictor.predict(table, scored=True)
    right = np.array([texts[0] for texts in plain.targets], object)
    wrong = np.where(np.arange(len(right)) < num_wrong, "hum", right)

    def said(table, **choice):
        if predictor.language is None:
            return replace(plain, outputs=right)
        return replace(plain, outputs=wrong)

    predictor.predict = said
    choose_language(predictor, whistled.WORDS, table, tmp_path)
    assert (predictor.language is not None) == is_used


def test_a_run_learns_none_where_it_is_told_to(folder, tmp_path):
    predictor = load(folder / "run")
    predictor.language, predictor.head.language_order = None, 0
    _, why = choose_language(predictor, whistled.WORDS, pm.read(folder / "val.csv"), tmp_path)
    assert (predictor.language, why) == (None, "")
    with pytest.raises(RecipeError, match=r"language_order from 0\. Got -1"):
        FrameHead(5, language_order=-1)


@pytest.mark.parametrize(
    "change", [{"unit": "exec"}, {"ngrams": [["a", "b", 1.0]]}, {"ngrams": []}, {"ngrams": 5}]
)
def test_a_damaged_language_model_is_refused(folder, change):
    path = folder / "run" / LANGUAGE
    kept = path.read_bytes()
    path.write_text(json.dumps(json.loads(kept) | change))
    seal(folder / "run")
    try:
        with pytest.raises(BundleError, match="cannot be used"):
            load(folder / "run")
    finally:
        path.write_bytes(kept)
        seal(folder / "run")
