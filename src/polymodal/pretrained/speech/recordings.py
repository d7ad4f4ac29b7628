"""The spectrogram of a recording of any length, window by window, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from polymodal.preprocess.audio import Audio
from polymodal.preprocess.sound.whisper_spectrogram import WhisperLogMel

__all__ = ["Recording", "opened"]

_SILENCE = -1.5  # a spectrogram's lowest value: no power at all
_RANGE = 2.0  # of a spectrogram's values below its largest

Blocks = Callable[[], Iterable[np.ndarray]]


class Recording:
    """Windows of a spectrogram, as Whisper sees them.

    Args:
        seconds: float, how long it is.
        num_frames: int, of the spectrogram.
        longest: int, frames of a window.
        window: function from the first frame and their number to float32 (frames, mels). First
            frames never go back.
        behind: float, what fills up the last window.
    """

    def __init__(
        self,
        seconds: float,
        num_frames: int,
        longest: int,
        window: Callable[[int, int], np.ndarray],
        behind: float,
    ):
        self.seconds, self.num_frames, self.longest = seconds, num_frames, longest
        self._window, self._behind = window, behind

    def at(self, first: int) -> np.ndarray:
        """Returns float32 (longest, mels): the window that starts at a frame."""
        count = min(self.longest, self.num_frames - first)
        frames = self._window(first, count)
        found = np.full((self.longest, frames.shape[1]), self._behind, np.float32)
        found[: len(frames)] = frames
        return found


def opened(blocks: Blocks, modality: Audio) -> Recording:
    """Returns a recording, of which no more than a window and a block are held.

    One that is no longer than a window is filled up with silence, as in training. A longer one is
    read twice, as the loudest value of the whole limits every window; behind it there is 0, as in
    the published libraries.

    Args:
        blocks: function that starts again to read float32 (samples,), none of them empty.
        modality: Audio with Whisper's spectrogram.
    """
    log_mel = modality.log_mel
    if not isinstance(log_mel, WhisperLogMel):
        raise TypeError("opened needs a modality with Whisper's spectrogram.")
    held: list[np.ndarray] = []
    for block in blocks():
        held.append(block)
        if sum(map(len, held)) > log_mel.longest:
            return _long(blocks, log_mel, modality.sample_rate)
    return _short(np.concatenate(held), modality, log_mel)


def _short(samples: np.ndarray, modality: Audio, log_mel: WhisperLogMel) -> Recording:
    frames, hop = modality.encode(samples), log_mel.hop_length
    behind = max(float(frames.max()) - _RANGE, _SILENCE)

    def window(first: int, count: int) -> np.ndarray:
        return frames[first:]

    return Recording(
        len(samples) / modality.sample_rate,
        -(-len(samples) // hop),
        log_mel.longest // hop,
        window,
        behind,
    )


def _long(blocks: Blocks, log_mel: WhisperLogMel, sample_rate: int) -> Recording:
    loudest, num_samples = _surveyed(blocks(), log_mel)
    frames = _Frames(blocks(), log_mel)

    def window(first: int, count: int) -> np.ndarray:
        return log_mel.scaled(frames.take(first, count), loudest)

    hop = log_mel.hop_length
    return Recording(
        num_samples / sample_rate, num_samples // hop, log_mel.longest // hop, window, 0.0
    )


def _surveyed(blocks: Iterable[np.ndarray], log_mel: WhisperLogMel) -> tuple[float, int]:
    """Returns the largest value of a recording's spectrogram, without the frame at its very end,
    and its samples."""
    counted = _Counted(blocks)
    frames, loudest, last, first = _Frames(counted, log_mel), -np.inf, -np.inf, 0
    size = log_mel.longest // log_mel.hop_length
    while len(part := frames.take(first, size)):
        loudest = max(loudest, last, float(part[:-1].max(initial=-np.inf)))
        last, first = float(part[-1].max()), first + len(part)
    return loudest, counted.total


class _Counted:
    """Yields blocks, and counts their samples."""

    def __init__(self, blocks: Iterable[np.ndarray]):
        self._blocks, self.total = blocks, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self._blocks:
            self.total += len(block)
            yield block


class _Frames:
    """Logarithms of power, of frames that only go forward. Both ends are mirrored."""

    def __init__(self, blocks: Iterable[np.ndarray], log_mel: WhisperLogMel):
        self._log_mel, self._half = log_mel, log_mel.window_length // 2
        self._blocks = self._mirrored(iter(blocks))
        self._held, self._start = np.zeros(0, np.float32), 0  # sample of the padded waveform

    def take(self, first: int, count: int) -> np.ndarray:
        """Returns float64 (frames, num_mels): up to `count` frames from `first` on."""
        hop, window = self._log_mel.hop_length, self._log_mel.window_length
        begin, end = first * hop, (first + count - 1) * hop + window
        parts, size = [self._held], len(self._held)
        while self._start + size < end and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            size += len(block)
        self._held = np.concatenate(parts)[max(0, begin - self._start) :]
        self._start = begin
        if len(self._held) < window:
            return np.zeros((0, self._log_mel.num_mels))
        return self._log_mel.powers(self._held.astype(np.float64), count)

    def _mirrored(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Yields the blocks of a long waveform between its mirrored ends."""
        half, last = self._half, next(blocks)
        while len(last) <= half:
            last = np.concatenate([last, next(blocks)])
        yield last[half:0:-1]
        for block in blocks:
            yield last[: -half - 1]
            last = np.concatenate([last[-half - 1 :], block])
        yield last
        yield last[-2 : -half - 2 : -1]
