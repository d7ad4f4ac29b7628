"""Moving pictures as frames at even moments in time."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from PIL import Image

from polymodal.core.errors import DataError
from polymodal.media.cells import open_cell, reads_cell
from polymodal.media.container import (
    MAX_PIXELS,
    decoded,
    measured_seconds,
    open_container,
    stated_seconds,
    unreadable,
)
from polymodal.media.image import image_size, read_image
from polymodal.media.media_cell import is_frames

_SHORTEST = 1e-3  # seconds that a video has at least, whatever its header says


@dataclass(frozen=True)
class VideoInfo:
    """What a header says: frames a second (0 for a list of frames), seconds, pixels, and whether
    there is a sound track."""

    frames_per_second: float
    seconds: float
    height: int
    width: int
    has_sound: bool = False


@reads_cell
def read_video(
    cell: Any,
    root: str | os.PathLike | None = None,
    frames_per_second: float = 5.0,
    max_frames: int = 64,
    size: tuple[int, int] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> np.ndarray:
    """Reads the frame that is on screen at 0, 1, 2, ... times 1 / `frames_per_second` seconds.

    Decoding stops at the last frame asked for. A cell that is a list of pictures gives each of
    them, whatever `frames_per_second` is.

    Args:
        cell: media cell, see `polymodal.media.cells`, or a list of picture cells.
        root: folder that relative paths start from.
        frames_per_second: float, above 0.
        max_frames: int, frames to read at most.
        size: (height, width) that frames are scaled to; None keeps the size of the first frame.
        max_pixels: int, larger frames are refused before they are decoded.

    Returns:
        uint8 (frames, height, width, 3).

    Raises:
        DataError: the file is missing, broken, too large, or holds no frame.
    """
    if is_frames(cell):
        return _read_pictures(cell, root, max_frames, size, max_pixels)
    source, shown = open_cell(cell, root)
    with open_container(source, shown, "video", max(max_pixels, MAX_PIXELS)) as container:
        stream = _picture_stream(container, max_pixels, shown)
        stream.codec_context.thread_count = 1  # rows are decoded in parallel already
        stream.codec_context.options = {"max_pixels": str(max_pixels)}
        pictures = _within(decoded(container, stream, source, shown), stream, max_pixels, shown)
        moments = _on_screen(pictures, stream, frames_per_second)
        frames = _scaled(moments, max_frames, size)
    if not frames:
        raise _no_frames(shown)
    return np.stack(frames)  # (frames, height, width, 3)


@reads_cell
def video_info(cell: Any, root: str | os.PathLike | None = None) -> VideoInfo:
    """Returns rate, seconds and size from a video's header; of a list, seconds is its count. A file
    whose header leaves the length open is read through, but not decoded."""
    if is_frames(cell):
        if not cell:
            raise _no_frames(None)
        height, width = image_size(cell[0], root)
        return VideoInfo(0.0, float(len(cell)), height, width)
    source, shown = open_cell(cell, root)
    with open_container(source, shown, "video") as container:
        stream = _picture_stream(container, MAX_PIXELS, shown)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        seconds = stated_seconds(container, stream) or measured_seconds(container, stream)
        return VideoInfo(
            rate,
            seconds,
            stream.codec_context.height,
            stream.codec_context.width,
            bool(container.streams.audio),
        )


def read_evenly(
    cell: Any, root: str | os.PathLike | None, count: int, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Reads the frames on screen when each of `count` equal parts of a video begins; all of a video
    that has fewer.

    Args:
        cell, root, max_pixels: as of `read_video`.
        count: int, frames at most.

    Returns:
        uint8 (frames, height, width, 3).

    Raises:
        DataError: as of `read_video`.
    """
    info = video_info(cell, root)
    rate = count / max(info.seconds, _SHORTEST)
    if info.frames_per_second:
        rate = min(rate, info.frames_per_second)
    return read_video(cell, root, rate, count, None, max_pixels)


def has_sound(cell: Any, root: str | os.PathLike | None = None) -> bool:
    """Returns whether a file of video or sound can be read and has sound."""
    try:
        return _has_sound(cell, root)
    except DataError:
        return False


@reads_cell
def _has_sound(cell: Any, root: str | os.PathLike | None = None) -> bool:
    if is_frames(cell):
        return False
    source, shown = open_cell(cell, root)
    with open_container(source, shown, "video") as container:
        return bool(container.streams.audio)


