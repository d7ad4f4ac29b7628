"""Training makes up for rare classes, whichever method is asked for, and resumes to the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

import polymodal as pm
from polymodal.core.contracts.named_task import task_named
from polymodal.core.disk.files import sha256
from polymodal.core.errors import RecipeError
from polymodal.training.imbalance.settings import imbalance_of
from polymodal.training.imbalance.weights import chances_of, check_decision, frequencies

TRAINING = {
    "epochs": 4,
    "learning_rate": 0.03,
    "batch_size": 16,
    "jit": False,
    "precision": "float32",
    "early_stopping": False,
}


def rows(count, seed=0, kind="label"):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        rare = rng.random() < 0.1
        size = float(rng.normal(2.5 if rare else 0.0))
        one = {"size": None if rng.random() < 0.1 else size, "word": rng.choice(["wet", "dry"])}
        if kind == "labels":
            said = ["usual"] * (rng.random() < 0.6) + ["rare"] * rare
            one["label"] = said
        else:
            one["label"] = "rare" if rare else "usual"
        found.append(one)
    return found


def trained(folder, method, kind="label", on_epoch=None, **more):
    """Returns the trained model of a skewed table of numbers and words."""
    maker = pm.Classifier if kind == "label" else pm.MultilabelClassifier
    settings = {**TRAINING, "imbalance": method, **more}
    model = maker(
        "label",
        dim=8,
        training=settings,
        inputs={"size": {"modality": "tabular", "columns": ["size"]}},
    )
    model.fit(
        pm.read(rows(160, kind=kind)),
        val=pm.read(rows(80, 1, kind)),
        out=folder,
        baselines=False,
        on_epoch=on_epoch,
    )
    return model


class Stop(Exception):
    """Raised to end a run as a failure would."""


def stop_after_2(entry):
    if entry["epoch"] == 2:
        raise Stop


@pytest.mark.engine
@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("balanced_sampling", "label"),
        ("effective_number", "labels"),
        ("logit_adjustment", "label"),
        ("focal", "labels"),
    ],
)
def test_a_method_finds_the_rare_class_and_states_probabilities_of_the_table(
    tmp_path, method, kind
):
    predictor = trained(tmp_path / method, method, kind)._predictor
    said = predictor.predict(pm.read(rows(200, 2, kind)), scored=True)
    rare = said.labels.index("rare")
    truth, answers = np.asarray(said.targets), said.answers
    if kind == "label":
        hit = answers[truth == rare] == rare
    else:
        hit = answers[truth[:, rare].astype(bool)][:, rare]
    stated = said.outputs[:, rare].mean()
    assert np.isfinite(said.outputs).all()
    assert stated < 0.3  # 0.1 of the rows are of that class
    if method != "focal":
        assert hit.mean() > 0.4
        assert predictor.decision.kind in ("training", "logit_adjustment", "thresholds")


@pytest.mark.engine
def test_a_run_with_balanced_sampling_resumes_to_the_same_weights(tmp_path):
    whole = trained(tmp_path / "whole", "balanced_sampling")

    with pytest.raises(Stop):
        trained(tmp_path / "cut", "balanced_sampling", on_epoch=stop_after_2, checkpoint_steps=2)
    trained(tmp_path / "cut", "balanced_sampling", checkpoint_steps=2)
    assert sha256(tmp_path / "cut" / "weights.safetensors") == sha256(
        tmp_path / "whole" / "weights.safetensors"
    )
    loaded = pm.load(tmp_path / "whole")
    test = pm.read(rows(60, 2))
    np.testing.assert_array_equal(
        loaded._predictor.predict(test).answers, whole._predictor.predict(test).answers
    )
    state = json.loads((tmp_path / "whole" / "answers.json").read_text())
    assert state["prior"][0] > state["prior"][1]


def test_a_setting_that_is_none_names_the_nearest():
    with pytest.raises(RecipeError, match=r'No method named "foca"\. .*Did you mean "focal"'):
        imbalance_of("foca")
    with pytest.raises(RecipeError, match="gamma needs a number above 0"):
        imbalance_of({"method": "focal", "gamma": 0})
    with pytest.raises(RecipeError, match="beta needs 0 < beta < 1"):
        imbalance_of({"method": "effective_number", "beta": 1.0})
    with pytest.raises(RecipeError, match='No setting named "gama"'):
        imbalance_of({"method": "focal", "gama": 1.0})


@pytest.mark.engine
def test_a_task_without_classes_refuses(tmp_path):
    table = pm.read([{"size": 0.3 * i, "price": 1.5 * i} for i in range(40)])
    with pytest.raises(
        RecipeError,
        match=r"focal needs a task whose answers are classes\. Got "
        r"task: regression",
    ):
        pm.Regressor("price", training={**TRAINING, "imbalance": "focal"}).fit(
            table, out=tmp_path / "run"
        )


def test_ways_to_choose_answers_that_a_run_cannot_have_are_refused():
    classes, numbers = task_named("classification"), task_named("regression")
    check_decision(classes, False, "logit_adjustment", False)
    with pytest.raises(RecipeError, match="thresholds needs validation rows"):
        check_decision(classes, False, "thresholds", False)
    with pytest.raises(RecipeError, match="logit_adjustment needs a task whose answers"):
        check_decision(numbers, False, "logit_adjustment", True)


def test_rows_without_a_target_come_as_often_as_on_average():
    found = chances_of(np.array([1.0, 3.0]), np.array([4, 7]), np.array([4, 5, 7, 7]))
    assert found.tolist() == [1.0, 2.0, 3.0, 3.0]


def test_shares_of_classes_are_never_0():
    assert frequencies(np.array([0, 0, 1, -1]), 3).min() > 0
    assert frequencies(np.array([[True, False]] * 4), 2).tolist() == [0.875, 0.125]
