"""Shared fixtures: the engine of this run, and real data where POLYMODAL_DATA names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

# Results depend on neither the clock nor chance: no deadline, the same examples each time.
settings.register_profile("polymodal", deadline=None, derandomize=True)
settings.load_profile("polymodal")


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="also run tests marked slow")


# Folders whose tests use Keras: they run once for each engine, all others once. Those of `engines/`
# start every other engine themselves.
ENGINE_FOLDERS = {
    "layers",
    "encoders",
    "fusion",
    "sequence",
    "decoders",
    "model",
    "tasks",
    "bundle",
    "training",
    "pretrained",
}

# Files whose tests ask what no engine does in its own way, but which JAX compiles for a minute:
# TensorFlow and PyTorch run them each time, JAX with --all.
LONG_ON_JAX = {
    "cli/test_chat.py",
    "encoders/test_audio_transformer.py",
    "encoders/test_conformer.py",
    "encoders/test_frame_rnn.py",
    "encoders/test_resnet.py",
    "encoders/test_vit.py",
    "encoders/test_wave_transformer.py",
    "inference/test_explaining.py",
    "model/heads/test_written.py",
    "model/objectives/test_mixing.py",
    "pretrained/test_importing.py",
    "questions/test_estimate.py",
    "questions/test_explain.py",
    "speech/recognition/test_rescoring.py",
    "tasks/test_chat.py",
    "tasks/test_sentiment_runs.py",
    "tasks/test_toy.py",
    "training/imbalance/test_weights.py",
    "training/test_adapting.py",
    "training/test_assembled.py",
    "training/test_cross_fitted.py",
    "training/test_finish.py",
    "training/test_from_scratch.py",
    "training/test_frozen_vectors.py",
    "training/test_kept.py",
    "training/test_looked_at_once.py",
    "training/test_own_loss.py",
    "training/test_packing.py",
    "training/test_plugins.py",
    "training/test_pretrained.py",
    "training/test_pseudo_labels.py",
    "training/test_retrieval.py",
    "training/test_scheduled_sampling.py",
    "training/test_shared.py",
    "training/test_starts.py",
    "training/test_unlabelled.py",
    "training/test_written.py",
}


def pytest_collection_modifyitems(config, items):
    everything = config.getoption("--all")
    slow = pytest.mark.skip(reason="slow: run scripts/test --all")
    compiled = pytest.mark.skip(reason="long to compile on JAX: run scripts/test --all")
    on_jax = os.environ["KERAS_BACKEND"] == "jax"
    for item in items:
        path = item.path.relative_to(Path(__file__).parent)
        if path.parts[0] in ENGINE_FOLDERS:
            item.add_marker(pytest.mark.engine)
        if everything:
            continue
        if {"slow", "models"} & set(item.keywords):
            item.add_marker(slow)
        if on_jax and path.as_posix() in LONG_ON_JAX:
            item.add_marker(compiled)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data; the test skips where POLYMODAL_DATA does not name one."""
    value = os.environ.get("POLYMODAL_DATA")
    if not value or not Path(value).is_dir():
        pytest.skip("real data is absent: set POLYMODAL_DATA to its folder")
    return Path(value)
