"""Outputs of frozen encoders are computed once, and training does not run them."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from polymodal.bundle.part import tensors_of
from polymodal.core.errors import Interrupted
from polymodal.encoders.convnet import ConvNet
from polymodal.encoders.rnn import Rnn
from polymodal.feed.loader import Loader
from polymodal.inference.predictor import load
from polymodal.media import cache as caches
from polymodal.tables.table import read
from polymodal.training import job
from polymodal.training.run import train

WORDS = {"red": "warm and bright", "green": "calm", "blue": "cold as the deep sea"}
PLAIN = {
    "epochs": 2,
    "precision": "float32",
    "learning_rate": 0.01,
    "batch_size": 8,
    "early_stopping": False,
}
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def table(rows=24, seed=0):
    """Returns coloured pictures with a text that says as much; every fifth row lacks one."""
    rng, names = np.random.default_rng(seed), [list(COLOURS)[row % 3] for row in range(rows)]
    pixels = [
        np.clip(rng.normal(COLOURS[name], 20, (8, 8, 3)), 0, 255).astype("uint8") for name in names
    ]
    return read(
        {
            "picture": [None if row % 5 == 3 else one for row, one in enumerate(pixels)],
            "words": [WORDS[name] for name in names],
            "name": names,
        }
    )


def run(out, inputs, epochs=2, on_epoch=None, **given):
    given = {
        "target": "name",
        "dim": 16,
        "inputs": inputs,
        "training": {**PLAIN, "epochs": epochs},
        **given,
    }
    return train(
        {"train": table(), "val": table(9, 1)}, given, out, baselines=False, on_epoch=on_epoch
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    run(
        folder / "run",
        {
            "picture": {"width": 8, "size": 8, "channels": 3},
            "words": {"encoder": "rnn", "tokenizer": "word", "min_count": 1},
        },
        epochs=1,
    )
    return folder / "run"


@pytest.fixture
def frozen(source, tmp_path, monkeypatch):
    """The settings of inputs whose encoders are those of another run, and a cache of its own."""
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "cache"))
    return {
        name: {"encoder": {"from": str(source), "freeze": True}} for name in ("picture", "words")
    }


@pytest.fixture
def seen(monkeypatch):
    """Counts the calls of encoders, and keeps the shapes of batches, during training alone."""
    found = {"calls": 0, "shapes": set(), "training": False}
    complete, batch = job.Session.complete, Loader.batch

    def counted(call):
        @functools.wraps(call)  # Keras reads the signature
        def counting(self, *given, **named):
            found["calls"] += found["training"]
            return call(self, *given, **named)

        return counting

    def training(self):
        found["training"] = True
        try:
            return complete(self)
        finally:
            found["training"] = False

    def looking(self, epoch, step):
        made = batch(self, epoch, step)
        if found["training"]:
            found["shapes"] |= {made[0][f"input_{i}"].shape[1:] for i in range(2)}
        return made

    monkeypatch.setattr(ConvNet, "call", counted(ConvNet.call))
    monkeypatch.setattr(Rnn, "call", counted(Rnn.call))
    monkeypatch.setattr(job.Session, "complete", training)
    monkeypatch.setattr(Loader, "batch", looking)
    return found


def test_training_runs_no_frozen_encoder(frozen, seen, source, tmp_path, capsys):
    made = run(tmp_path / "run", frozen, fusion={"name": "concat", "pooling": "mean"})
    assert seen["calls"] == 0
    assert seen["shapes"] == {(1, 16)}  # pooled
    assert "The outputs of the frozen encoder of picture are kept for" in capsys.readouterr().err
    for name in ("encoders.picture", "encoders.words"):
        mine, theirs = tensors_of(tmp_path / "run", name), tensors_of(source, name)
        assert all((mine[key] == theirs[key]).all() for key in theirs)
    rows = table(6, 2)
    again = load(tmp_path / "run").predict(rows).outputs
    assert np.allclose(again, made.predictor.predict(rows).outputs, atol=1e-5)


def test_tokens_stay_apart_where_the_model_reads_them_all(frozen, seen, tmp_path):
    run(tmp_path / "run", frozen, fusion="attention")
    assert seen["calls"] == 0
    assert {len(shape) for shape in seen["shapes"]} == {2}
    assert (16, 16) in seen["shapes"]  # 4 x 4 positions of a picture


def test_what_does_not_fit_is_computed_each_epoch_and_gives_the_same(
    frozen, seen, tmp_path, monkeypatch, capsys
):
    kept = run(tmp_path / "kept", frozen, fusion="attention")
    monkeypatch.setattr(caches.CacheWriter, "_fits", lambda self, needed: False)
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "full"))
    seen["shapes"].clear()
    computed = run(tmp_path / "computed", frozen, fusion="attention")
    assert (8, 8, 3) in seen["shapes"]
    assert "do not fit the cache, so they are computed in each epoch" in capsys.readouterr().err
    rows = table(6, 2)
    assert np.allclose(
        kept.predictor.predict(rows).outputs, computed.predictor.predict(rows).outputs, atol=0.05
    )


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(frozen, tmp_path):
    whole = run(tmp_path / "whole", frozen, epochs=3)

    def stop(entry):
        if entry["epoch"] == 1:
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, Interrupted)):
        run(tmp_path / "stopped", frozen, epochs=3, on_epoch=stop)
    run(tmp_path / "stopped", frozen, epochs=3)
    weights = lambda folder: (folder / "weights.safetensors").read_bytes()
    assert weights(tmp_path / "stopped") == weights(whole.folder)
