"""Pictures of any kind that Pillow reads, as upright arrays of 8-bit pixels."""

from __future__ import annotations

import io
import os
import re
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from polymodal.core.errors import DataError
from polymodal.data.cells import open_cell, reads_cell

MAX_PIXELS = 64_000_000
_GREY = {"1", "L", "LA", "La"}
_RUNS_PROGRAMS = {"EPS", "WMF"}  # Pillow hands these to other programs
_INTEGER_RANGES = (65535.0, 2147483647.0)
_FLOAT_RANGES = (1.0, 255.0, *_INTEGER_RANGES)


@reads_cell
def read_image(
    cell: Any,
    root: str | os.PathLike | None = None,
    max_pixels: int = MAX_PIXELS,
    at_least: tuple[int, int] | None = None,
) -> np.ndarray:
    """Reads a picture: turned upright, transparent parts on white, first frame of an animation.

    Deeper pixels are scaled to 8 bits by the range of their kind: 16-bit ones by 65535; 32-bit
    whole numbers and floats by the smallest usual range (1, 255, 65535, 2^31 - 1; whole numbers
    from 65535 on) that holds the picture.

    Args:
        cell: media cell, see `polymodal.data.cells`.
        root: folder that relative paths start from.
        max_pixels: int, larger pictures are refused before they are decoded.
        at_least: (height, width) that the caller will shrink to. A JPEG may then be decoded at a
            half, a quarter or an eighth, never below twice this size.

    Returns:
        uint8 (height, width, channels), 1 channel for greyscale and 3 for colour.

    Raises:
        DataError: the file is missing, broken, cut short, or too large.
    """
    source, shown = open_cell(cell, root)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            _check(image, max_pixels, shown)
            if at_least is not None and image.format == "JPEG":
                side = 2 * max(at_least)
                image.draft(image.mode, (side, side))
            image.load()
            return _pixels(_upright(image), shown)
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(_counted(error) or f"more than {max_pixels:,}", max_pixels,
                         shown) from None
    except Image.UnidentifiedImageError:
        raise DataError("is no picture that can be read.", "Save it as PNG or JPEG.", path=shown,
                        reason="unreadable_image") from None
    except Exception as error:  # Pillow's decoders raise many kinds on broken files
        raise DataError(f"is a broken picture ({error}).", "Fix the file, or run with --skip-bad.",
                        path=shown, reason="unreadable_image") from None


@reads_cell
def image_size(cell: Any, root: str | os.PathLike | None = None) -> tuple[int, int]:
    """Returns (height, width) of a picture as it will be read, from its header alone."""
    source, shown = open_cell(cell, root)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            turned = image.getexif().get(0x0112, 1) >= 5
            width, height = image.size
    except Exception as error:
        raise DataError(f"is a broken picture ({error}).", "Fix the file, or run with --skip-bad.",
                        path=shown, reason="unreadable_image") from None
    return (width, height) if turned else (height, width)


def _check(image: Image.Image, max_pixels: int, shown: str) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise _too_large(f"{width:,} x {height:,} = {width * height:,}", max_pixels, shown)
    if image.format in _RUNS_PROGRAMS:
        raise DataError(f"is a drawing ({image.format}), not pixels.", "Save it as PNG.",
                        path=shown, reason="unreadable_image")


def _counted(error: Exception) -> str:
    """Returns how many pixels Pillow says that it found, if it does."""
    found = re.search(r"\((\d+) pixels\)", str(error))
    return f"{int(found[1]):,}" if found else ""


def _too_large(pixels: str, max_pixels: int, shown: str) -> DataError:
    return DataError(f"has {pixels} pixels, the bound is {max_pixels:,}.",
                     "Shrink the picture, or raise max_pixels.", path=shown,
                     reason="image_too_large")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF leaves the picture itself whole
        return image


def _pixels(image: Image.Image, shown: str) -> np.ndarray:
    if image.mode.startswith("I;16"):
        return _scaled(np.asarray(image), _INTEGER_RANGES[:1], shown)
    if image.mode in ("I", "F"):
        ranges = _INTEGER_RANGES if image.mode == "I" else _FLOAT_RANGES
        return _scaled(np.asarray(image), ranges, shown)
    grey = image.mode in _GREY
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[:, :, None] if grey else pixels  # (height, width, channels)


def _scaled(values: np.ndarray, ranges: tuple[float, ...], shown: str) -> np.ndarray:
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError("holds pixels that are not numbers.",
                        "Fix the file, or run with --skip-bad.", path=shown, reason="not_finite")
    top = values.max(initial=0.0)
    scale = next((r for r in ranges if top <= r), max(top, 1.0))
    return np.rint(np.clip(values, 0, scale) * (255.0 / scale)).astype(np.uint8)[:, :, None]
