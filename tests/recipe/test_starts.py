"""The words that say where a part of a model starts from, and how it is trained."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from polymodal.core.errors import RecipeError
from polymodal.recipe import assemble
from polymodal.recipe.recipe import from_dict
from polymodal.recipe.starts import scales, starts_of


def recipe(encoder, **values):
    return from_dict(
        {
            "target": "y",
            "dim": 8,
            "inputs": {
                "a": {"modality": "vector", "encoder": encoder},
                "b": {"modality": "vector"},
            },
            **values,
        }
    )


def model_of(made):
    items, target = assemble.build_inputs(made), assemble.build_target(made)
    for item in items:
        item.modality.fit([np.zeros(3, np.float32)])
    target.fit(["x", "y"])
    return assemble.build_model(made, items, target)[0]


def test_an_encoder_may_be_a_mapping_with_its_settings():
    made = recipe({"name": "mlp", "hidden": 4, "freeze": True})
    assert made.inputs["a"] == {
        "modality": "vector",
        "encoder": {"name": "mlp", "freeze": True},
        "hidden": 4,
    }
    assert recipe({"name": "mlp", "hidden": 4}).inputs["a"]["encoder"] == "mlp"
    assert recipe({"freeze": True}).inputs["a"]["encoder"] == {"name": "mlp", "freeze": True}


def test_the_words_survive_yaml():
    made = recipe(
        {"freeze": ["hidden"], "learning_rate_scale": {"project": 0.1}},
        fusion={"name": "gated", "learning_rate_scale": 0.5},
    )
    assert from_dict(yaml.safe_load(made.to_yaml())).to_dict() == made.to_dict()


def test_a_frozen_part_has_no_trainable_weights():
    model = model_of(recipe({"freeze": True}, fusion={"name": "concat", "freeze": True}))
    assert not model.encoders["a"].trainable_variables
    assert not model.fusion.trainable_variables
    assert model.encoders["b"].trainable_variables
    assert model.head.trainable_variables


def test_paths_freeze_what_is_inside():
    model = model_of(recipe({"freeze": ["hidden.0"]}))
    assert not model.encoders["a"].hidden[0].trainable_variables
    assert model.encoders["a"].project.trainable_variables


def test_groups_of_the_learning_rate_are_named_by_path():
    made = recipe(
        {"learning_rate_scale": {"project": 0.1, "hidden": 1.0}},
        task={"name": "classification", "learning_rate_scale": 2},
    )
    assert scales(made, None) == {"encoders.a.project": 0.1, "head": 2.0}
    assert [start.name for start in starts_of(made)] == ["encoders.a", "head"]


def test_an_input_alone_keeps_its_start_and_the_parts_behind_it_start_anew():
    made = recipe({"freeze": True}, fusion={"name": "concat", "from": "runs/x", "freeze": True})
    assert made.only("a").fusion == {"name": "concat"}
    assert made.only("a").inputs["a"]["encoder"]["freeze"] is True


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ({"freeze": 3}, r"inputs\.a\.encoder\.freeze needs true or false or a list"),
        ({"from": 3}, r"inputs\.a\.encoder\.from needs a text"),
        ({"from": "a", "weights": "b"}, "needs from or weights. Got both"),
        ({"learning_rate_scale": 0}, r"learning_rate_scale needs a number above 0\. Got 0"),
        (
            {"learning_rate_scale": {"hidden": "much"}},
            r"learning_rate_scale\.hidden needs a number",
        ),
    ],
)
def test_values_that_cannot_be_are_refused(encoder, message):
    with pytest.raises(RecipeError, match=message):
        recipe(encoder)


def test_a_path_that_leads_nowhere_is_refused():
    with pytest.raises(RecipeError, match=r'Got "hidden\.7", and nothing is called "7"'):
        model_of(recipe({"freeze": ["hidden.7"]}))
