"""A few frames of a video, each as an encoder of images reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from polymodal.media.image import MAX_PIXELS, read_image
from polymodal.media.media_cell import cells_of, is_frames
from polymodal.media.video import read_evenly, read_video
from polymodal.preprocess.image import Image
from polymodal.preprocess.modality import Modality, check_range

__all__ = ["Frames"]


class Frames(Modality):
    """A few frames of a video, (frames, height, width, channels), for an encoder of images.

    They are those on screen when each of `num_frames` equal parts of the video begins; a video of
    fewer frames gives all. Of a list of pictures as many are taken, evenly. The encoder reads each
    frame alone, and the model pools its tokens.

    Args:
        num_frames: int, frames of a video at most.
        frame_tokens: int, tokens that the model keeps of each frame at most: means of neighbouring
            positions.
        size, channels, mean, std, resample, centre, short_side, max_pixels: as for Image.

    Example:

    >>> frames = Frames(num_frames=2, size=2, channels=1)
    >>> frames.encode(np.zeros((2, 2, 2, 1), np.uint8)).shape
    (2, 2, 2, 1)
    """

    encoder = "vit"
    files = ("video",)
    cached = True
    has_time = True
    several = True
    limit: int
    max_images = 1  # a video is one item of a row
    extent = ("num_frames", "frame_tokens")

    def __init__(
        self,
        num_frames: int = 8,
        frame_tokens: int = 16,
        size: int | list = 64,
        channels: int = 3,
        mean: float | list | None = None,
        std: float | list | None = None,
        resample: str | None = None,
        centre: bool = False,
        short_side: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ):
        check_range("Frames", "num_frames", num_frames, 1, 1000)
        check_range("Frames", "frame_tokens", frame_tokens, 1, 100_000)
        self.image = Image(
            size,
            channels,
            0.0,
            0.0,
            0.0,
            False,
            max_pixels,
            mean,
            std,
            resample,
            centre,
            short_side,
        )
        self.limit = self.num_parts = num_frames
        self.frame_tokens = frame_tokens

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None, *self.image.shape)

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns uint8 (frames, height, width, channels) at the size in use."""
        return np.stack([self.image.sized(one) for one in self._frames(cell, root)])

    def _frames(self, cell: Any, root: str | os.PathLike | None) -> Iterable[np.ndarray]:
        """Returns the frames as they are, uint8 (height, width, channels)."""
        bound = self.image.max_pixels
        pictures = cells_of(cell)
        if is_frames(cell) or pictures[0] is not cell:
            count = min(self.limit, len(pictures))
            chosen = [pictures[place * len(pictures) // count] for place in range(count)]
            if not all(chosen):
                return read_video(chosen, root, max_pixels=bound)  # which says what is missing
            return [read_image(one, root, bound) for one in chosen]
        return read_evenly(cell, root, self.limit, bound)

    def decode_key(self) -> dict[str, Any]:
        return {**self.image.decode_key(), **super().decode_key(), "num_frames": self.limit}

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        self.image.fit(frame for frames in decoded for frame in frames)

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        return np.asarray(self.image.encode_all(list(decoded)))

    def length(self, decoded: np.ndarray) -> int:
        return len(decoded)

    def state(self) -> dict[str, Any]:
        return self.image.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.image.restore(state)
