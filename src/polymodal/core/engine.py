"""Which engine (TensorFlow, JAX or PyTorch) runs the models, and why. Only `start` imports one."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from polymodal.core.errors import MissingDependencyError

ENGINES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
_JAX_PLUGINS = (
    "jax_cuda13_plugin",
    "jax_cuda12_plugin",
    "jax_rocm7_plugin",
    "jax_rocm60_plugin",
    "libtpu",
)
_TALKATIVE = ("absl", "tensorflow")  # loggers whose warnings are about the engine's insides


class Choice(NamedTuple):
    """An engine and the reason for it."""

    name: str
    reason: str


def installed() -> list[str]:
    """Returns the engines that can be imported here."""
    return [name for name, module in ENGINES.items() if importlib.util.find_spec(module)]


def choose(wanted: str | None = None) -> Choice:
    """Returns the engine that will be used.

    An imported Keras keeps its engine; else `KERAS_BACKEND` wins, then `wanted`, then JAX where it
    has an accelerator's plug-in, then TensorFlow, then whatever is installed.

    Raises:
        MissingDependencyError: that engine is not installed, or none is.
    """
    imported = sys.modules.get("keras")
    if imported is not None and hasattr(imported, "backend"):
        choice = Choice(imported.backend.backend(), "keras was imported already")
        return _agreed(choice, wanted)
    if os.environ.get("KERAS_BACKEND"):
        choice = Choice(os.environ["KERAS_BACKEND"], "KERAS_BACKEND is set")
        return _agreed(_checked(choice), wanted)
    if wanted:
        return _checked(Choice(wanted, "it was asked for"))
    if importlib.util.find_spec("jax") and any(map(importlib.util.find_spec, _JAX_PLUGINS)):
        return Choice("jax", "JAX has an accelerator's plug-in here")
    for name in ENGINES:
        if name in installed():
            return Choice(name, "the default" if name == "tensorflow" else "the only one installed")
    raise MissingDependencyError(
        f"Polymodal needs TensorFlow, JAX or PyTorch. Found none on {platform.platform()} with "
        f"Python {platform.python_version()}. Install one: pip install tensorflow."
    )


def use(wanted: str | None = None) -> Choice:
    """Makes the chosen engine the one that Keras will import, and returns it."""
    choice = choose(wanted)
    os.environ["KERAS_BACKEND"] = choice.name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    return choice


def start(wanted: str | None = None) -> Choice:
    """Chooses the engine and imports it, keeping its start-up messages off the terminal.

    Notes that TensorFlow and absl log later are kept off too, errors are not. POLYMODAL_DEBUG
    shows everything.
    """
    choice = use(wanted)
    if not os.environ.get("POLYMODAL_DEBUG"):
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
    if choice.name == "tensorflow" and "tensorflow" not in sys.modules:
        with _silenced():  # written by C++ before any setting can turn it off
            importlib.import_module("tensorflow").zeros(())
    return choice


@contextmanager
def _silenced() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, and shows it only if the block fails.

    With POLYMODAL_DEBUG set, everything is shown at once.
    """
    if os.environ.get("POLYMODAL_DEBUG"):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _checked(choice: Choice) -> Choice:
    if choice.name not in ENGINES:
        raise MissingDependencyError(
            f'Polymodal runs on {", ".join(ENGINES)}. Got engine "{choice.name}" ({choice.reason}).'
        )
    if choice.name not in installed():
        extra = "" if choice.name == "tensorflow" else f"[{choice.name}]"
        raise MissingDependencyError(
            f"The engine {choice.name} is not installed ({choice.reason}). "
            f'Run: pip install "polymodal{extra}".'
        )
    return choice


def _agreed(choice: Choice, wanted: str | None) -> Choice:
    if wanted and wanted != choice.name:
        raise MissingDependencyError(
            f"The engine {wanted} was asked for, but {choice.name} is in use: {choice.reason}. "
            f"Start anew with KERAS_BACKEND={wanted}."
        )
    return choice
