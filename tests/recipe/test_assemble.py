"""Settings of the whole recipe reach its parts, unless a part says its own."""

import keras
import numpy as np
import pytest
import yaml

from polymodal.core.errors import RecipeError
from polymodal.recipe import assemble
from polymodal.recipe.recipe import Recipe, from_dict


def dropouts(**settings):
    """Returns {path: rate} of every dropout in the model of a recipe."""
    inputs = {
        "image": {"modality": "image", "encoder": "convnet", "size": 8, "channels": 1},
        "vector": {"modality": "vector", "encoder": "mlp", **settings.pop("vector", {})},
    }
    recipe = Recipe("label", inputs, fusion="gated", dim=8, **settings)
    assert from_dict(recipe.to_dict()).to_dict() == recipe.to_dict()
    items, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    items[0].modality.fit([np.zeros((8, 8, 1), np.uint8)])
    items[1].modality.fit([np.zeros(3, np.float32)])
    target.fit(["a", "b"])
    model, task = assemble.build_model(recipe, items, target)
    assert task.dropout == (0.1 if recipe.dropout is None else recipe.dropout)
    found = {
        "encoders": [model.encoders["image"], model.encoders["vector"]],
        "fusion": [model.fusion],
        "head": [model.head],
    }
    return {
        name: {
            layer.rate
            for part in parts
            for layer in part._flatten_layers()
            if isinstance(layer, keras.layers.Dropout)
        }
        for name, parts in found.items()
    }


def test_one_dropout_reaches_all_parts():
    assert dropouts(dropout=0.35) == {"encoders": {0.35}, "fusion": {0.35}, "head": {0.35}}
    assert all(0.35 not in rates for rates in dropouts().values())


def test_a_part_keeps_its_own_dropout():
    assert dropouts(dropout=0.0, vector={"dropout": 0.2})["encoders"] == {0.0, 0.2}


def test_a_decoder_may_have_settings():
    recipe = Recipe(
        "text",
        {"vector": {"modality": "vector", "encoder": "mlp"}},
        dim=8,
        task={
            "name": "caption",
            "scheduled_sampling": 0.25,
            "decoder": {"name": "recurrent_attention", "attention": "additive", "num_heads": 2},
        },
    )
    again = from_dict(yaml.safe_load(recipe.to_yaml()))
    assert again.to_dict() == recipe.to_dict()
    items, target = assemble.build_inputs(again), assemble.build_target(again)
    items[0].modality.fit([np.zeros(3, np.float32)])
    target.fit([["a b"]])
    model, task = assemble.build_model(again, items, target)
    assert type(model.head.attention).__name__ == "AdditiveAttention"
    assert model.sampling.share == task.scheduled_sampling == 0.25


def test_a_dropout_out_of_range_is_refused():
    with pytest.raises(RecipeError, match=r"dropout needs 0 <= dropout < 1\. Got 1\.5"):
        Recipe("label", {"a": {"modality": "vector", "encoder": "mlp"}}, dropout=1.5)


def test_a_model_larger_than_the_memory_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(assemble, "memory_bytes", lambda: 10**6)
    with pytest.raises(
        RecipeError,
        match=r"This model has at least [\d,]+ parameters, which take "
        r"[\d.]+ GB. There are 0.001 GB of memory. Choose a",
    ):
        dropouts(vector={"hidden": 200_000})
    assert dropouts()


def test_an_input_larger_than_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(assemble, "memory_bytes", lambda: 10_000)
    with pytest.raises(RecipeError, match=r"inputs.image has 64 values in a row, of which a first"):
        dropouts()


def test_tokens_of_a_width_of_their_own_are_projected_to_that_of_all():
    recipe = Recipe(
        "label",
        {
            "image": {
                "modality": "image",
                "size": 8,
                "channels": 1,
                "width": 12,
                "num_heads": 2,
                "encoder": {"name": "image_transformer", "freeze": True},
                "num_layers": 1,
                "hidden": 8,
                "patch_size": 4,
            },
            "vector": {"modality": "vector", "encoder": "mlp"},
        },
        dim=8,
    )
    items, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    items[1].modality.fit([np.zeros(3, np.float32)])
    target.fit(["a", "b"])
    model, _ = assemble.build_model(recipe, items, target)
    assert list(model.projections) == ["image"]
    assert [tuple(v.shape) for v in model.projections["image"].trainable_variables] == [
        (12, 8),
        (8,),
    ]
    assert not model.encoders["image"].trainable_variables
