"""Sound of any kind as one channel of samples at one rate."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from polymodal.core.errors import DataError
from polymodal.data.cells import Part, open_part, reads_cell
from polymodal.data.media.container import open_container, unreadable
from polymodal.data.media.forward import COUNTED, LEAD_SECONDS, ForwardFile
from polymodal.data.media.whole import announces_nothing, check_whole

MAX_SECONDS = 600.0
_RATES = (100, 768_000)  # hertz; what lies outside is a broken header
_MAX_CHANNELS = 64
_BLOCK = 1 << 18  # frames read at once, so that memory does not depend on what the header claims
_FAR_ABOVE_FULL_SCALE = 4.0  # small overshoots are usual in compressed sound


@reads_cell
def read_audio(
    cell: Any,
    root: str | os.PathLike | None = None,
    sample_rate: int | None = 16000,
    max_seconds: float = MAX_SECONDS,
) -> np.ndarray:
    """Reads sound, mixed to one channel and resampled; of a video, its first sound track.

    WAV, FLAC, Ogg (Vorbis, Opus) and MP3 go through libsndfile, everything else through FFmpeg's
    libraries. Only the first `max_seconds` are decoded, and of a cell with `start_seconds` and
    `end_seconds` only that part. Float files far beyond full scale are scaled down to it.

    Args:
        cell: media cell or part of one, see `polymodal.data.cells`.
        root: folder that relative paths start from.
        sample_rate: int, hertz of the result; None keeps the rate of the file.
        max_seconds: float, seconds to read at most.

    Returns:
        float32 (samples,), full scale is -1 to 1.

    Raises:
        DataError: the file is missing, broken, cut short, empty, or holds NaN or infinity; or a
            part lies outside it.
    """
    part = open_part(cell, root)
    shown = part.shown
    if part.end_seconds is not None:
        max_seconds = min(max_seconds, part.end_seconds - part.start_seconds)
    try:
        samples, rate = _read_soundfile(part, max_seconds)
    except soundfile.LibsndfileError:
        samples, rate = _read_container(part, max_seconds)
    if not len(samples):
        raise DataError("holds 0 samples.", "Fix the file, or run with --skip-bad.", path=shown,
                        reason="empty_audio")
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak):
        raise DataError("holds samples that are not numbers.",
                        "Fix the file, or run with --skip-bad.", path=shown, reason="not_finite")
    if peak > _FAR_ABOVE_FULL_SCALE:
        samples = samples / peak
    if sample_rate is not None and sample_rate != rate:
        samples = _resample(samples, rate, sample_rate)
    return samples


@reads_cell
def audio_length(cell: Any, root: str | os.PathLike | None = None) -> tuple[int, float]:
    """Returns (sample rate in hertz, seconds) of a file, as its header states them, or a part."""
    part = open_part(cell, root)
    rate, seconds = _whole_length(part)
    if part.end_seconds is not None:
        seconds = min(seconds, part.end_seconds)
    return rate, max(0.0, seconds - part.start_seconds)


def _whole_length(part: Part) -> tuple[int, float]:
    try:
        info = soundfile.info(_openable(part.source))
        _check_header(info.samplerate, info.channels, part.shown)
        if not announces_nothing(info, part):
            return info.samplerate, info.frames / info.samplerate
    except soundfile.LibsndfileError:
        pass
    with open_container(part.source, part.shown, "sound") as container:
        stream = _sound_stream(container, part.shown)
        if stream.duration is not None:
            return stream.rate, float(stream.duration * stream.time_base)
        return stream.rate, (container.duration or 0) / 1e6


def _openable(source: bytes | Path) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else os.fspath(source)


def _read_soundfile(part: Part, max_seconds: float) -> tuple[np.ndarray, int]:
    shown = part.shown
    with ForwardFile(part.source) as file:
        rate = file.samplerate
        _check_header(rate, file.channels, shown)
        start = round(part.start_seconds * rate)
        wanted = max(1, round(max_seconds * rate))
        if announces_nothing(file, part):
            return _read_container(part, max_seconds)
        check_whole(file, part, start + wanted)
        part.check_inside(file.frames / rate)
        wanted = min(wanted, file.frames - start)
        file.go_to(start)
        blocks, missing = [], wanted
        while missing > 0:
            block = file.read(min(missing, _BLOCK), dtype="float32", always_2d=True)
            if not len(block):
                break
            blocks.append(block.mean(axis=1) if block.shape[1] > 1 else block[:, 0])
            missing -= len(block)
        if missing > 0 and file.format in COUNTED:
            raise DataError(f"ends after {(wanted - missing) / rate:.2f} of {wanted / rate:.2f} s.",
                            "Fix the file, or run with --skip-bad.", path=shown,
                            reason="truncated_file")
    return _joined(blocks), rate


def _read_container(part: Part, max_seconds: float) -> tuple[np.ndarray, int]:
    with open_container(part.source, part.shown, "sound") as container:
        stream = _sound_stream(container, part.shown)
        rate = stream.rate
        wanted = max(1, round(max_seconds * rate))
        if part.start_seconds > LEAD_SECONDS:
            container.seek(round((part.start_seconds - LEAD_SECONDS) / stream.time_base),
                           stream=stream)
        to_float = av.AudioResampler(format="fltp", rate=rate)
        blocks, count, skipped = [], 0, None
        for frame in container.decode(stream):
            if skipped is None:  # samples before the part
                skipped = max(0, round((part.start_seconds - (frame.time or 0)) * rate))
            for block in to_float.resample(frame):
                blocks.append(block.to_ndarray().mean(axis=0))  # (channels, samples) -> (samples,)
                count += block.samples
            if count >= skipped + wanted:
                break
    skipped = skipped or 0
    if count < skipped + wanted:
        part.check_inside(_whole_length(part)[1])
    return _joined(blocks)[skipped : skipped + wanted], rate


def _sound_stream(container: Any, shown: str) -> Any:
    if not container.streams.audio:
        raise DataError("holds no sound.", "Fix the file, or run with --skip-bad.", path=shown,
                        reason="no_sound")
    stream = container.streams.audio[0]
    if not getattr(stream, "rate", None):  # PyAV has no such name where there is no decoder
        raise unreadable("sound", shown, "no decoder for it")
    _check_header(stream.rate, stream.channels, shown)
    return stream


def _check_header(rate: int, channels: int, shown: str) -> None:
    if not _RATES[0] <= rate <= _RATES[1]:
        raise DataError(f"claims {rate} samples a second, expected {_RATES[0]} to {_RATES[1]}.",
                        "Fix the file, or run with --skip-bad.", path=shown, reason="bad_header")
    if channels > _MAX_CHANNELS:
        raise DataError(f"claims {channels} channels, expected at most {_MAX_CHANNELS}.",
                        "Fix the file, or run with --skip-bad.", path=shown, reason="bad_header")


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    if len(blocks) == 1:
        return np.ascontiguousarray(blocks[0], np.float32)
    return np.concatenate(blocks, dtype=np.float32) if blocks else np.zeros(0, np.float32)


def _resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    resampled = soxr.resample(samples, rate, new_rate, quality="HQ").astype(np.float32, copy=False)
    if len(resampled):
        return resampled
    return samples[:1].copy()  # a click shorter than one new sample