@reads_cell
def is_sound_only(cell: Any, root: str | os.PathLike | None = None) -> bool:
    """Returns whether a file has sound and no moving pictures, such as an `.mp4` of music."""
    if is_frames(cell):
        return False
    source, shown = open_cell(cell, root)
    with open_container(source, shown, "video") as container:
        return bool(container.streams.audio) and _moving(container) is None


def _moving(container: Any) -> Any:
    """Returns the first stream of moving pictures; a cover is none."""
    cover = Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & cover), None)


def _picture_stream(container: Any, max_pixels: int, shown: str) -> Any:
    stream = _moving(container)
    if stream is None:
        has_sound = bool(container.streams.audio)
        fix = "Fix the file"
        if has_sound:
            fix = "Set the modality of this input to audio"
        raise DataError(
            "has no moving pictures.",
            f"{fix}, or run with --skip-bad.",
            path=shown,
            reason="no_video",
        )
    if stream.codec_context is None:
        raise unreadable("video", shown, "no decoder for it")
    _check_size(stream.codec_context, max_pixels, shown)
    return stream


def _check_size(sized: Any, max_pixels: int, shown: str) -> None:
    pixels = sized.width * sized.height
    if pixels > max_pixels:
        raise DataError(
            f"has {pixels:,} pixels a frame, the bound is {max_pixels:,}.",
            "Shrink the video, or raise max_pixels.",
            path=shown,
            reason="video_too_large",
        )


def _within(frames: Iterator[Any], stream: Any, max_pixels: int, shown: str) -> Iterator[Any]:
    """Yields frames, and says why where the decoder refused one that is too large."""
    try:
        for frame in frames:
            _check_size(frame, max_pixels, shown)
            yield frame
    except FFmpegError:
        _check_size(stream.codec_context, max_pixels, shown)
        raise


def _on_screen(frames: Iterator[Any], stream: Any, frames_per_second: float) -> Iterator[Any]:
    """Yields the decoded frame shown at each sampled moment, lazily."""
    length = 1.0 / float(stream.average_rate or 25)  # of one frame, in seconds
    shown, start, end, moment = None, None, 0.0, 0
    for index, frame in enumerate(frames):
        time = frame.time if frame.time is not None else index * length
        if start is None:
            start = time
        while shown is not None and moment / frames_per_second < time - start - 1e-6:
            yield shown
            moment += 1
        shown, end = frame, time - start + length
    while shown is not None and moment / frames_per_second < end - 1e-6:
        yield shown
        moment += 1


def _scaled(
    frames: Iterator[Any], max_frames: int, size: tuple[int, int] | None
) -> list[np.ndarray]:
    """Converts the first `max_frames` decoded frames to pixels; a repeated one only once."""
    pixels: list[np.ndarray] = []
    before = None
    for frame in itertools.islice(frames, max_frames):
        if frame is not before:
            turns = round(frame.rotation / 90) % 4
            height, width = size or (pixels[0].shape[:2] if pixels else (None, None))
            if turns % 2:
                height, width = width, height
            array = frame.to_ndarray(
                format="rgb24", width=width, height=height, interpolation="AREA"
            )
            array = np.rot90(array, turns)
        pixels.append(array)
        before = frame
    return pixels


def _read_pictures(cell, root, max_frames, size, max_pixels) -> np.ndarray:
    frames = []
    for number, part in enumerate(cell[:max_frames], start=1):
        if part is None:
            raise DataError(
                f"has no frame {number}.",
                "Fill the list, or leave the frame out.",
                reason="missing_frame",
            )
        frame = read_image(part, root, max_pixels, at_least=size)
        if frame.shape[2] != 3:
            frame = np.repeat(frame, 3, axis=2)
        size = size or frame.shape[:2]
        if frame.shape[:2] != size:
            picture = Image.fromarray(frame).resize((size[1], size[0]), Image.Resampling.BILINEAR)
            frame = np.asarray(picture)
        frames.append(frame)
    if not frames:
        raise _no_frames(None)
    return np.stack(frames)  # (frames, height, width, 3)


def _no_frames(shown: str | None) -> DataError:
    return DataError(
        "has 0 frames.", "Fix the file, or run with --skip-bad.", path=shown, reason="empty_video"
    )
