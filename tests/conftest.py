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
ENGINE_FOLDERS = {"layers", "encoders", "fusion", "sequence", "decoders", "model", "tasks",
                  "bundle", "training", "pretrained"}


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in ENGINE_FOLDERS:
            item.add_marker(pytest.mark.engine)
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="slow: run scripts/test --all")
    for item in items:
        if {"slow", "models"} & set(item.keywords):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data; the test skips where POLYMODAL_DATA does not name one."""
    value = os.environ.get("POLYMODAL_DATA")
    if not value or not Path(value).is_dir():
        pytest.skip("real data is absent: set POLYMODAL_DATA to its folder")
    return Path(value)
