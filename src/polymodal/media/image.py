"""Pictures of any kind that Pillow reads, as upright arrays of 8-bit pixels."""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from polymodal.core.errors import DataError
from polymodal.media.cells import open_cell, reads_cell
from polymodal.media.stated.ico import ICO_START, icon_pixels
from polymodal.media.stated.png import png_damage

MAX_PIXELS = 64_000_000
_GREY = {"1", "L", "LA", "La"}
_BAND_PIXELS = 1 << 18  # converted at once, so that copies of large pictures stay small
_ORIENTATION = 0x0112  # tag of EXIF
_RUNS_PROGRAMS = {"EPS", "WMF"}  # Pillow hands these to other programs
_COSTS = {"JPEG2000": 5, "WEBP": 3}  # times the memory of other formats that decoding takes
_TILE_SIDES = (322, 323)  # tags of TIFF
_LEAST_TILE = 1 << 22  # pixels; a tile may be larger than a small picture
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
        cell: media cell, see `polymodal.media.cells`.
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
        with _opened(source, max_pixels, shown) as image:
            _check(image, max_pixels, shown)
            if at_least is not None and image.format == "JPEG":
                side = 2 * max(at_least)
                image.draft(image.mode, (side, side))
            image.load()
            pixels, turned = _pixels(image, shown), _orientation(image)
        return _upright(pixels, turned)
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(
            _counted(error) or f"more than {max_pixels:,}", max_pixels, shown
        ) from None
    except Image.UnidentifiedImageError:
        raise DataError(
            "is not a picture that can be read.",
            "Save it as PNG or JPEG.",
            path=shown,
            reason="unreadable_image",
        ) from None
    except Exception as error:  # Pillow's decoders raise many kinds on broken files
        raise DataError(
            f"is a broken picture ({error}).",
            "Fix the file, or run with --skip-bad.",
            path=shown,
            reason="unreadable_image",
        ) from None


@reads_cell
def image_size(cell: Any, root: str | os.PathLike | None = None) -> tuple[int, int]:
    """Returns (height, width) of a picture as it will be read, from its header alone."""
    source, shown = open_cell(cell, root)
    try:
        with _opened(source, MAX_PIXELS, shown) as image:
            turned = _orientation(image) >= 5
            width, height = image.size
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"is a broken picture ({error}).",
            "Fix the file, or run with --skip-bad.",
            path=shown,
            reason="unreadable_image",
        ) from None
    if turned:
        return (width, height)
    return (height, width)


@contextmanager
def _opened(source: bytes | Path, max_pixels: int, shown: str) -> Iterator[Image.Image]:
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        if stream.read(len(ICO_START)) == ICO_START and icon_pixels(stream) > max_pixels:
            raise _too_large(f"{icon_pixels(stream):,}", max_pixels, shown)
        stream.seek(0)
        with Image.open(stream) as image:
            yield image


def _check(image: Image.Image, max_pixels: int, shown: str) -> None:
    _check_size(image, max_pixels // _COSTS.get(str(image.format), 1), shown)
    if image.format in _RUNS_PROGRAMS:
        raise DataError(
            f"is a drawing ({image.format}), not pixels.",
            "Save it as PNG.",
            path=shown,
            reason="unreadable_image",
        )
    if image.format == "ICNS":
        raise DataError(
            "is a set of icons.", "Save one as PNG.", path=shown, reason="unreadable_image"
        )
    if image.format == "TIFF":
        tags = image.tag_v2  # type: ignore[attr-defined]
        tile = math.prod(int(tags.get(tag, 0)) for tag in _TILE_SIDES)
        if tile > max(_LEAST_TILE, 4 * math.prod(image.size)):
            raise DataError(
                f"is a broken picture (it claims tiles of {tile:,} pixels).",
                "Fix the file, or run with --skip-bad.",
                path=shown,
                reason="unreadable_image",
            )
    stream = getattr(image, "fp", None)
    if image.format == "PNG" and stream is not None:
        place = stream.tell()
        damage = png_damage(stream)
        stream.seek(place)
        if damage:
            raise DataError(
                damage,
                "Copy it again, or run with --skip-bad.",
                path=shown,
                reason="unreadable_image",
            )


def _check_size(image: Image.Image, max_pixels: int, shown: str) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise _too_large(f"{width:,} x {height:,} = {width * height:,}", max_pixels, shown)


def _counted(error: Exception) -> str:
    """Returns how many pixels Pillow says that it found, if it does."""
    found = re.search(r"\((\d+) pixels\)", str(error))
    if found:
        return f"{int(found[1]):,}"
    return ""


def _too_large(pixels: str, max_pixels: int, shown: str) -> DataError:
    return DataError(
        f"has {pixels} pixels, the bound is {max_pixels:,}.",
        "Shrink the picture, or raise max_pixels.",
        path=shown,
        reason="image_too_large",
    )


def _orientation(image: Image.Image) -> int:
    """Returns how the picture lies, from 1 to 8 as EXIF counts."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF leaves the picture itself whole
        return 1
    if isinstance(found, int) and 1 <= found <= 8:
        return found
    return 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turns and mirrors (height, width, channels) from how it lies."""
    if orientation == 1:
        return pixels
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _pixels(image: Image.Image, shown: str) -> np.ndarray:
    """Returns uint8 (height, width, channels)."""
    width, height = image.size
    rows = max(1, _BAND_PIXELS // width)
    scale = _scale(image, rows, shown)
    if height <= rows:
        return _converted(image, scale)
    pixels = None
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        band = _converted(image.crop((0, top, width, bottom)), scale)
        if pixels is None:
            pixels = np.empty((height, width, band.shape[2]), np.uint8)
        pixels[top:bottom] = band
    if pixels is None:
        return np.zeros((0, width, 1), np.uint8)
    return pixels


def _converted(image: Image.Image, scale: float | None) -> np.ndarray:
    """Returns uint8 (height, width, channels) of a picture, or of a band of one."""
    if scale is not None:
        values = np.asarray(image).astype(np.float64)
        return np.rint(np.clip(values, 0, scale) * (255.0 / scale)).astype(np.uint8)[:, :, None]
    grey = image.mode in _GREY
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[:, :, None] if grey else pixels  # (height, width, channels)


def _scale(image: Image.Image, rows: int, shown: str) -> float | None:
    """Returns the value that becomes 255, for pixels deeper than 8 bits; None for others."""
    if image.mode.startswith("I;16"):
        return _INTEGER_RANGES[0]
    if image.mode not in ("I", "F"):
        return None
    width, height = image.size
    top = 0.0
    for first in range(0, height, rows):
        values = np.asarray(image.crop((0, first, width, min(first + rows, height))))
        if not np.isfinite(values).all():
            raise DataError(
                "has pixels that are not numbers.",
                "Fix the file, or run with --skip-bad.",
                path=shown,
                reason="not_finite",
            )
        top = max(top, float(values.max(initial=0)))
    ranges = _INTEGER_RANGES if image.mode == "I" else _FLOAT_RANGES
    return next((r for r in ranges if top <= r), max(top, 1.0))
