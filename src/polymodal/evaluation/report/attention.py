"""Attention maps: a small copy of the image per word, bright where attention was high."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.media.address import data_uri

__all__ = ["attention_strip"]

MOST_WORDS = 24
_SIDE = 112  # pixels, longer side of a small picture
_DARKEST = 0.22  # brightness of a position without attention
_WARM = np.array([255, 176, 32], np.float32)  # red, green, blue of the light on the others


def attention_strip(content: Any, looks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns {"uri", "word", "note", "width", "height"} for each word.

    Args:
        content: picture as bytes of a file or uint8 (height, width, channels).
        looks: sequence of {"word", "weights"}, weights the attention of each position as a list of
            lists (down, across).

    Raises:
        OSError, ValueError: it is not a picture.
    """
    small = _small(content)
    return [_lit(small, look) for look in looks[:MOST_WORDS]]


def _small(content: Any) -> Any:
    from PIL import Image, ImageOps

    if isinstance(content, np.ndarray):
        image = Image.fromarray(content[..., 0] if content.shape[-1] == 1 else content)
    else:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    scale = _SIDE / max(image.size)
    size = [max(1, round(side * scale)) for side in image.size]
    return image.convert("RGB").resize(size, Image.Resampling.BICUBIC)


def _lit(small: Any, look: Mapping[str, Any]) -> dict[str, Any]:
    from PIL import Image

    weights = np.asarray(look["weights"], np.float32)  # (down, across)
    heat = Image.fromarray(weights / max(float(weights.max()), 1e-9))
    heat = np.asarray(heat.resize(small.size, Image.Resampling.BILINEAR))[..., None]
    pixels = np.asarray(small, np.float32) * (_DARKEST + (1 - _DARKEST) * heat)
    pixels += 0.28 * heat * (_WARM - pixels)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=80)
    return {
        "uri": data_uri("image/jpeg", buffer.getvalue()),
        "word": str(look["word"]),
        "width": small.width,
        "height": small.height,
        "note": f"{100 * weights.sum():.0f} % of its attention was on the picture",
    }
