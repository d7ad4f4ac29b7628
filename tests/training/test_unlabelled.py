"""Rows without a target: trained on where an objective needs none, never scored."""

from __future__ import annotations

import json

import numpy as np
import pytest

import polymodal as pm
from polymodal.core.errors import DataError
from polymodal.profile.profile import profile
from polymodal.training.preparing.unlabelled import moved_to_train

pytestmark = pytest.mark.engine

QUICK = {
    "epochs": 2,
    "augment": False,
    "jit": False,
    "precision": "float32",
    "batch_size": 16,
    "early_stopping": False,
}
CONTRAST = {"contrastive": {"dim": 8}}


def rows_of(count=60, labelled=20):
    """Two vectors of one class, whose name only the first rows have."""
    rng, rows = np.random.default_rng(0), []
    for number in range(count):
        kind = number % 2
        one, other = (rng.normal(2 * kind - 1, 1, 4).round(3).tolist() for _ in "ab")
        rows.append(
            {"one": one, "other": other, "label": "ab"[kind] if number < labelled else None}
        )
    return rows


def fit(rows, out, **given):
    model = pm.Classifier("label", dim=8, training=QUICK, **given)
    return model.fit(pm.read(rows), val=pm.read(rows_of(20)), out=out)


def test_they_are_trained_on_and_told_of(tmp_path, capsys):
    model = fit(rows_of(), tmp_path / "run", objectives=CONTRAST)
    told = capsys.readouterr().err
    assert (
        "40 rows without a target and 20 with one are trained on: contrastive needs none." in told
    )
    history = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").open()]
    assert all(np.isfinite(epoch["objectives"]["contrastive"]) for epoch in history)
    assert model.metrics["val"]["rows"]["used"] == 20


def test_a_single_input_is_compared_on_rows_with_a_target(tmp_path):
    model = pm.Classifier("label", dim=8, training=QUICK, objectives=CONTRAST)
    model.fit(pm.read(rows_of()), val=pm.read(rows_of(20)), out=tmp_path / "run", baselines=True)
    assert model.metrics["val"]["rows"]["used"] == 20


def test_a_table_without_any_target_is_refused(tmp_path):
    with pytest.raises(DataError, match="empty in every row"):
        fit(rows_of(labelled=0), tmp_path / "run", objectives=CONTRAST)


def test_rows_held_out_all_have_a_target():
    rows = rows_of()
    whole = profile(pm.read(rows))
    halves = {"train": whole.part(np.arange(0, 60, 2)), "val": whole.part(np.arange(1, 60, 2))}
    found = moved_to_train(whole, halves, "label")
    assert found["val"].table.row_ids.tolist() == [*range(1, 20, 2)]
    assert found["train"].table.row_ids.tolist() == [*range(0, 20, 2), *range(20, 60)]
