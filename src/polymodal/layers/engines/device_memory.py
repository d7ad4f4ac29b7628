"""How much memory of an accelerator an engine has taken, and how much there is."""

from __future__ import annotations

import keras

__all__ = ["device_memory"]


def device_memory() -> tuple[int, int | None] | None:
    """Returns the most bytes that were in use on the first accelerator, and the bytes that it has
    where the engine says; None where all is computed on the CPU.

    Example:

    >>> device_memory() is None or device_memory()[0] >= 0
    True
    """
    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]()


def _tensorflow() -> tuple[int, int | None] | None:
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]), None


def _jax() -> tuple[int, int | None] | None:
    import jax

    device = jax.local_devices()[0]
    found = None
    if device.platform != "cpu":
        found = device.memory_stats()
    if not found:
        return None
    return int(found["peak_bytes_in_use"]), found.get("bytes_limit")


def _torch() -> tuple[int, int | None] | None:
    import torch

    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.max_memory_allocated()), int(torch.cuda.mem_get_info()[1])
