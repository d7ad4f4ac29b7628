"""Each task learns on the project's own scenes, to a quality that a broken model cannot reach."""

from __future__ import annotations

import json

import numpy as np
import pytest

import polymodal as pm
from polymodal import scenes
from polymodal.scenes import sequences

SMALL = {"image": {"size": 32}}  # in place of 48: pictures take half the time


def tables(folder, task, num_train, num_val=150):
    paths = scenes.write(folder, task, num_train, num_val, 0)
    return (pm.read(path) for path in paths.values())


def test_classification_needs_the_picture_and_the_voice(tmp_path):
    train, val = tables(tmp_path / "data", "classification", 700)
    ignore = scenes.columns("classification").ignore
    inputs = SMALL | {"audio": {"num_mels": 32}}
    model = pm.Classifier("label", ignore=ignore, inputs=inputs, training={"epochs": 10})
    model.fit(train, val=val, out=tmp_path / "run", baselines=False)
    assert model.metrics["val"]["metrics"]["accuracy"] > 0.5  # one input alone: a quarter


@pytest.mark.slow
def test_chinese_remarks_are_classified(tmp_path):
    train, val = tables(tmp_path / "data", "chinese", 800)
    model = pm.Classifier("label", ignore=["pattern"], training={"epochs": 15})
    model.fit(train, val=val, out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["accuracy"] > 0.85  # the nearest row: 0.73 on test
    said = model.predict([{"text": "我很喜欢红色的星星"}, {"text": "我很讨厌红色的星星"}])
    assert [answer["prediction"] for answer in said] == ["likes", "dislikes"]


@pytest.mark.slow
def test_multilabel_names_what_a_picture_shows(tmp_path):
    train, val = tables(tmp_path / "data", "multilabel", 800)
    model = pm.MultilabelClassifier(
        "labels", ignore=["objects"], inputs=SMALL, training={"epochs": 15}
    )
    model.fit(train, val=val, out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["f1_macro"] > 0.75  # all labels always: 0.67


@pytest.mark.slow
def test_regression_measures_how_much_of_a_picture_is_red(tmp_path):
    train, val = tables(tmp_path / "data", "regression", 3000, 500)
    train, val = (
        table.select([r for r, clue in enumerate(table.values("clue")) if "red" in clue.split()])
        for table in (train, val)
    )
    model = pm.Regressor("share", ignore=["pattern", "clue"], inputs=SMALL, training={"epochs": 20})
    model.fit(train, val=val, out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["r2"] > 0.7  # the mean: 0


def write_sequences(folder, name, count, seed):
    """Frames and words; the label of a step is the shape before it plus the present word."""
    made = sequences.make(count, steps=5, size=16, seed=seed)
    shapes = (made["answers"] - made["words"] - made["previous"]) % 4
    before = np.concatenate([shapes[:, :1], shapes[:, :-1]], axis=1)
    labels = (before + made["words"]) % 4
    path = folder / f"{name}.jsonl"
    with path.open("w") as file:
        for story, step in np.ndindex(labels.shape):
            row = {
                "story": f"{name}{story}",
                "step": step,
                "shape": np.eye(4)[shapes[story, step]].tolist(),
                "word": np.eye(4)[made["words"][story, step]].tolist(),
                "answer": f"a{labels[story, step]}",
            }
            file.write(json.dumps(row) + "\n")
    return pm.read(path)


@pytest.mark.slow
def test_sequence_labelling_remembers_the_step_before(tmp_path):
    train, val = (
        write_sequences(tmp_path, name, count, seed)
        for name, count, seed in (("train", 600, 0), ("val", 60, 1))
    )
    model = pm.SequenceLabeller("answer", group="story", order="step", training={"epochs": 20})
    model.fit(train, val=val, out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["accuracy"] > 0.9  # without the step before: 0.4


@pytest.mark.slow
def test_captions_name_what_lies_in_front(tmp_path):
    parts = []
    for table in tables(tmp_path / "data", "classification", 800):
        shapes = [label.split()[-1] for label in table.values("label")]
        images = [str(table.root / image) for image in table.values("image")]
        parts.append(
            pm.read(
                {
                    "image": images,
                    "captions": [
                        [f"a {shape} lies in front", f"on top there is a {shape}."]
                        for shape in shapes
                    ],
                }
            )
        )
    model = pm.Captioner("captions", inputs=SMALL, training={"epochs": 12})
    model.fit(parts[0], val=parts[1], out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["cider_d"] > 1
    said = model.generate(parts[1], beam=3, num=2)
    right = [
        texts[0].split()[1] in answer["results"][0]["text"]
        for answer, texts in zip(said, parts[1].values("captions"), strict=True)
    ]
    assert np.mean(right) > 0.8  # guessing: a quarter
    assert all(one["results"][0]["score"] >= one["results"][1]["score"] for one in said)


@pytest.mark.slow
def test_transcripts_of_spoken_clues(tmp_path):
    train, val = tables(tmp_path / "data", "classification", 600, 100)
    model = pm.Transcriber(
        "clue", ignore=["image", "label", "voice", "object", "pattern"], training={"epochs": 8}
    )
    model.fit(train, val=val, out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["wer"] < 0.25  # the most frequent clue: above 0.7
