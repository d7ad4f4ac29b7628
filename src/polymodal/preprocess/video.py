"""Video: frames sampled by time, at one size, standardised."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.media.container import MAX_PIXELS
from polymodal.media.video import read_video, video_info
from polymodal.preprocess.modality import FIT_SAMPLES, Modality, check_range
from polymodal.preprocess.numbers.statistics import Moments, mean_and_std
from polymodal.preprocess.pixels.pictures import (
    TINY,
    as_size,
    resize,
    set_channels,
    standardise,
    suggest_size,
    vary,
)

__all__ = ["Video"]

_FRAMES = 32  # that a suggestion aims at
_RATES = (0.5, 10.0)  # frames a second that a suggestion stays within


class Video(Modality):
    """Frames of a video, or a list of pictures, each channel standardised by the train split.

    The sound of the same file is reached by naming its column a second time, with modality audio.

    Args:
        size: int or [height, width] of a frame in pixels.
        frames_per_second: float, frames taken from a second; a list of pictures is taken whole.
        max_frames: int, longer videos are cut there.
        channels: 1 or 3.
        shift, crop, colour: float 0..1, augmentation as of an image, equal for all frames.
        flip: bool, augmentation: mirror left to right; None does so above 32 pixels.
        max_pixels: int, larger frames are refused before they are decoded.
    """

    encoder = "frame_rnn"
    files = ("video",)
    cached = True
    has_time = True
    limit: int
    augmentation = ("shift", "crop", "colour", "flip")

    def __init__(
        self,
        size: int | list = 64,
        frames_per_second: float = 5.0,
        max_frames: int = 64,
        channels: int = 3,
        shift: float = 0.1,
        crop: float = 0.1,
        colour: float = 0.2,
        flip: bool | None = None,
        max_pixels: int = MAX_PIXELS,
    ):
        if channels not in (1, 3):
            raise RecipeError(f"Video needs channels of 1 or 3. Got {channels}.")
        for name, value in (("shift", shift), ("crop", crop), ("colour", colour)):
            check_range("Video", name, value, 0, 0.9)
        check_range("Video", "frames_per_second", frames_per_second, 0.001, 1000)
        check_range("Video", "max_frames", max_frames, 1, 100_000)
        self.size = as_size("Video", size) or (64, 64)
        self.frames_per_second, self.limit, self.channels = frames_per_second, max_frames, channels
        self.shift, self.crop, self.colour, self.flip = shift, crop, colour, flip
        self.max_pixels = max_pixels
        self._set(np.full(channels, 127.5, np.float32), np.full(channels, 64, np.float32))

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        infos = []
        for cell in cells:
            try:
                if cell is not None:
                    infos.append(video_info(cell, root))
            except DataError:
                continue
        if not infos:
            return {}
        seconds = float(np.percentile([info.seconds for info in infos], 99))
        found: dict[str, Any] = {"size": suggest_size([(i.height, i.width) for i in infos])}
        if not any(info.frames_per_second for info in infos):
            return {**found, "max_frames": min(256, max(1, round(seconds)))}
        slow, fast = _RATES
        fast = min(fast, min(i.frames_per_second for i in infos if i.frames_per_second))
        rate = round(max(slow, min(fast, _FRAMES / max(seconds, 0.1))), 2)
        frames = min(2 * _FRAMES, max(1, math.ceil(1.1 * seconds * rate)))
        return {**found, "frames_per_second": rate, "max_frames": frames}

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None, *self.size, self.channels)

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns uint8 (frames, height, width, channels); one frame above the limit if longer."""
        frames = read_video(
            cell, root, self.frames_per_second, self.limit + 1, self.size, self.max_pixels
        )
        return set_channels(frames, self.channels)

    def decode_key(self) -> dict[str, Any]:
        return {
            **super().decode_key(),
            "size": self.size,
            "channels": self.channels,
            "frames_per_second": self.frames_per_second,
            "max_frames": self.limit,
            "max_pixels": self.max_pixels,
        }

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        moments = Moments()
        for frames in islice(decoded, FIT_SAMPLES // 4):
            moments.add(frames[: self.limit])
        self._set(*moments.result(self.channels))

    def augment(self, decoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        flip = min(self.size) > TINY if self.flip is None else self.flip
        return vary(decoded[None, : self.limit], rng, self.shift, self.crop, self.colour, flip)[0]

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        frames = decoded[: self.limit]
        if frames.shape[1:3] != self.size:
            frames = np.stack([resize(frame, self.size) for frame in frames])
        return standardise(set_channels(frames, self.channels), self._scale, self._offset)

    def length(self, decoded: np.ndarray) -> int:
        return min(len(decoded), self.limit)

    def truncated(self, decoded: np.ndarray) -> bool:
        return len(decoded) > self.limit

    def state(self) -> dict[str, Any]:
        return {"mean": self.mean.tolist(), "std": self.std.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        self._set(*mean_and_std(Fields(state), self.channels))

    def _set(self, mean: np.ndarray, std: np.ndarray) -> None:
        self.mean, self.std = mean, std
        self._scale, self._offset = 1.0 / std, -mean / std
