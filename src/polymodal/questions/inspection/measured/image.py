"""What is measured of a picture, once."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from polymodal.media.identity import content_hash
from polymodal.media.image import read_image
from polymodal.questions.inspection.measured.vectors import as_text

_SIDE = 256  # pixels of the longer side on which sharpness is measured
_THUMB = 16
_LEAST_EDGES = 0.1  # what rounding makes
_GREY = np.array([0.299, 0.587, 0.114])


def measure_image(cell: Any, root: Any) -> dict[str, Any]:
    """Returns size, brightness, contrast, sharpness, colour and a fingerprint of a picture."""
    return measure_pixels(read_image(cell, root))


def measure_pixels(pixels: np.ndarray) -> dict[str, Any]:
    """Returns what `measure_image` does, of uint8 (height, width, channels)."""
    height, width, channels = pixels.shape
    small = _small(pixels)
    grey = small.astype(np.float32)
    if channels == 3:
        grey = grey @ _GREY.astype(np.float32)
    grey = grey.reshape(grey.shape[:2])
    low = np.percentile(small.min(axis=2), 0.1)  # a small drawing counts too
    high = np.percentile(small.max(axis=2), 99.9)
    spread = float(grey.std())
    return {
        "hash": content_hash(pixels),
        "height": height,
        "width": width,
        "channels": channels,
        "colour": _colour(small),
        "mean": float(grey.mean()),
        "spread": spread,
        "low": float(low),
        "high": float(high),
        "range": float(np.ptp(small, axis=(0, 1)).max()),
        "sharpness": sharpness(grey),
        "fineness": fineness(grey),
        "vector": as_text(thumbnail(small)),
    }


def sharpness(grey: np.ndarray) -> float:
    """Returns the energy of the second differences over that of the picture, 0 for a flat one."""
    return _edges(grey) / max(float(grey.var()), 1e-6)


def fineness(grey: np.ndarray) -> float:
    """Returns the sharpness of a picture over that of its half: blur takes it, plainness does
    not."""
    height, width = (side // 2 * 2 for side in grey.shape)
    half = grey[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return (_edges(grey) + _LEAST_EDGES) / (_edges(half) + _LEAST_EDGES)


def _edges(grey: np.ndarray) -> float:
    if min(grey.shape) < 3:
        return float("nan")
    second = (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    )
    return float(second.var())


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Returns (3 * 16 * 16,) float, the picture made small."""
    image = Image.fromarray(_rgb(pixels)).resize((_THUMB, _THUMB), Image.Resampling.BOX)
    return np.asarray(image, np.float32).reshape(-1)


def _rgb(pixels: np.ndarray) -> np.ndarray:
    if pixels.shape[2] == 3:
        return pixels
    return np.repeat(pixels[:, :, :1], 3, axis=2)


def _small(pixels: np.ndarray) -> np.ndarray:
    step = max(1, max(pixels.shape[:2]) // _SIDE)
    if step == 1:
        return pixels
    image = Image.fromarray(pixels.squeeze())
    size = (max(1, pixels.shape[1] // step), max(1, pixels.shape[0] // step))
    shrunk = np.asarray(image.resize(size, Image.Resampling.BOX))
    return shrunk.reshape(*shrunk.shape[:2], pixels.shape[2])


def _colour(pixels: np.ndarray) -> float:
    """Returns the mean distance between the channels, 0 of a grey picture."""
    if pixels.shape[2] == 1:
        return 0.0
    wide = pixels.astype(np.int16)
    return float((wide.max(axis=2) - wide.min(axis=2)).mean())
