"""Small models that judge each row by all others."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polymodal.questions.inspection.deep.kernel import held_out, kernel
from polymodal.questions.inspection.deep.labels import noise
from polymodal.questions.inspection.deep.pairs import better, fit, wrong_chance
from polymodal.questions.inspection.run import inspect


def test_a_held_out_prediction_is_that_of_a_model_without_the_row():
    rng = np.random.default_rng(0)
    block, targets = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    alike = kernel([block]).astype(float)
    found = held_out(alike, targets, ridge=0.3)
    rest = np.arange(30) != 7
    weights = np.linalg.solve(alike[np.ix_(rest, rest)] + 0.3 * np.eye(29), targets[rest])
    assert found[7] == pytest.approx(alike[7, rest] @ weights, abs=1e-6)


def test_wrong_labels_are_found_and_right_ones_are_left():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 400)
    block = rng.normal(size=(400, 4)) * 0.45 + 2 * np.eye(4)[labels]
    planted = rng.choice(400, 40, replace=False)
    given = labels.copy()
    given[planted] = (given[planted] + rng.integers(1, 4, 40)) % 4
    wrong, guess, *_ = noise(kernel([block]), given)
    assert (wrong[planted] > 0.5).mean() > 0.8
    assert np.delete(wrong > 0.5, planted).mean() < 0.01
    assert (guess[planted] == labels[planted]).mean() > 0.9


def test_nothing_is_said_where_inputs_tell_nothing():
    rng = np.random.default_rng(2)
    assert noise(kernel([rng.normal(size=(200, 4))]), rng.integers(0, 4, 200)) is None


def test_the_share_of_wrong_pairs_follows_from_ranks():
    rng = np.random.default_rng(3)
    ranks = np.concatenate([rng.beta(1, 80, 950), rng.uniform(size=50)])
    chance = wrong_chance(ranks, rng.uniform(size=20_000))
    assert (chance[950:] > 0.5).mean() > 0.8
    assert (chance[:950] > 0.5).mean() < 0.01


def test_partners_that_fit_better_are_counted():
    rng = np.random.default_rng(5)
    targets = rng.normal(size=(100, 4))
    guess = targets + 0.3 * rng.normal(size=(100, 4))
    guess[7] = -targets[7]
    ranks = np.diag(better(fit(guess, targets)))
    assert ranks[7] > 0.5
    assert np.delete(ranks, 7).max() < 0.2


def test_an_image_with_the_text_of_another_is_a_wrong_pair(tmp_path):
    rng = np.random.default_rng(4)
    colours = {
        "red": (210, 40, 40),
        "green": (40, 190, 60),
        "blue": (40, 60, 210),
        "grey": (120, 120, 120),
    }
    names, texts = [], []
    for row in range(160):
        colour = rng.choice(list(colours))
        pixels = np.clip(rng.normal(colours[colour], 25, (24, 24, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{row}.png")
        names.append(f"{row}.png")
        texts.append(f"this is a {colour} card with number {rng.integers(9)} on it")
    for row in (5, 50, 90):
        texts[row] = (
            texts[row].replace("red", "blue").replace("green", "red")
            if "blue" not in texts[row]
            else texts[row].replace("blue", "green")
        )
    texts[50] = texts[50].replace("grey", "green")
    found = inspect({"image": names, "text": texts}, deep=True, media_root=tmp_path)
    pairs = [one for one in found.findings if one.kind == "wrong pair"]
    assert len(pairs) == 1
    assert pairs[0].columns == ("image", "text")
    assert len(set(pairs[0].rows) & {6, 51, 91}) >= 2
    assert len(pairs[0].rows) <= 4
