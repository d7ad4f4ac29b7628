"""A sound as images of its spectrogram, with the recognised words at their times."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from polymodal.media.address import data_uri
from polymodal.preprocess.sound.spectrogram import LogMel

__all__ = ["is_broad", "spectrogram_lines"]

MOST_LINES = 4
LINE_SECONDS = (4.0, 8.0)  # that fill the width: shorter sounds are narrower, longer ones wrapped
WIDTH, HEIGHT, TOP = 900, 104, 16
ROW, LETTER = 21, 8.2  # height of a row of words, width of a letter, about
_WINDOW_SECONDS, _HOP_SECONDS, _NUM_MELS = 0.025, 0.01, 64
_RANGE = 9.0  # natural logarithms of power, about 40 decibels, from the darkest to the brightest


def is_broad(seconds: float) -> bool:
    """Returns whether the pictures of a sound of that length need the whole width of a page."""
    return seconds > LINE_SECONDS[0] / 2


def spectrogram_lines(
    samples: np.ndarray, rate: int, words: Sequence[Mapping[str, Any]]
) -> list[Markup]:
    """Returns one inline SVG for each 8 seconds of a sound, as many as a page can hold.

    Args:
        samples: float32 (samples,), -1 to 1.
        rate: int, hertz.
        words: sequence of {"text", "start_seconds", "end_seconds", "confidence", "right"}; "right"
            is None where it is not known.
    """
    levels = _levels(samples, rate)
    seconds = len(samples) / rate
    count = min(MOST_LINES, max(1, int(np.ceil(seconds / LINE_SECONDS[1] - 0.05))))
    length = min(seconds / count, LINE_SECONDS[1] * 1.05)
    scale = WIDTH / max(length, LINE_SECONDS[0])  # pixels per second
    lines = []
    for number in range(count):
        start = number * length
        first, last = (round(time / _HOP_SECONDS) for time in (start, start + length))
        here = [word for word in words if start <= _middle(word) < start + length]
        lines.append(_line(levels[:, first : max(first + 1, last)], here, start, length, scale))
    return lines


def _levels(samples: np.ndarray, rate: int) -> np.ndarray:
    """Returns uint8 (mels, frames), high bands first."""
    log_mel = LogMel(
        rate, _NUM_MELS, max(2, round(_WINDOW_SECONDS * rate)), max(1, round(_HOP_SECONDS * rate))
    )
    bands = log_mel(samples.astype(np.float32)).T[::-1]
    return (255 * np.clip((bands - bands.max()) / _RANGE + 1, 0, 1)).astype(np.uint8)


def _line(
    levels: np.ndarray,
    words: Sequence[Mapping[str, Any]],
    start: float,
    length: float,
    scale: float,
) -> Markup:
    wide = length * scale
    parts = [
        f'<image x="0" y="{TOP}" width="{wide:.1f}" height="{HEIGHT}" '
        f'preserveAspectRatio="none" href="{_picture(levels)}"/>'
    ]
    parts += [
        f'<text class="time" x="{(time - start) * scale:.1f}" y="11">{time:g} s</text>'
        for time in _full_seconds(start, length, scale)
    ]
    rows = _rows(words, start, scale, wide)
    for word, (row, place) in zip(words, rows, strict=True):
        parts.append(_word(word, start, scale, row, place))
    height = TOP + HEIGHT + 8 + ROW * (1 + max((row for row, _ in rows), default=0))
    right = max(
        [wide, *(place + _width(word) / 2 for word, (_, place) in zip(words, rows, strict=True))]
    )
    return Markup(
        f'<svg class="heard" viewBox="0 0 {right:.0f} {height}" width="{right:.0f}" '
        f'height="{height}" role="img" aria-label="spectrogram">{"".join(parts)}</svg>'
    )


def _word(word: Mapping[str, Any], start: float, scale: float, row: int, place: float) -> str:
    left, right = ((word[f"{end}_seconds"] - start) * scale for end in ("start", "end"))
    base = TOP + HEIGHT
    css = ""
    if word.get("right") is False:
        css = "wrong"
    note = (
        f"{word['start_seconds']:.2f} to {word['end_seconds']:.2f} s, "
        f"{100 * word['confidence']:.0f} % confidence"
    )
    return (
        f'<g class="{css}" opacity="{0.4 + 0.6 * word["confidence"]:.2f}">'
        f"<title>{escape(note)}</title>"
        f'<path d="M{left:.1f} {base + 3}h{max(2.0, right - left):.1f}"/>'
        f'<text x="{place:.1f}" y="{base + 4 + ROW * (row + 1) - 5}" text-anchor="middle">'
        f"{escape(word['text'])}</text></g>"
    )


def _rows(
    words: Sequence[Mapping[str, Any]], start: float, scale: float, wide: float
) -> list[tuple[int, float]]:
    """Returns for each word the row it is written in, so that none covers another, and its
    middle."""
    ends: list[float] = []
    found = []
    for word in words:
        half = _width(word) / 2
        place = (_middle(word) - start) * scale
        if wide > 2 * half:
            place = max(half, min(place, wide - half))
        else:
            place = half
        row = next((row for row, end in enumerate(ends) if place - half > end + 6), len(ends))
        ends[row : row + 1] = [place + half]
        found.append((row, place))
    return found


def _width(word: Mapping[str, Any]) -> float:
    return LETTER * sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in word["text"])


def _middle(word: Mapping[str, Any]) -> float:
    return (word["start_seconds"] + word["end_seconds"]) / 2


def _full_seconds(start: float, length: float, scale: float) -> list[float]:
    """Returns times to write above, half a second apart where there is room."""
    step = 1.0
    if scale >= 200:
        step = 0.5
    times = np.arange(np.ceil(start / step), (start + length) / step) * step
    return [float(time) for time in times if (start + length - time) * scale > 30]


def _picture(levels: np.ndarray) -> str:
    """Returns a picture of levels as a data URI."""
    import matplotlib
    from PIL import Image

    image = Image.fromarray(levels, "L").convert("P")
    colours = matplotlib.colormaps["magma"](np.arange(256))[:, :3]
    image.putpalette((255 * colours).astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return data_uri("image/png", buffer.getvalue())
