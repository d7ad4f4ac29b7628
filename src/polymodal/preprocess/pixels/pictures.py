"""Resizing and augmentation of pictures, shared by images and videos."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from polymodal.core.errors import RecipeError

SHORT_SIDE = 64  # pixels; what two cores train on in minutes
TINY = 32  # at most this many pixels: digits, letters and icons, which a flip turns into others
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def as_size(who: str, size: Any) -> tuple[int, int] | None:
    """Returns a size from a recipe, an int or [height, width], as (height, width)."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(pair) != 2 or not all(type(s) is int and 1 <= s <= 4096 for s in pair):
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
    if height == width:
        return height
    return [height, width]


def resize(
    pixels: np.ndarray,
    size: tuple[int, int] | None,
    resample: str = "bilinear",
    centre: bool = False,
) -> np.ndarray:
    """Returns pictures at one size, every source pixel weighing in.

    Args:
        pixels: (height, width, channels).
        size: (height, width), or None to leave them.
        resample: str, one of FILTERS.
        centre: bool, whether the sides keep their ratio and what stands out at both ends is cut
            off, rather than stretched to fit.
    """
    if size is None or pixels.shape[:2] == size:
        return pixels
    if not centre:
        return _resample(pixels, size, resample)
    height, width = pixels.shape[:2]
    if height * size[1] < width * size[0]:  # wider than the size asks for
        covering = size[0], width * size[0] // height
    else:
        covering = height * size[1] // width, size[1]
    pixels = _resample(pixels, covering, resample)
    top, left = (covering[0] - size[0]) // 2, (covering[1] - size[1]) // 2
    return pixels[top : top + size[0], left : left + size[1]]


def cut_from(
    pixels: np.ndarray, size: tuple[int, int], short_side: int, resample: str
) -> np.ndarray:
    """Returns the middle of a picture whose shorter side was brought to `short_side`.

    Args:
        pixels: (height, width, channels).
        size: (height, width) of the result, no side longer than `short_side`.
        short_side: int, pixels.
        resample: str, one of FILTERS.
    """
    height, width = pixels.shape[:2]
    if height <= width:
        whole = short_side, short_side * width // height
    else:
        whole = short_side * height // width, short_side
    if whole != (height, width):
        pixels = _resample(pixels, whole, resample)
    top, left = (whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2
    return pixels[top : top + size[0], left : left + size[1]]


def set_channels(pixels: np.ndarray, channels: int | None) -> np.ndarray:
    """Returns `pixels` (..., 1 or 3) with 1 (luminance) or 3 (equal) channels."""
    if channels is None or pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    return np.rint(pixels.astype(np.float32) @ _LUMA).astype(np.uint8)[..., None]


def standardise(pixels: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Returns float32 `pixels * scale + offset`.

    Whole lines are taken at once: over the few channels of a pixel alone numpy takes eight times as
    long.

    Args:
        pixels: (..., height, width, channels), of any kind of number.
        scale, offset: (channels,) float32.
    """
    width = pixels.shape[-2]
    lines = pixels.reshape(*pixels.shape[:-2], -1) * np.tile(scale, width)
    lines += np.tile(offset, width)
    return lines.reshape(pixels.shape)


def is_grey(pixels: np.ndarray) -> bool:
    """Returns whether `pixels` (..., channels) hold no colour; a trace from JPEG is none."""
    if pixels.shape[-1] == 1:
        return True
    spread = pixels.max(axis=-1).astype(np.int16) - pixels.min(axis=-1)
    return bool(np.percentile(spread, 99) <= 6)


def vary(
    clips: np.ndarray,
    rng: np.random.Generator,
    shift: float,
    crop: float,
    colour: float,
    flip: bool,
) -> np.ndarray:
    """Augments pictures by crop, shift, flip and colour, all frames of one clip alike.

    Args:
        clips: uint8 (clips, frames, height, width, channels).
        rng: the only source of randomness.
        shift: 0..1, share of the sides that the picture may move; its edge pixels fill the gap.
        crop: 0..1, share of the sides that may be cut off before scaling up again.
        colour: 0..1, strength of change in brightness, contrast and saturation.
        flip: bool, whether half of the pictures are mirrored left to right.

    Returns:
        uint8 of the same shape.
    """
    height, width = clips.shape[2:4]
    zoom, top, left, down, right, mirror, *tints = rng.random((9, len(clips)))
    rows = _places(height, crop * zoom, top, (2 * down - 1) * shift)
    columns = _places(width, crop * zoom, left, (2 * right - 1) * shift)
    if flip:
        columns = np.where(mirror[:, None] < 0.5, columns[:, ::-1], columns)
    moved = np.stack(
        [_gather(_gather(clip, rows[i], 1), columns[i], 2) for i, clip in enumerate(clips)]
    )
    if colour:
        _recolour(moved, *(1 + colour * (2 * np.stack(tints) - 1)))
    return np.rint(moved, out=moved).astype(np.uint8)


def _places(count: int, cut: np.ndarray, start: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Returns for each picture where its `count` lines are read from, (pictures, count)."""
    side = 1 - cut[:, None]
    places = (np.arange(count) + 0.5) * side + start[:, None] * cut[:, None] * count - 0.5
    return np.clip(places + np.rint(share * count)[:, None], 0, count - 1)


def _gather(frames: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Reads lines along an axis of (frames, height, width, channels), between two where needed."""
    low = places.astype(np.intp)
    first = frames.take(low, axis)
    between = (places - low).astype(np.float32)
    if not between.any():
        return first.astype(np.float32)
    second = frames.take(np.minimum(low + 1, frames.shape[axis] - 1), axis)
    shape = [1, 1, 1, 1]
    shape[axis] = len(places)
    between = between.reshape(shape)
    return first * (1 - between) + second * between


def _recolour(
    clips: np.ndarray, brightness: np.ndarray, contrast: np.ndarray, saturation: np.ndarray
) -> None:
    """Changes float pictures (clips, frames, height, width, channels) in place."""
    spread = lambda values: values.astype(np.float32)[:, None, None, None, None]
    mean = clips.mean(axis=(1, 2, 3, 4), keepdims=True)
    if clips.shape[-1] == 3:
        grey = (clips @ _LUMA)[..., None]
        clips -= grey
        clips *= spread(saturation)
        clips += grey
    clips *= spread(contrast * brightness)
    clips += mean * spread((1 - contrast) * brightness)
    np.clip(clips, 0, 255, out=clips)


def _resample(pixels: np.ndarray, size: tuple[int, int], resample: str) -> np.ndarray:
    flat = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    image = Image.fromarray(np.ascontiguousarray(flat))
    image = image.resize((size[1], size[0]), FILTERS[resample])
    return np.asarray(image).reshape(*size, pixels.shape[2])
