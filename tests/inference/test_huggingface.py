"""Encoders written back in the layout they were published in."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

import oracles
import pairs
import polymodal as pm
import wave_oracle
from polymodal.core.errors import BundleError, RecipeError
from polymodal.pretrained.pair import load_pair
from polymodal.tables.table import read
from polymodal.training.run import train


@pytest.fixture
def warnings(caplog):
    """Warnings of the library, which loads a whole checkpoint without any."""
    library = oracles.transformers()
    library.utils.logging.set_verbosity_warning()
    library.utils.logging.enable_propagation()
    caplog.set_level(logging.WARNING)
    return lambda: [r.message for r in caplog.records if r.name.startswith("transformers")]


def reloaded(folder, model):
    return type(model).from_pretrained(folder).eval()


def same_tensors(first, second):
    import torch

    return {
        name
        for name, value in first.state_dict().items()
        if torch.equal(value, second.state_dict()[name])
    }


@pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "vit", "dinov2"])
def test_an_import_is_written_back_as_it_was(kind, tmp_path, warnings):
    if kind in ("vit", "dinov2"):
        model = oracles.image_model(kind)
        source = oracles.save_image_model(model, tmp_path / "source")
    else:
        model = oracles.text_model(kind)
        source = oracles.save(model, tmp_path / "source")
    pm.import_model(source, tmp_path / "ours")
    pm.export(tmp_path / "ours", tmp_path / "hf")
    found = reloaded(tmp_path / "hf", model)
    assert not warnings()
    assert same_tensors(model, found) == set(model.state_dict())
    read_json = lambda folder: json.loads((folder / "config.json").read_text())
    assert read_json(tmp_path / "hf") == read_json(source)


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_a_pair_is_written_back_as_it_was(kind, tmp_path, warnings):
    model = pairs.pair(kind)
    source = pairs.save(model, kind, tmp_path / "source")
    pm.import_model(source, tmp_path / "ours")
    pm.export(tmp_path / "ours", tmp_path / "hf")
    reloaded(source, model)
    before = set(warnings())  # of the ids in the config of a tiny model
    found = reloaded(tmp_path / "hf", model)
    assert set(warnings()) == before
    assert same_tensors(model, found) == set(model.state_dict())


@pytest.mark.parametrize(
    ("kind", "head"), [("wav2vec2", "Model"), ("hubert", "ForCTC"), ("wavlm", "ForXVector")]
)
def test_a_model_that_reads_samples_is_written_back_as_it_was(kind, head, tmp_path, warnings):
    model = wave_oracle.model(kind, head)
    source = wave_oracle.save(model, tmp_path / "source")
    pm.import_model(source, tmp_path / "ours")
    pm.export(tmp_path / "ours", tmp_path / "hf")
    found = reloaded(tmp_path / "hf", model)
    assert not warnings()
    assert same_tensors(model, found) == set(model.state_dict())
    assert (tmp_path / "hf" / "vocab.json").read_text() == (source / "vocab.json").read_text()


def test_a_language_model_is_written_back_as_it_was(tmp_path, warnings):
    model = oracles.language_model("llama")
    pm.import_model(oracles.save_language_model(model, tmp_path / "source"), tmp_path / "ours")
    pm.export(tmp_path / "ours", tmp_path / "hf")
    assert same_tensors(model, reloaded(tmp_path / "hf", model)) == set(model.state_dict())
    assert not warnings()


def test_a_tuned_encoder_gives_the_same_elsewhere(tmp_path, warnings):
    model = oracles.text_model("bert")
    base = tmp_path / "models" / "base"
    pm.import_model(oracles.save(model, tmp_path / "source"), base)
    rng = np.random.default_rng(0)
    rows = read(
        [
            {"text": f"a {word} on the beach {rng.choice(['red', 'blue'])}", "animal": word}
            for word in ["dog", "cat"] * 10
        ]
    )
    run = train(
        {"train": rows},
        {
            "target": "animal",
            "dim": 8,
            "training": {"epochs": 1, "learning_rate": 0.05, "precision": "float32"},
            "inputs": {"text": {"encoder": {"from": str(base), "lora": 2, "bits": 8}}},
        },
        tmp_path / "run",
        baselines=False,
    )
    pm.export(tmp_path / "run", tmp_path / "hf")
    found = reloaded(tmp_path / "hf", model)
    assert not warnings()
    changed = set(model.state_dict()) - same_tensors(model, found)
    assert changed == {
        name
        for name in model.state_dict()
        if name.startswith("encoder.") and name.endswith("weight") and "LayerNorm" not in name
    }
    ids, mask = np.array([[2, 5, 6, 12, 3]], np.int32), np.ones((1, 5), bool)
    ours = run.predictor.model.encoders["text"](ids, mask)[0]
    np.testing.assert_allclose(
        oracles.to_numpy(ours), oracles.hidden_states(found, ids, mask), atol=1e-4
    )
    base.rename(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="needs the imported model that it started from"):
        pm.export(tmp_path / "run", tmp_path / "more")


def test_a_tuned_tower_is_written_back_in_its_pair(tmp_path):
    model = pairs.pair("siglip")
    pm.import_model(pairs.save(model, "siglip", tmp_path / "source"), tmp_path / "base")
    rng = np.random.default_rng(0)
    rows = read(
        [
            {"photo": rng.integers(0, 256, (28, 28, 3)).astype("uint8"), "kind": kind}
            for kind in ["dog", "cat"] * 8
        ]
    )
    run = train(
        {"train": rows},
        {
            "target": "kind",
            "dim": 8,
            "training": {"epochs": 1, "learning_rate": 0.05, "precision": "float32"},
            "inputs": {
                "photo": {"encoder": {"from": str(tmp_path / "base"), "input": "image", "lora": 2}}
            },
        },
        tmp_path / "run",
        baselines=False,
    )
    found = reloaded(pm.export(tmp_path / "run", tmp_path / "hf"), model)
    changed = set(model.state_dict()) - same_tensors(model, found)
    assert changed
    assert all(name.startswith("vision_model.") for name in changed)
    pixels = pairs.images()
    ours = run.predictor.model.encoders["photo"](pixels, np.ones(len(pixels), bool))[0]
    ids, mask = pairs.texts("siglip")
    wanted = pairs.their_logits(found, pixels, ids, mask)
    pair = load_pair(tmp_path / "base")
    texts = oracles.to_numpy(pair.text.encoder(ids, mask)[0])[:, 0]
    near = pair.compare(oracles.to_numpy(ours)[:, 0], texts)
    np.testing.assert_allclose(near, wanted, atol=1e-4)


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r'--to needs huggingface\. Got "onnx"'):
        pm.export("runs/first", tmp_path / "out", "onnx")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecipeError, match="needs a folder that is new or empty"):
        pm.export("runs/first", tmp_path)
