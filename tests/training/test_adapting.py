"""Whole runs with adapters: they are merged or kept apart, and resume to the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from polymodal.core.errors import BundleError, Interrupted
from polymodal.inference.predictor import load
from polymodal.tables.table import read
from polymodal.training.run import train

PLAIN = {
    "epochs": 2,
    "precision": "float32",
    "learning_rate": 0.01,
    "batch_size": 8,
    "early_stopping": False,
}
PART = "encoders.features."


def table(rows=32, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 6)).astype("float32")
    return read({"features": features, "name": np.where(features[:, 0] > 0, "more", "less")})


def run(out, words, on_epoch=None, **training):
    given = {
        "target": "name",
        "dim": 8,
        "training": {**PLAIN, **training},
        "inputs": {"features": {"encoder": words, "num_layers": 2, "hidden": 8}},
    }
    return train(
        {"train": table(), "val": table(10, 1)}, given, out, baselines=False, on_epoch=on_epoch
    )


def answers(predictor):
    return np.stack(list(predictor.predict(table(10, 1), scored=True).outputs))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A finished run in a folder of models."""
    folder = tmp_path_factory.mktemp("models")
    run(folder / "base", "mlp", epochs=1)
    return folder / "base"


def weights(folder):
    return load_file(folder / "weights.safetensors")


def test_a_run_with_adapters_resumes_to_the_same_bytes(base, tmp_path):
    words = {"from": str(base), "lora": {"rank": 2, "dropout": 0.2}}
    whole = run(tmp_path / "whole", words, checkpoint_steps=3)

    def stop(entry):
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        run(tmp_path / "parts", words, on_epoch=stop, checkpoint_steps=3)
    run(tmp_path / "parts", words, checkpoint_steps=3)
    bytes_of = lambda name: (tmp_path / name / "weights.safetensors").read_bytes()
    assert bytes_of("whole") == bytes_of("parts")
    again = run(tmp_path / "parts", words, checkpoint_steps=3)  # finished: nothing is trained
    assert bytes_of("whole") == bytes_of("parts")
    before, after = weights(base), weights(tmp_path / "whole")
    assert not any("adapter" in name for name in after)
    changed = {
        name
        for name, value in before.items()
        if name.startswith(PART) and not np.array_equal(after[name], value)
    }
    assert changed == {name for name in before if name.startswith(PART) and name.endswith("kernel")}
    loaded = load(tmp_path / "whole")
    assert "lora" not in loaded.recipe.inputs["features"]["encoder"]
    for predictor in (whole.predictor, again.predictor):
        np.testing.assert_allclose(answers(predictor), answers(loaded), atol=1e-5)


@pytest.mark.parametrize("bits", [None, 8])
def test_a_bundle_may_name_its_base_by_hash(base, tmp_path, monkeypatch, bits):
    words = {"from": str(base), "lora": 2, "copy_weights": False}
    found = run(tmp_path / "run", words | ({"bits": bits} if bits else {}))
    kept = {name for name in weights(tmp_path / "run") if name.startswith(PART)}
    assert kept
    assert all(".adapter." in name for name in kept)
    monkeypatch.delenv("POLYMODAL_MODELS", raising=False)
    with pytest.raises(BundleError, match=r"that inputs\.features\.encoder starts from.*not set"):
        load(tmp_path / "run")
    monkeypatch.setenv("POLYMODAL_MODELS", str(tmp_path))
    with pytest.raises(BundleError, match="no folder in"):
        load(tmp_path / "run")
    monkeypatch.setenv("POLYMODAL_MODELS", str(base.parent))
    np.testing.assert_allclose(answers(load(tmp_path / "run")), answers(found.predictor), atol=1e-6)


def test_a_bundle_has_weights_in_few_bits(base, tmp_path):
    found = run(tmp_path / "run", {"from": str(base), "freeze": True, "bits": 4}, epochs=1)
    kept = weights(tmp_path / "run")
    assert kept[f"{PART}project.packed.values"].dtype == np.uint8
    assert f"{PART}project.kernel" not in kept
    np.testing.assert_array_equal(answers(load(tmp_path / "run")), answers(found.predictor))
