"""Resizing and random variation of pictures, shared by images and videos."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from polymodal.core.errors import RecipeError

SHORT_SIDE = 64  # pixels; what two cores train on in minutes
TINY = 32  # at most this many pixels: digits, letters and icons, which a flip turns into others
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def as_size(who: str, size: Any) -> tuple[int, int] | None:
    """Returns a size from a recipe, an int or [height, width], as (height, width)."""
    if size is None:
        return None
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or not all(isinstance(s, int) and 1 <= s <= 4096 for s in pair):
        raise RecipeError(f"{who} needs size as pixels or [height, width], 1 to 4096. Got {size}.")
    return pair  # type: ignore[return-value]


def suggest_size(sizes: list[tuple[int, int]]) -> int | list[int]:
    """Returns the common (height, width) of pictures, shrunk to a shorter side of 64 at most."""
    heights, widths = zip(*sizes, strict=True)
    height, width = int(np.median(heights)), int(np.median(widths))
    short = min(height, width)
    if len(set(sizes)) > 1 and max(height, width) < 1.4 * short:
        height = width = short  # mixed sizes close to a square
    ratio = min(1.0, SHORT_SIDE / short)
    limit = 4 * min(short, SHORT_SIDE)
    height, width = (min(limit, max(1, round(side * ratio))) for side in (height, width))
    return height if height == width else [height, width]


def resize(pixels: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Returns `pixels` (height, width, channels) at `size`, every source pixel weighing in."""
    if size is None or pixels.shape[:2] == size:
        return pixels
    return _resample(pixels, size, None)


def set_channels(pixels: np.ndarray, channels: int | None) -> np.ndarray:
    """Returns `pixels` (..., 1 or 3) with 1 (luminance) or 3 (equal) channels."""
    if channels is None or pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    return np.rint(pixels.astype(np.float32) @ _LUMA).astype(np.uint8)[..., None]


def is_grey(pixels: np.ndarray) -> bool:
    """Returns whether `pixels` (..., channels) hold no colour; a trace from JPEG is none."""
    if pixels.shape[-1] == 1:
        return True
    spread = pixels.max(axis=-1).astype(np.int16) - pixels.min(axis=-1)
    return bool(np.percentile(spread, 99) <= 6)


def vary(
    frames: np.ndarray,
    rng: np.random.Generator,
    shift: float,
    crop: float,
    colour: float,
    flip: bool,
) -> np.ndarray:
    """Crops, shifts, flips and recolours frames, each in the same way.

    Args:
        frames: uint8 (frames, height, width, channels).
        rng: the only source of chance.
        shift: 0..1, share of the sides that the picture may move; its edge pixels fill the gap.
        crop: 0..1, share of the sides that may be cut off before scaling up again.
        colour: 0..1, strength of change in brightness, contrast and saturation.
        flip: bool, whether half of the pictures are mirrored left to right.
    """
    height, width = frames.shape[1:3]
    zoom, top, left, down, right, mirror = rng.random(6)
    if crop:
        side = 1.0 - crop * zoom
        box = (left * (1 - side) * width, top * (1 - side) * height)
        box = (*box, box[0] + side * width, box[1] + side * height)
        frames = np.stack([_resample(frame, (height, width), box) for frame in frames])
    rows = _moved(height, (2 * down - 1) * shift)
    columns = _moved(width, (2 * right - 1) * shift)
    if flip and mirror < 0.5:
        columns = columns[::-1]
    frames = frames[:, rows[:, None], columns]
    return _recolour(frames, colour, rng.random(3)) if colour else frames


def _moved(count: int, share: float) -> np.ndarray:
    return np.clip(np.arange(count) + round(share * count), 0, count - 1)


def _recolour(frames: np.ndarray, strength: float, drawn: np.ndarray) -> np.ndarray:
    brightness, contrast, saturation = (1.0 + strength * (2.0 * drawn - 1.0)).tolist()
    mean = float(frames.mean())
    values = frames.astype(np.float32)
    if frames.shape[-1] == 3:
        grey = (values @ _LUMA)[..., None]
        values = grey + (values - grey) * saturation
    values = values * (contrast * brightness) + mean * (1.0 - contrast) * brightness
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _resample(pixels: np.ndarray, size: tuple[int, int], box: Any) -> np.ndarray:
    flat = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    image = Image.fromarray(np.ascontiguousarray(flat))
    image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box)
    return np.asarray(image).reshape(*size, pixels.shape[2])
