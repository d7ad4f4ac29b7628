"""What mattered in one input of a row, as a page shows it: marked words, a map, frames, bars."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.media.address import data_uri

__all__ = ["mattered"]

_MOST_BARS = 12  # columns or steps
_MOST_FRAMES = 8
_MOST_PIXELS = 280  # side of a picture; larger ones are made smaller, small ones stay sharp
_WIDEST = 100  # percent, of a bar
_RAISES, _LOWERS = (224, 123, 57), (76, 120, 168)


def mattered(name: str, parts: Mapping[str, Any], shown: np.ndarray | None) -> dict[str, Any]:
    """Returns what a page needs to show one input.

    Args:
        name: str, of the input.
        parts: {"kind", "names", "values", "shape"}, how much each part matters.
        shown: picture (height, width, channels) or frames (frames, ...), uint8, or a spectrogram
            (time, frequencies); None where the names of the parts say it.

    Returns:
        {"name", "kind", "words": [[word, colour]], "pictures": [{"uri", "alt"}], "frames": [{"uri",
        "value", "colour"}], "bars": [{"name", "value", "width"}]}; what is not used is empty.
    """
    values = np.asarray(parts["values"], float)
    found: dict[str, Any] = {"name": name, "kind": parts["kind"]}
    found |= {"words": [], "pictures": [], "frames": [], "bars": []}
    if parts["kind"] == "words":
        colours = map(_colour, _scaled(values))
        found["words"] = [list(pair) for pair in zip(parts["names"], colours, strict=True)]
    elif parts["shape"] is not None:
        found["pictures"] = _maps(name, values.reshape(parts["shape"]), parts["kind"], shown)
    elif shown is not None and len(shown) == len(values):
        found["frames"] = _frames(values, shown)
    else:
        found["bars"] = _bars(parts["names"], values)
    return found


def _maps(name: str, values: np.ndarray, kind: str, shown: Any) -> list[dict[str, str]]:
    """Returns what the model saw, and a map of what mattered in it."""
    grid, seen = _scaled(values), shown
    if kind == "spans":  # time to the right, high frequencies above
        grid = grid.T[::-1]
        seen = None if shown is None else _grey(np.asarray(shown, float).T[::-1])
    found = [{"uri": _uri(_heat(grid)), "alt": f"What mattered in {name}"}]
    if seen is not None:
        found.insert(0, {"uri": _uri(np.asarray(seen)), "alt": f"What the model saw of {name}"})
    return found


def _frames(values: np.ndarray, shown: np.ndarray) -> list[dict[str, Any]]:
    """Returns the frames that matter most, in their order."""
    places = np.sort(np.argsort(-np.abs(values), kind="stable")[:_MOST_FRAMES])
    scaled = _scaled(values)
    return [
        {
            "uri": _uri(shown[place]),
            "name": str(place + 1),
            "value": float(values[place]),
            "colour": _colour(float(scaled[place])),
        }
        for place in places
    ]


def _bars(names: list[str], values: np.ndarray) -> list[dict[str, Any]]:
    order = np.argsort(-np.abs(values), kind="stable")[:_MOST_BARS]
    widths = np.abs(_scaled(values))
    return [
        {
            "name": names[place],
            "value": float(values[place]),
            "width": round(_WIDEST * float(widths[place]), 1),
        }
        for place in order
    ]


def _scaled(values: np.ndarray) -> np.ndarray:
    """Returns values from -1 to 1, the largest being 1 or -1."""
    return values / max(float(np.abs(values).max(initial=0)), 1e-9)


def _colour(value: float) -> str:
    strength = round(abs(value) * 0.75, 3)
    if value >= 0:
        tone = _RAISES
    else:
        tone = _LOWERS
    return f"rgba({tone[0]},{tone[1]},{tone[2]},{strength})"


def _heat(grid: np.ndarray) -> np.ndarray:
    """Returns uint8 (rows, columns, 3): orange where parts raise the answer, blue where they lower
    it, white where they do nothing."""
    colour = np.where(grid[..., None] >= 0, np.array(_RAISES), np.array(_LOWERS))
    strength = np.abs(grid)[..., None]
    return (255 * (1 - strength) + colour * strength).astype(np.uint8)


def _grey(values: np.ndarray) -> np.ndarray:
    """Returns uint8, the lowest value black and the highest white."""
    low, high = float(values.min()), float(values.max())
    return (255 * (values - low) / max(high - low, 1e-9)).astype(np.uint8)


def _uri(array: np.ndarray) -> str:
    """Returns a picture as PNG, inside an address."""
    from PIL import Image

    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    picture, buffer = Image.fromarray(array.astype(np.uint8)), io.BytesIO()
    scale = _MOST_PIXELS // max(picture.size)
    if scale > 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    else:
        picture.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    picture.save(buffer, "PNG")
    return data_uri("image/png", buffer.getvalue())
