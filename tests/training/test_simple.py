"""Simple models on simple features learn what is simple, within seconds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.metrics import score
from polymodal.profile.profile import profile
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read
from polymodal.training.preparing.prepare import prepare
from polymodal.training.simple import simple_models


def picture(rng, tall):
    pixels = rng.integers(0, 60, (12, 12)).astype("uint8")
    pixels[(slice(None), 5) if tall else (5, slice(None))] = 255
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "png")
    return held.getvalue()


def rows(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kind = int(rng.integers(2))
        words = rng.choice(["one", "two", "three", "four"], 3).tolist()
        yield {
            "size": float(rng.normal(kind * 4)),
            "picture": picture(rng, kind),
            "note": " ".join([*words, ["bad", "good"][kind]]),
            "kind": "ab"[kind],
            "marks": ["p|q", "q"][kind],
            "amount": float(kind * 10 + rng.normal()),
        }


def simple(target, inputs, **given):
    tables = {name: read(list(rows(120, seed))) for seed, name in enumerate(("train", "test"))}
    facts = {name: profile(table) for name, table in tables.items()}
    unused = [
        c
        for c in ("kind", "marks", "amount", "size", "picture", "note")
        if c not in (*inputs, target)
    ]
    recipe = from_dict(infer(facts["train"], {"target": target, **given}, unused).values)
    prepared = prepare(recipe, facts)
    count, samples = 120, prepared.samples["test"]
    targets = prepared.task.train_targets(
        np.stack([np.asarray(samples.target(row)) for row in range(count)]), prepared.target
    )
    shape = (count, len(prepared.target.labels)) if prepared.target.labels else (count,)
    shown = Predictions(
        prepared.task,
        list(prepared.target.labels),
        np.arange(count),
        np.zeros(shape),
        targets > 0.5 if targets.ndim == 2 else targets,
        np.ones(count, bool),
        list(inputs),
        np.ones((count, len(inputs)), bool),
    )
    return simple_models(prepared, {"test": shown})


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (["note"], "logistic regression on n-grams"),
        (["picture"], "logistic regression on pixels with edges"),
        (["size"], "logistic regression on columns"),
        (
            ["note", "picture", "size"],
            "logistic regression on n-grams, pixels with edges and columns",
        ),
    ],
)
def test_classes_are_learned_from_each_kind_of_input(inputs, said):
    found = simple("kind", inputs)
    assert _words(found[0].name) == _words(said)
    assert score(found[0].predictions)["accuracy"] > 0.93
    boosted = [one for one in found if "boosting" in one.name]
    assert len(boosted) == ("size" in inputs)
    assert all(score(one.predictions)["accuracy"] > 0.9 for one in boosted)


def _words(text):
    return sorted(text.replace(",", "").split())


def test_numbers_and_sets_of_labels_are_learned():
    ridge = simple("amount", ["size", "note"])
    assert ridge[0].name.startswith("ridge regression on ")
    assert all(score(one.predictions)["r2"] > 0.8 for one in ridge)
    labels = simple("marks", ["note"], task="multilabel")
    assert score(labels[0].predictions)["f1_macro"] > 0.93
