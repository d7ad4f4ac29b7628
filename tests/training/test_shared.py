"""Rows that share a picture: each picture once a batch in training, and the same model in use."""

from __future__ import annotations

import numpy as np
from PIL import Image

import polymodal as pm
from polymodal.feed.loader import Loader
from polymodal.training.preparing import prepared

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def write(folder, name, pictures, seed):
    """Two questions about each picture, and one row without one; the answer needs both."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(pictures):
        colour = list(COLOURS)[number % 3]
        pixels = np.clip(rng.normal(COLOURS[colour], 20, (8, 8, 3)), 0, 255).astype("uint8")
        path = f"{name}-{number}.png"
        Image.fromarray(pixels).save(folder / path)
        for asked in rng.permutation(list(COLOURS))[:2]:
            rows.append(
                {
                    "picture": path,
                    "question": f"is it {asked}",
                    "answer": "yes" if asked == colour else "no",
                }
            )
    rows.append({"picture": None, "question": "is it red", "answer": "no"})
    return pm.read(rows, media_root=folder)


def test_a_model_learns_from_rows_that_share_pictures(tmp_path, monkeypatch):
    plans = []

    class Spy(Loader):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            plans.append(self.plan)

    monkeypatch.setattr(prepared, "Loader", Spy)
    train, val = write(tmp_path, "train", 150, 0), write(tmp_path, "val", 40, 1)
    model = pm.Classifier(
        "answer",
        dim=32,
        dropout=0.0,
        training={"epochs": 5, "rows_per_item": 2, "batch_size": 16, "learning_rate": 0.004},
        objectives={"single_modality": {"weight": 0.0}},
    )
    model.fit(train, val=val, out=tmp_path / "run")
    assert model.metrics["val"]["metrics"]["accuracy"] > 0.9  # "no" is right in two of three
    assert [plan.num_items for plan in plans] == [8]  # for 16 rows
    said = model.predict(
        [
            {"picture": str(tmp_path / "val-0.png"), "question": "is it red"},
            {"picture": str(tmp_path / "val-0.png"), "question": "is it blue"},
        ]
    )
    assert [answer["prediction"] for answer in said] == ["yes", "no"]
