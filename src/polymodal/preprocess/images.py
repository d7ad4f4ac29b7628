"""Images: one picture or video per step of a sequence, as an encoder of images reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.media.image import MAX_PIXELS, read_image
from polymodal.media.media_cell import media_cell
from polymodal.media.video import read_evenly
from polymodal.preprocess.frames import Frames
from polymodal.preprocess.modality import check_range
from polymodal.preprocess.sequence import listed_steps

__all__ = ["Images"]


class Images(Frames):
    """A list of pictures, one for each step, (steps, height, width, channels), for an encoder of
    images: it reads each of them alone, and the model keeps the mean of its tokens.

    A step that is None is missing: it is NaN in what `encode` returns, and zeros with mask False in
    the batch. Of a video the frame in its middle is read. Without such an encoder, `Pictures`
    measures pictures of steps.

    Args:
        max_length: int, steps; longer sequences are cut there.
        size, channels, mean, std, resample, centre, short_side, max_pixels: as for Image.

    Example:

    >>> images = Images(size=2, channels=1)
    >>> images.encode(np.ones((3, 2, 2, 2), np.uint8)).shape  # the last channel says what is there
    (3, 2, 2, 1)
    """

    files = ()
    has_gaps = True
    extent = ("max_length",)

    def __init__(
        self,
        max_length: int = 512,
        size: int | list = 64,
        channels: int = 3,
        mean: float | list | None = None,
        std: float | list | None = None,
        resample: str | None = None,
        centre: bool = False,
        short_side: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ):
        check_range("Images", "max_length", max_length, 1, 1_000_000)
        super().__init__(1, 1, size, channels, mean, std, resample, centre, short_side, max_pixels)
        self.limit, self.num_parts = max_length, 1

    @classmethod
    def suggest(cls, cells: Iterable[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        longest = max([0, *(len(cell) for cell in cells if isinstance(cell, list))])
        return {"max_length": min(2048, max(8, 2 * longest))}

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns uint8 (steps, height, width, channels + 1) at the size in use, one step above the
        limit if longer; the last channel is 1, and 0 in steps that are missing."""
        fix = "Check the modality of this column."
        steps = listed_steps(cell, "picture or video", fix)[: self.limit + 1]
        shown = [
            None if step is None else self._sized(step, root, n + 1) for n, step in enumerate(steps)
        ]
        shape = next((one.shape for one in shown if one is not None), (1, 1, 1))
        found = np.zeros((len(steps), *shape[:2], shape[2] + 1), np.uint8)
        for place, one in enumerate(shown):
            if one is not None:
                found[place, ..., :-1], found[place, ..., -1] = one, 1
        return found

    def _sized(self, step: Any, root: str | os.PathLike | None, number: int) -> np.ndarray:
        try:
            if media_cell(step).kind(root) == "video":
                picture = read_evenly(step, root, 2, self.image.max_pixels)[-1]
            else:
                picture = read_image(step, root, self.image.max_pixels)
            return self.image.sized(picture)
        except DataError as error:
            error.problem = f"at step {number} {error.problem}"
            raise

    def decode_key(self) -> dict[str, Any]:
        return {**super().decode_key(), "limit": self.limit}

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        self.image.fit(step[..., :-1] for steps in decoded for step in steps if step[0, 0, -1])

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        kept = decoded[: self.limit]
        there = kept[:, 0, 0, -1] > 0
        found = np.full((*kept.shape[:3], kept.shape[3] - 1), np.nan, np.float32)
        if there.any():
            found[there] = self.image.encode_all(list(kept[there][..., :-1]))
        return found

    def length(self, decoded: np.ndarray) -> int:
        return min(len(decoded), self.limit)

    def truncated(self, decoded: np.ndarray) -> bool:
        return len(decoded) > self.limit
