"""Pictures: one picture or video per step of a sequence, as its layout of colours and edges."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.media.image import MAX_PIXELS, read_image
from polymodal.media.media_cell import media_cell
from polymodal.media.video import read_evenly
from polymodal.preprocess.modality import check_range
from polymodal.preprocess.numbers.measured_steps import MeasuredSteps
from polymodal.preprocess.pixels.pictures import resize, set_channels

__all__ = ["Pictures"]

_CELLS = 4  # of the grid, along each side
_CELL_PIXELS = 8  # along each side
_ANGLES = 8  # that the directions of edges are told apart by
_WIDTH = _CELLS * _CELLS * (3 + _ANGLES)
_LEAST = 1e-3  # strength of the edges of a cell, of which a grey one has none


class Pictures(MeasuredSteps):
    """A list of pictures or videos, one for each step, each as a vector: the mean colours of the
    cells of a grid of four by four, and how strong edges are there in each of eight directions.

    A video has the mean over its frames, and with `motion` their deviation too. A step that is None
    is missing, as in `Sequence`, and each number is standardised by the train split. A file is
    decoded once, its numbers are kept.

    Source: histograms of oriented gradients are those of Dalal and Triggs 2005, "Histograms of
    Oriented Gradients for Human Detection", without overlapping blocks.

    Args:
        num_frames: int, frames of a video, at equal distances.
        motion: bool, whether the deviation over the frames of a video is measured too.
        max_length: int, steps; longer sequences are cut there.
        noise: float, augmentation: normal noise of this many standard deviations.
        max_pixels: int, larger pictures are refused before they are decoded.

    Example:

    >>> Pictures().shape
    (None, 176)
    """

    def __init__(
        self,
        num_frames: int = 8,
        motion: bool = False,
        max_length: int = 512,
        noise: float = 0.1,
        max_pixels: int = MAX_PIXELS,
    ):
        check_range("Pictures", "num_frames", num_frames, 1, 1000)
        super().__init__("picture or video", _WIDTH * (1 + motion), max_length, noise)
        self.num_frames, self.motion, self.max_pixels = num_frames, motion, max_pixels

    @classmethod
    def suggest(cls, cells: Iterable[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        lists = [cell for cell in cells if isinstance(cell, list)]
        steps = [step for cell in lists for step in cell if step is not None]
        if not steps:
            return {}
        return {
            "motion": any(_is_video(step, root) for step in steps),
            "max_length": min(2048, max(8, 2 * max(map(len, lists)))),
        }

    def measure(self, step: Any, root: str | os.PathLike | None) -> np.ndarray:
        if _is_video(step, root):
            frames = read_evenly(step, root, self.num_frames, self.max_pixels)
        else:
            frames = [read_image(step, root, self.max_pixels)]
        found = np.stack([layout(one) for one in frames])
        if not self.motion:
            return found.mean(axis=0)
        return np.concatenate([found.mean(axis=0), found.std(axis=0)])


def layout(pixels: np.ndarray) -> np.ndarray:
    """Returns float32 (176,), the mean colours of a grid of cells and the strengths of their edges.

    Args:
        pixels: uint8 (height, width, channels).
    """
    side = _CELLS * _CELL_PIXELS
    small = resize(set_channels(pixels, 3), (side, side)).astype(np.float32) / 255
    colours = _cells(small).mean(axis=(1, 3))
    down, across = np.gradient(small.mean(axis=2))
    strength = np.hypot(down, across)
    angle = np.arctan2(down, across) % np.pi  # an edge from dark to light is as one from light
    chosen = np.minimum((angle / np.pi * _ANGLES).astype(int), _ANGLES - 1)
    each = np.where(chosen[..., None] == np.arange(_ANGLES), strength[..., None], 0)
    edges = _cells(each).sum(axis=(1, 3))
    edges = np.sqrt(edges / (edges.sum(axis=-1, keepdims=True) + _LEAST))
    return np.concatenate([colours.ravel(), edges.ravel()]).astype(np.float32)


def _cells(values: np.ndarray) -> np.ndarray:
    """Returns (cells, pixels, cells, pixels, numbers) of (height, width, numbers)."""
    return values.reshape(_CELLS, _CELL_PIXELS, _CELLS, _CELL_PIXELS, -1)


def _is_video(step: Any, root: str | os.PathLike | None) -> bool:
    try:
        return media_cell(step).kind(root) == "video"
    except DataError:
        return False
