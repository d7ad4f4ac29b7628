"""The gap between train and validation has an interval, and the facts choose what is advised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polymodal.evaluation.overfitting import Facts, gap_json
from stated_answers import predictions

FACTS = Facts(
    rows=400,
    parameters=400_000,
    settings={"average": 0.99},
    augments=True,
    starts_from=False,
    dim=64,
    dropout=None,
    media="photo",
)


def right(share, count=200):
    """Returns predictions of which a share is right."""
    targets = np.arange(count) % 2
    sure = np.arange(count) < share * count
    outputs = np.eye(2)[np.where(sure, targets, 1 - targets)] * 0.8 + 0.1
    return predictions(outputs, targets)


def test_a_wide_gap_is_told_with_its_interval_and_an_option():
    found = gap_json(right(1.0), right(0.8), [], FACTS)
    assert found["difference"] == pytest.approx(0.2)
    low, high = found["interval"]
    assert 0.1 < low < 0.2 < high < 0.3
    assert found["sentence"].startswith(
        "The model answers training rows better than other rows: accuracy 100.0"
    )
    assert "--pretrained photo=FOLDER" in found["advice"]


def test_no_gap_asks_for_nothing():
    found = gap_json(right(0.9), right(0.9), [], FACTS)
    assert found["advice"] == ""
    assert "not answer training rows better than other rows" in found["sentence"]


@pytest.mark.parametrize(
    ("facts", "history", "said"),
    [
        (replace(FACTS, settings={"augment": False}), [], "training.augment=true"),
        (
            replace(FACTS, settings={"early_stopping": False}),
            [{"val_loss": 0.5}, {"val_loss": 0.4}, {"val_loss": 0.9}],
            "rose after epoch 2: stop earlier with --set training.early_stopping=true",
        ),
        (replace(FACTS, media=""), [], "--set dim=32"),
        (replace(FACTS, parameters=10_000, settings={}), [], "--set training.average=0.99"),
        (replace(FACTS, parameters=10_000, dropout=0.2), [], "--set dropout=0.4"),
    ],
)
def test_the_facts_choose_the_option(facts, history, said):
    assert said in gap_json(right(1.0), right(0.7), history, facts)["advice"]
