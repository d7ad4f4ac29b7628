"""A linear model's bundle gives the numbers of scikit-learn's pipeline, and refuses damage."""

import json

import numpy as np
import pytest

from polymodal.bundle import weights
from polymodal.bundle.write import seal, write
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import BundleError
from polymodal.inference.linear.predictor import is_linear, load_linear
from polymodal.profile.profile import profile
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read
from polymodal.training.preparing.prepare import prepare
from polymodal.training.simple import simple_models

WORDS = ["one", "two", "three", "four", "good", "bad", "so"]


def rows(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kind = int(rng.integers(3))
        note = " ".join([*rng.choice(WORDS, 4).tolist(), ["yes", "no", "maybe"][kind]])
        yield {
            "note": note,
            "size": float(rng.normal(kind)),
            "kind": "abc"[kind],
            "amount": 5.0 * kind + float(rng.normal()),
        }


def linear(target, inputs, folder):
    tables = {name: read(list(rows(150, seed))) for seed, name in enumerate(("train", "test"))}
    facts = {name: profile(table) for name, table in tables.items()}
    unused = [c for c in ("note", "size", "kind", "amount") if c not in (*inputs, target)]
    recipe = from_dict(infer(facts["train"], {"target": target}, unused).values)
    prepared = prepare(recipe, facts)
    labels = list(prepared.target.labels)
    shape = (150, len(labels)) if labels else (150,)
    shown = Predictions(
        prepared.task,
        labels,
        np.arange(150),
        np.zeros(shape),
        np.zeros(150, int),
        np.ones(150, bool),
        list(inputs),
        np.ones((150, len(inputs)), bool),
    )
    found = simple_models(prepared, {"test": shown})[0]
    write(folder, found.answers.spec(), found.answers.arrays(), found.answers.states())
    return found, tables, prepared


def test_a_loaded_bundle_gives_what_scikit_learn_gives(tmp_path):
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    found, tables, _ = linear("kind", ["note"], tmp_path)
    again = load_linear(tmp_path).predict(tables["test"], scored=True)
    np.testing.assert_allclose(again.outputs, found.predictions.outputs, atol=1e-7)
    kinds = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
    ]
    train, test = (list(tables[name].values("note")) for name in ("train", "test"))
    features = hstack([kind.fit_transform(train) for kind in kinds]).toarray()
    new = hstack([kind.transform(test) for kind in kinds]).toarray()
    each = [
        LogisticRegression(C=strength, max_iter=300, tol=1e-3)
        .fit(features, list(tables["train"].values("kind")))
        .predict_proba(new)
        for strength in (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)
    ]
    assert min(np.abs(one - again.outputs).max() for one in each) < 1e-6


def test_numbers_are_those_of_ridge_regression_on_standardised_columns(tmp_path):
    from sklearn.linear_model import Ridge

    _, tables, _ = linear("amount", ["size"], tmp_path)
    again = load_linear(tmp_path).predict(tables["test"], scored=True)
    train, test = (
        np.array([list(tables[name].values("size"))], float).T for name in ("train", "test")
    )
    mean, std = train.mean(), train.std()
    targets = np.array(list(tables["train"].values("amount")), float)
    each = [
        Ridge(alpha=alpha).fit((train - mean) / std, targets).predict((test - mean) / std)
        for alpha in (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
    ]
    assert min(np.abs(one - again.outputs).max() for one in each) < 1e-4


def test_a_missing_input_adds_nothing_that_train_did_not_show(tmp_path):
    linear("kind", ["note", "size"], tmp_path)
    answers = load_linear(tmp_path)
    both = answers.predict([{"note": "one yes", "size": None}])
    assert both.present.tolist() == [[True, False]] or both.present.tolist() == [[False, True]]
    assert both.outputs[0].argmax() == 0


@pytest.mark.parametrize("damage", ["shape", "infinite", "absent", "modality"])
def test_a_damaged_bundle_is_refused(tmp_path, damage):
    linear("kind", ["note"], tmp_path)
    assert is_linear(tmp_path)
    path = tmp_path / "weights.safetensors"
    arrays = weights.load(path)
    if damage == "shape":
        arrays["bias"] = arrays["bias"][1:]
    elif damage == "infinite":
        arrays["inputs.input_0.idf"] = arrays["inputs.input_0.idf"] * np.nan
    elif damage == "absent":
        del arrays["inputs.input_0.weight"]
    else:
        spec = json.loads((tmp_path / "model.json").read_text())
        spec["linear"]["inputs"]["input_0"]["modality"] = "audio"
        (tmp_path / "model.json").write_text(json.dumps(spec))
    weights.save(path, arrays)
    seal(tmp_path)
    with pytest.raises(BundleError):
        load_linear(tmp_path)
