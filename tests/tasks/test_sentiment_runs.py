"""Sentiment from the table to the answer: intensity, and conversations whose answer is context."""

import itertools
import json

import numpy as np
import pytest
import soundfile

import polymodal as pm
from polymodal.core.errors import RecipeError
from polymodal.inference.linear.predictor import is_linear

pytestmark = pytest.mark.engine


def talks(count=40, length=6):
    """Returns rows of conversations whose mood is the sum of what was said so far."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(count, length, 3))
    moods = np.round(np.clip(values[..., 0].cumsum(axis=1), -3, 3), 1)
    place = [(talk, turn) for talk in range(count) for turn in range(length)]
    return {
        "dialogue": [talk for talk, _ in place],
        "turn": [turn for _, turn in place],
        "heard": [values[one].tolist() for one in place],
        "mood": [float(moods[one]) for one in place],
    }


def test_a_causal_run_reads_what_came_before_and_nothing_after(tmp_path):
    table = talks()
    model = pm.SentimentAnalyser(
        "mood",
        group="dialogue",
        order="turn",
        task={"name": "sentiment", "context": "causal"},
        dim=16,
        dropout=0.0,
        training={"epochs": 14, "learning_rate": 0.01, "batch_size": 8},
    )
    model.fit(pm.read(table), out=tmp_path / "run", baselines=False)
    found = model.metrics["val"]
    assert found["metrics"]["pearson"] > 0.7
    assert found["metrics"]["accuracy_2_positive"] > 0.75
    assert found["group"] == "dialogue"
    again = pm.load(tmp_path / "run")
    rows = {name: values[:6] for name, values in table.items()}
    before = [one["prediction"] for one in again.predict(pm.read(rows))]
    alone = again.predict([{"heard": rows["heard"][0]}])  # one utterance is a conversation
    assert alone[0]["prediction"] == pytest.approx(before[0], abs=1e-5)
    with pytest.raises(RecipeError, match="explain needs rows from 1 to 6, as table has"):
        model.explain(pm.read(rows), rows=[7])
    why = model.explain(pm.read(rows), rows=[3, 5], against=pm.read(table))
    assert [one.row for one in why.rows] == [1]  # both are in the only conversation
    assert (why.what, why.num_rows, len(why.rows[0].prediction)) == ("sequence", 1, 6)
    nearest = why.rows[0].nearest[0]
    assert nearest["row"] == 1
    assert nearest["label"] == table["mood"][:6]
    rows["heard"] = [*rows["heard"][:5], [9.0, 9.0, 9.0]]
    after = [one["prediction"] for one in again.predict(pm.read(rows))]
    assert after[:5] == pytest.approx(before[:5], abs=1e-5)
    assert after[5] != pytest.approx(before[5], abs=1e-3)


def test_a_row_alone_has_an_intensity_and_speakers_are_held_out(tmp_path, capfd):
    table = talks()
    rows = {
        "speaker": table["dialogue"],
        "heard": table["heard"],
        "mood": [float(np.clip(round(heard[0], 1), -3, 3)) for heard in table["heard"]],
    }
    model = pm.SentimentAnalyser("mood", dim=16, training={"epochs": 4})
    model.fit(pm.read(rows), out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["pearson"] > 0.7
    assert 'the same "speaker" are kept on one side' in capfd.readouterr().err
    assert list(model.recipe.inputs) == ["heard"]
    report = (tmp_path / "run" / "report.html").read_text()
    assert "Acc-2, negative or positive" in report
    assert "guessing" in report


def test_a_simple_model_reads_each_row_of_a_conversation_alone(tmp_path):
    table = talks(count=20)
    table["mood"] = ["bad" if heard[0] < 0 else "good" for heard in table["heard"]]
    settings = {"dim": 8, "training": {"epochs": 1}}
    model = pm.SentimentAnalyser("mood", group="dialogue", order="turn", **settings)
    model.fit(pm.read(table), out=tmp_path / "run", baselines=True, keep="better")
    written = json.loads((tmp_path / "run" / "metrics.json").read_text())
    ((name, found),) = written["simple"]["models"].items()
    assert name.endswith("each row alone")
    assert found["n"] == model.metrics["val"]["rows"]["used"]
    assert found["metrics"]["accuracy"] > 0.85  # the label is in the row; no epoch teaches it
    assert found["difference"]["group"] == "dialogue"
    assert "is kept" in written["keeping"]["sentence"]
    assert is_linear(tmp_path / "run")
    kept = pm.load(tmp_path / "run")
    assert kept.evaluate(pm.read(table))["metrics"]["accuracy"] > 0.85
    said = [one["prediction"] for one in kept.predict(pm.read(table))]
    assert np.mean([a == b for a, b in zip(said, table["mood"], strict=True)]) > 0.85
    assert "each row alone" in (tmp_path / "run" / "report.html").read_text()


def test_recordings_are_read_in_the_context_of_their_conversation(tmp_path):
    rng = np.random.default_rng(0)
    rows = {"call": [], "turn": [], "clip": [], "mood": []}
    for call, turn in itertools.product(range(24), range(4)):
        happy, name = rng.random() < 0.5, f"{call}-{turn}.wav"
        time = np.arange(2400) / 8000
        wave = np.sin(2 * np.pi * (900 if happy else 200) * time) + rng.normal(0, 0.2, 2400)
        soundfile.write(tmp_path / name, 0.3 * wave, 8000)
        told = [call, turn, name if turn != 2 else None, "happy" if happy else "sad"]
        for column, value in zip(rows, told, strict=True):
            rows[column].append(value)
    settings = {"dim": 16, "training": {"epochs": 20, "learning_rate": 0.01}}
    model = pm.SentimentAnalyser("mood", group="call", order="turn", **settings)
    model.fit(pm.read(rows, media_root=tmp_path), out=tmp_path / "run")
    assert model.recipe.inputs["clip"]["modality"] == "sounds"
    found = pm.load(tmp_path / "run").predict(pm.read(rows, media_root=tmp_path))
    right = [one["prediction"] == mood for one, mood in zip(found, rows["mood"], strict=True)]
    assert np.mean([ok for ok, clip in zip(right, rows["clip"], strict=True) if clip]) > 0.9
