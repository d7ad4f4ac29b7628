"""What the bytes of a run depend on besides its recipe."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import keras

from polymodal.core.engine import ENGINES


def environment(model: Any, jit: bool) -> dict[str, Any]:
    """Returns what the bytes of the weights depend on besides data and settings."""
    engine = keras.backend.backend()
    packages = ["keras", "numpy", *(["jaxlib"] if engine == "jax" else [])]
    found = {name: importlib.metadata.version(name) for name in packages}
    module = __import__(ENGINES[engine])
    precision = model.dtype_policy.name
    return {
        "engine": engine,
        engine: module.__version__,
        **found,
        "precision": precision,
        "jit": jit,
    }


def order_of(train: Any) -> dict[str, str]:
    """Returns the sha256 of a loader's rows and their order, where it has one."""
    known = getattr(train, "fingerprint", None)
    if known:
        return {"rows and order": known()}
    return {}
