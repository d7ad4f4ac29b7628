from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

PROBE = """
import sys, json
from polymodal.core import engine
from polymodal.core.errors import PolymodalError
try:
    choice = engine.use(sys.argv[1] or None)
    print(json.dumps([choice.name, choice.reason]))
except PolymodalError as error:
    print(json.dumps(["error", str(error)]))
"""


def choose(wanted="", backend=None, before=""):
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    if backend:
        environment["KERAS_BACKEND"] = backend
    done = subprocess.run(
        [sys.executable, "-c", before + PROBE, wanted],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_tensorflow_is_the_default_without_an_accelerator():
    assert choose() == ["tensorflow", "the default"]


def test_the_environment_variable_wins():
    assert choose(backend="jax") == ["jax", "KERAS_BACKEND is set"]


def test_a_contradiction_is_an_error():
    name, message = choose("tensorflow", backend="jax")
    assert name == "error"
    assert "KERAS_BACKEND=tensorflow" in message


@pytest.mark.parametrize("name", ["theano"])
def test_an_unknown_engine_lists_the_known(name):
    assert choose(name)[0] == "error"
    assert "tensorflow, jax, torch" in choose(name)[1]
