"""A class that still gains, and an input that rows lack, are named only where it is clear."""

import numpy as np

from polymodal.questions.needs.needs import needs
from polymodal.questions.needs.score import Scored
from polymodal.questions.needs.starved import filled, starved


def trainings(rare_gain, seed=0):
    """Two classes; the rare one loses `rare_gain` of its error with the last rows."""
    rng, rows = np.random.default_rng(seed), np.arange(200)
    rare = rows % 5 == 0
    chance = [np.where(rare, 0.2 + rare_gain, 0.2), np.full(200, 0.2)]
    one = lambda p: Scored(0.8, np.zeros(3), rows, (rng.random(200) < p).astype(float), 1.0, 0.5)
    return [[one(chance[0]), one(chance[0]), one(chance[1])] for _ in range(6)], [
        "rare" if r else "usual" for r in rare
    ]


def test_a_class_that_gains_more_than_all_rows_is_named():
    found, values = trainings(0.5)
    said = starved(found, [100, 200, 400], "class", values)
    assert 'class "rare" (40 rows)' in said[0]


def test_classes_that_gain_alike_are_not_named():
    found, values = trainings(0.0)
    assert starved(found, [100, 200, 400], "class", values) == []


def test_a_missing_input_is_compared_with_more_rows():
    said = filled({"sound": (0.3, 0.2)}, 0.02)
    assert "missing in 30%" in said[0]
    assert "0.060, more than twice the rows (0.020)" in said[0]


def test_the_proxy_says_what_filling_an_input_would_bring(tmp_path):
    rng = np.random.default_rng(0)
    word, value = rng.integers(2, size=240), rng.normal(size=240)
    said = [
        f"day {row} and it was {'cold' if w else 'warm'}" if row % 3 else None
        for row, w in enumerate(word)
    ]
    found = needs(
        {"said": said, "value": value.tolist(), "class": np.where(word, "low", "high").tolist()},
        "class",
        proxy=True,
        num_seeds=3,
        num_sizes=5,
        runs=tmp_path,
    )
    assert any(sentence.startswith("said is missing in 33%") for sentence in found.inputs)
