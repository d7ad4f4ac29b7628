"""The loss of an epoch is that of the answers alone, as validation counts it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import polymodal as pm

STILL = {"epochs": 1, "learning_rate": 1e-9, "modality_dropout": 0.0, "augment": False}


def rows_of_words(count=64):
    rng = np.random.default_rng(0)
    return [
        {
            "said": str(rng.choice(["good", "bad"])),
            "number": float(rng.normal()),
            "label": str(rng.choice(["a", "b", "c"])),
        }
        for _ in range(count)
    ]


def test_what_inputs_answer_alone_is_left_out(tmp_path):
    table = pm.read(rows_of_words())
    model = pm.Classifier(
        "label",
        dim=16,
        dropout=0.0,
        training=STILL,
        objectives={"single_modality": {"weight": 3.0}},
    )
    model.fit(table, val=table, out=tmp_path / "run")
    entry = json.loads((tmp_path / "run" / "history.jsonl").read_text())
    assert entry["loss"] == pytest.approx(entry["val_loss"], rel=0.01)


@pytest.mark.slow
def test_words_that_are_looked_for_are_left_out(tmp_path):
    rng, rows = np.random.default_rng(0), []
    for number in range(32):
        path = f"{number}.png"
        Image.fromarray(rng.integers(0, 255, (16, 16, 3)).astype("uint8")).save(tmp_path / path)
        colour = rng.choice(["red", "green", "blue"])
        rows.append({"image": path, "captions": [f"a {colour} one", f"it is {colour}"]})
    table = pm.read(rows, media_root=tmp_path)
    model = pm.Captioner(
        "captions",
        dim=16,
        dropout=0.0,
        training=STILL,
        objectives={"word_spotting": {"weight": 50.0}},
    )
    model.fit(table, val=table, out=tmp_path / "run")
    entry = json.loads((tmp_path / "run" / "history.jsonl").read_text())
    # Roughly, as the normalisation of the picture's encoder has hardly seen any. All losses
    # together are near 200.
    assert entry["loss"] == pytest.approx(entry["val_loss"], rel=0.4)
