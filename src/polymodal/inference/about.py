"""The engine, devices and versions in use, with the reason."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

_PACKAGES = (
    "polymodal",
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "pyarrow",
    "grain",
    "tokenizers",
    "soundfile",
    "av",
    "pillow",
    "scikit-learn",
)


def about(choice: Any, installed: list[str]) -> dict[str, Any]:
    """Returns the engine and the reason, the devices that it sees, and versions.

    Args:
        choice: `core.engine.Choice`.
        installed: list of str, engines that can be imported.
    """
    found = {
        "engine": f"{choice.name} ({choice.reason})",
        "installed engines": installed,
        "devices": devices(choice.name),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def devices(engine: str) -> list[str]:
    """Returns the names of the devices that an engine sees."""
    if engine == "jax":
        import jax

        return [str(d) for d in jax.devices()]
    if engine == "torch":
        import torch

        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] or ["cpu"]
    import tensorflow as tf

    return [d.name.removeprefix("/physical_device:") for d in tf.config.list_physical_devices()]
