"""Adapters, few bits and rates by block: what they make of a model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from polymodal.bundle.names import weight_names
from polymodal.core.errors import RecipeError
from polymodal.encoders.efficientnet_lite import EfficientnetLite
from polymodal.recipe import assemble
from polymodal.recipe.adapting import left_out, merge, merged_words
from polymodal.recipe.freezing import settle_freezing
from polymodal.recipe.recipe import from_dict
from polymodal.recipe.starts import scales
from polymodal.recipe.written.given import override, with_pretrained

SMALL = {"num_layers": 2, "num_heads": 2, "tokenizer": "word", "min_count": 1}


def recipe(words, **settings):
    return from_dict(
        {
            "target": "y",
            "dim": 8,
            "inputs": {"a": {"modality": "text", "encoder": words, **settings}},
        }
    )


def model_of(made):
    items, target = assemble.build_inputs(made), assemble.build_target(made)
    items[0].modality.fit(["a red dog", "a cat"])
    target.fit(["x", "y"])
    return assemble.build_model(made, items, target)[0]


def adapted(words, **settings):
    return model_of(recipe({"name": "transformer", **words}, **SMALL, **settings))


def trained(model):
    return {
        name
        for name, v in weight_names(model).items()
        if v.trainable and name.startswith("encoders.a")
    }


def test_only_adapters_are_trained():
    found = trained(adapted({"lora": 2}))
    assert len(found) == 2 * 2 * 6  # blocks, matrices of an adapter, linear maps of a block
    assert all(".adapter." in name for name in found)


def test_targets_name_the_maps_that_are_adapted():
    found = trained(adapted({"lora": {"rank": 2, "targets": ["query", "blocks.1.feedforward"]}}))
    assert {name.partition(".adapter.")[0] for name in found} == {
        f"encoders.a.{path}"
        for path in (
            "blocks.0.attention.query",
            "blocks.1.attention.query",
            "blocks.1.feedforward.widen",
            "blocks.1.feedforward.narrow",
        )
    }


def test_merging_leaves_the_answers_as_they_are():
    made = recipe({"name": "transformer", "lora": 2}, **SMALL)
    model = model_of(made)
    rng = np.random.default_rng(0)
    for name, variable in weight_names(model).items():
        if ".adapter." in name:
            variable.assign(rng.normal(0, 0.3, variable.shape))
    ids = {"input_0": np.array([[2, 3, 4, 5]], np.int32), "input_0_mask": np.ones((1, 4), bool)}
    before = np.asarray(model.predict(ids, verbose=0))
    merge(model, made)
    assert not np.asarray(model.encoders["a"].blocks[0].attention.query.adapter.product()).any()
    np.testing.assert_allclose(np.asarray(model.predict(ids, verbose=0)), before, atol=1e-5)


def test_a_bundle_leaves_out_what_is_merged_or_named():
    names = dict.fromkeys(("encoders.a.x.kernel", "encoders.a.x.adapter.up", "head.kernel"))
    without = lambda **words: left_out(recipe({"name": "transformer", **words}, **SMALL), names)
    assert without(lora=2) == {"encoders.a.x.adapter.up"}
    assert without(lora=2, bits=8) == set()
    named = {"copy_weights": False, "from": "x"}
    assert without(lora=2, **named) == {"encoders.a.x.kernel"}
    made = recipe({"name": "transformer", "lora": 2, "from": "x"}, **SMALL)
    words = merged_words(made, made.to_dict())["inputs"]["a"]["encoder"]
    assert words == {"name": "transformer", "from": "x"}
    assert made.inputs["a"]["encoder"]["lora"] == 2


def test_rates_fall_with_the_distance_from_the_top():
    made = recipe({"name": "transformer", "layer_decay": 0.5, "learning_rate_scale": 2}, **SMALL)
    assert scales(made, model_of(made)) == {
        "encoders.a": 0.5,
        "encoders.a.blocks.0": 1.0,
        "encoders.a.blocks.1": 2.0,
        "encoders.a.norm": 2.0,
    }


def test_rates_fall_along_the_convolutions_of_efficientnet():
    words = {"name": "efficientnet_lite", "layer_decay": 0.5}
    made = from_dict(
        {"target": "y", "inputs": {"a": {"modality": "image", "encoder": words, "size": 32}}}
    )
    model = SimpleNamespace(encoders={"a": EfficientnetLite()})
    found = scales(made, model)
    assert found["encoders.a"] == 0.5**16
    assert found["encoders.a.blocks.0"] == 0.5**15
    assert found["encoders.a.blocks.15"] == found["encoders.a.top"] == 1.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"lora": 8, "freeze": True}, "Leave one of them out"),
        ({"bits": 8}, "needs weights that are not trained"),
        ({"bits": 5, "freeze": True}, "needs 8 or 4"),
        ({"lora": {"dropout": 1.0}}, "needs a rank from 1"),
        ({"layer_decay": 1.5}, "layer_decay needs a number above 0"),
        ({"lora": {"rnk": 4}}, "rank"),
        ({"copy_weights": False, "freeze": True}, "needs weights that have a place of their own"),
    ],
)
def test_words_that_cannot_be_are_refused(words, message):
    with pytest.raises(RecipeError, match=message):
        recipe({"name": "transformer", **words}, **SMALL)


def test_a_part_that_cannot_be_adapted_is_refused():
    with pytest.raises(RecipeError, match=r"targets needs names of linear maps: .*query"):
        adapted({"lora": {"targets": ["quary"]}})
    with pytest.raises(RecipeError, match="has no linear maps"):
        model_of(recipe({"name": "bag", "lora": 2}, tokenizer="word"))
    made = recipe({"name": "rnn", "layer_decay": 0.5}, tokenizer="word")
    with pytest.raises(RecipeError, match="layer_decay needs a part of blocks"):
        scales(made, model_of(made))


@pytest.mark.parametrize(
    ("rows", "words", "reason"),
    [
        (4_999, {"freeze": True}, "stays frozen, because 4,999 rows are fewer than 5,000"),
        (5_000, {"freeze": False, "lora": 8}, "adapters of rank 8 are trained"),
    ],
)
def test_few_rows_keep_an_imported_encoder_frozen(rows, words, reason):
    given = with_pretrained({}, ["a=models/minilm"])["inputs"]["a"]
    config = {"modality": "text", "encoder": {**given["encoder"], "name": "text_transformer"}}
    found, reasons = settle_freezing({"a": config}, rows)
    assert words.items() <= found["a"]["encoder"].items()
    assert reason in reasons[0]


@pytest.mark.parametrize("rows", [100, 5_000])
def test_an_encoder_of_convolutions_stays_frozen_and_may_be_trained(rows):
    given = with_pretrained({}, ["a=models/lite0"])["inputs"]["a"]
    config = {"modality": "image", "encoder": {**given["encoder"], "name": "efficientnet_lite"}}
    found, reasons = settle_freezing({"a": config}, rows)
    assert found["a"]["encoder"]["freeze"] is True
    assert "--set inputs.a.freeze=false" in reasons[0]
    assert "lora" not in reasons[0]


def test_numbers_of_frozen_vectors_are_dropped_for_few_rows_where_nobody_said():
    config = {
        "modality": "text",
        "encoder": {"name": "text_transformer", "from": "models/minilm", "freeze": True},
    }

    def rate(num_rows, **words):
        given = {**config, "encoder": {**config["encoder"], **words}}
        return settle_freezing({"a": given}, num_rows)[0]["a"]["encoder"].get("output_dropout")

    assert (rate(4_999), rate(5_000), rate(10, output_dropout=0.1)) == (0.8, None, 0.1)
    with pytest.raises(RecipeError, match="output_dropout needs an encoder with a width of its"):
        model_of(recipe({"name": "transformer", "output_dropout": 0.5}, **SMALL))
    with pytest.raises(RecipeError, match="output_dropout needs 0 <= rate < 1"):
        recipe({"name": "transformer", "output_dropout": 1.5}, **SMALL)


def test_numbers_of_ready_vectors_are_dropped_where_they_are_wide_and_rows_few():
    def rate(num_rows, dim=384, drops=True, encoder="mlp"):
        given = {"modality": "vector", "dim": dim, "encoder": encoder}
        found = settle_freezing({"a": given}, num_rows, drops)[0]["a"]["encoder"]
        return found["input_dropout"] if isinstance(found, dict) else None

    assert (rate(4_999), rate(5_000), rate(100, dim=12)) == (0.8, None, None)
    assert rate(100, drops=False) is None  # steps of a sequence are many
    assert rate(100, encoder={"name": "mlp", "input_dropout": 0.1}) == 0.1


def test_settings_of_adapters_are_set_one_by_one():
    for settings in (
        ["inputs.a.b.lora.rank=4", "inputs.a.b.lora.dropout=0.1"],
        ["inputs.a.b.lora={rank: 4, dropout: 0.1}"],
    ):
        given = override(with_pretrained({}, ["a.b=models/minilm"]), settings)
        found, _ = settle_freezing({"a": {"modality": "text", **given["inputs"]["a.b"]}}, 100)
        assert found["a"]["encoder"]["lora"] == {"rank": 4, "dropout": 0.1}
        assert found["a"]["encoder"]["freeze"] is False
