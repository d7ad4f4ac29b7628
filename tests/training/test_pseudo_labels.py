"""Pseudo-labels: from which confidence on, how many are wrong, and which rows get one."""

from __future__ import annotations

import json

import numpy as np
import pytest

import polymodal as pm
from polymodal.core.errors import RecipeError
from polymodal.training.preparing.pseudo_labels import choose_confidence, rows_needed

pytestmark = pytest.mark.engine

QUICK = {
    "epochs": 12,
    "augment": False,
    "jit": False,
    "precision": "float32",
    "batch_size": 8,
    "early_stopping": False,
    "pseudo_labels": 0.9,
}


def rows_of(count, seed, labelled=None):
    rng, rows = np.random.default_rng(seed), []
    for number in range(count):
        kind = number % 2
        known = labelled is None or number < labelled
        rows.append(
            {
                "one": rng.normal(4 * kind - 2, 1, 4).round(3).tolist(),
                "label": "ab"[kind] if known else None,
            }
        )
    return rows


def test_the_bound_holds_for_nine_in_ten_tables():
    kept, precision = [], 0.9
    for seed in range(300):
        rng = np.random.default_rng(seed)
        sure, others = rng.uniform(0.5, 1, 120), rng.uniform(0.5, 1, 500)
        found = choose_confidence(sure, rng.uniform(size=120) < sure, others, precision)
        if found.confidence is not None:
            true = (1 + found.confidence) / 2  # mean chance to be right above it
            kept.append(true >= precision - 1e-9)
            assert found.error <= 1 - precision + 1e-9
    assert len(kept) > 20
    assert np.mean(kept) > 0.85


def test_nothing_is_chosen_where_rows_do_not_suffice():
    sure, right = np.ones(rows_needed(0.95) - 1), np.ones(rows_needed(0.95) - 1, bool)
    assert choose_confidence(sure, right, np.ones(9), 0.95).confidence is None
    assert choose_confidence(np.ones(45), np.ones(45, bool), np.ones(9), 0.95).confidence == 1
    assert choose_confidence(np.ones(90), np.zeros(90, bool), np.ones(9), 0.95).confidence is None


def test_rows_without_a_target_are_labelled_and_trained_on(tmp_path, capsys):
    rows = rows_of(80, 0, labelled=20)
    model = pm.Classifier("label", dim=8, training=QUICK)
    model.fit(pm.read(rows), val=pm.read(rows_of(40, 1)), out=tmp_path / "run")
    told = json.loads((tmp_path / "run" / "first" / "pseudo_labels.json").read_text())
    assert told["rows"] == 60
    assert told["labelled"] > 40
    assert told["expected_wrong_at_most"] <= 0.1 * told["labelled"]
    said = " ".join(capsys.readouterr().err.split())
    assert f"Pseudo-labels: {told['labelled']} of 60 rows without a target" in said
    assert model.metrics["val"]["rows"]["used"] == 40
    before = (tmp_path / "run" / "weights.safetensors").read_bytes()
    model.fit(pm.read(rows), val=pm.read(rows_of(40, 1)), out=tmp_path / "run")
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == before


def test_too_few_validation_rows_are_refused_before_training(tmp_path):
    model = pm.Classifier("label", dim=8, training=QUICK | {"pseudo_labels": 0.95})
    with pytest.raises(RecipeError, match=r"at least 45 validation rows with a target\. Got 10\."):
        model.fit(pm.read(rows_of(40, 0, 20)), val=pm.read(rows_of(10, 1)), out=tmp_path / "run")
