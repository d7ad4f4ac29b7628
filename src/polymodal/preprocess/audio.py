"""Sound: mono at one rate, augmented as a waveform, encoded as a log-mel spectrogram."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.media.audio import audio_length, read_audio
from polymodal.preprocess.modality import FIT_SAMPLES, Modality, check_range
from polymodal.preprocess.numbers.statistics import Moments, mean_and_std
from polymodal.preprocess.sound.rooms import in_room
from polymodal.preprocess.sound.spectrogram import LogMel
from polymodal.preprocess.sound.waveform import Waveform
from polymodal.preprocess.sound.whisper_spectrogram import WhisperLogMel

__all__ = ["Audio"]

_FULL_SCALE = 32767.0
_SPECTROGRAMS = ("standardised", "whisper", "waveform")
_LEAST_RATE = 16000  # hertz; Whisper's bands reach 8,000 hertz
_READING = 4  # raise when decoding changes; 3 added a second decoder for broken files
_SLACK = 0.01  # seconds read beyond the bound, to know that something was left off
_NUM_MASKS = 2  # of each kind, as in SpecAugment's policy LD
_ECHO_SECONDS = 0.05  # at least, of a room
_ECHO_LEVELS = (0.1, 0.7)  # of all echoes together, relative to the sound
_LOUDNESS = (0.05, 0.95)  # shares of a recording's windows that are softer than silence and speech
_IN_ROOM = 0.5  # of the recordings, where rooms are asked for


@dataclass(frozen=True)
class Varied:
    """An augmented waveform, float32 (samples,) in -1..1, and the augmentation of its spectrogram.

    Args:
        samples: float32 (samples,).
        stretch: float, factor by which frequencies are divided.
        times: (first, last) shares of the time axis to hide, 0..1.
        bands: (first, last) shares of the mel axis to hide, 0..1.
    """

    samples: np.ndarray
    stretch: float
    times: np.ndarray
    bands: np.ndarray

    def __len__(self) -> int:
        return len(self.samples)


class Audio(Modality):
    """Sound as a log-mel spectrogram (time, num_mels), each band standardised by the train split.

    Args:
        sample_rate: int, hertz that sound is resampled to.
        max_seconds: float, longer sound is cut there.
        num_mels: int, bands of the spectrogram.
        window_seconds: float, length of one window.
        hop_seconds: float, time from one window to the next: one step.
        spectrogram: str, standardised, or whisper: the one that Whisper was trained with, which
            is limited below its loudest value and not standardised; or waveform: no spectrogram,
            each sample is a step of one number, for encoders that read samples.
        centred: bool, whether each recording's own mean spectrum is subtracted (cepstral mean
            normalisation): what voice, microphone and room add to all of it. Of a waveform, whether
            each recording is brought to mean 0 and deviation 1.
        mask: float 0..1, augmentation: largest share of time, and of bands, that one of two masks
            each hides.
        noise: float, augmentation: largest level of white noise, relative to the sound's own.
        gain_decibels: float, augmentation: largest change of loudness.
        shift_seconds: float, augmentation: largest circular shift in time.
        speed: float 0..0.5, augmentation: largest relative change of speed (and pitch). Slower
            sound is longer, so the batch bounds how slow it gets.
        warp: float 0..0.5, augmentation: largest relative change of the frequencies at the same
            speed (speaker warp, VTLP).
        room_seconds: float, augmentation: half of the recordings get room echo with a reverberation
            time of up to this; 0 for none.
        silence_seconds: float, augmentation: most silence added before and after, as far as the
            batch has room. Recordings of speech alone do not teach what pauses are. Soft noise is
            then more frequent than loud noise, so that pauses are quiet.

    Sources: Park et al. (2019), SpecAugment, https://arxiv.org/abs/1904.08779; without time
    warping, and with masks in shares, so that short and long clips are hidden alike. Jaitly and
    Hinton (2013), "Vocal tract length perturbation (VTLP) improves speech recognition", for `warp`.

    Example:

    >>> audio = Audio(sample_rate=8000, num_mels=40)
    >>> audio.encode(np.zeros(4000, np.int16)).shape, audio.length(np.zeros(4000, np.int16))
    ((48, 40), 48)
    """

    encoder = "conv_audio"
    files = ("audio", "video")
    cached = True
    has_time = True
    augmentation = (
        "mask",
        "noise",
        "gain_decibels",
        "shift_seconds",
        "speed",
        "warp",
        "room_seconds",
        "silence_seconds",
    )

    def __init__(
        self,
        sample_rate: int = 16000,
        max_seconds: float = 30.0,
        num_mels: int = 64,
        window_seconds: float = 0.025,
        hop_seconds: float = 0.01,
        spectrogram: str = "standardised",
        centred: bool = False,
        mask: float = 0.15,
        noise: float = 0.1,
        gain_decibels: float = 6.0,
        shift_seconds: float = 0.1,
        speed: float = 0.0,
        warp: float = 0.0,
        room_seconds: float = 0.0,
        silence_seconds: float = 0.0,
    ):
        if spectrogram not in _SPECTROGRAMS:
            raise RecipeError(
                f"Audio needs spectrogram {', '.join(_SPECTROGRAMS)}. Got "
                f'"{spectrogram}". Use one of these.'
            )
        check_range("Audio", "sample_rate", sample_rate, 100, 192_000)
        check_range("Audio", "max_seconds", max_seconds, 0.001, 3600)
        check_range("Audio", "num_mels", num_mels, 1, 512)
        check_range("Audio", "window_seconds", window_seconds, 2 / sample_rate, 10)
        check_range("Audio", "hop_seconds", hop_seconds, 1 / sample_rate, 10)
        check_range("Audio", "mask", mask, 0, 0.5)
        check_range("Audio", "speed", speed, 0, 0.5)
        check_range("Audio", "warp", warp, 0, 0.5)
        check_range("Audio", "room_seconds", room_seconds, 0, 10)
        check_range("Audio", "silence_seconds", silence_seconds, 0, 10)
        self.sample_rate, self.max_seconds, self.num_mels = sample_rate, max_seconds, num_mels
        self.centred = centred
        self.mask, self.noise, self.gain_decibels = mask, noise, gain_decibels
        self.shift_seconds, self.speed = shift_seconds, speed
        self.warp, self.room_seconds, self.silence_seconds = warp, room_seconds, silence_seconds
        hop_length = round(hop_seconds * sample_rate)
        self.step_seconds = hop_length / sample_rate
        window_length = round(window_seconds * sample_rate)
        self._max_samples = max(1, round(max_seconds * sample_rate))
        self.is_fixed = spectrogram != "standardised"
        self.is_waveform = spectrogram == "waveform"
        if spectrogram == "whisper":
            _check_whispers(sample_rate, centred)
            self._log_mel: LogMel = WhisperLogMel(
                sample_rate, num_mels, window_length, hop_length, self._max_samples
            )
        elif self.is_waveform:
            _check_waveform(warp)
            self._log_mel, self.num_mels = Waveform(centred), 1
            self.step_seconds = 1 / sample_rate
        else:
            self._log_mel = LogMel(sample_rate, num_mels, window_length, hop_length)
        self.limit = self._log_mel.num_frames(self._max_samples)
        self._set(np.zeros(self.num_mels, np.float32), np.ones(self.num_mels, np.float32))

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        rates: Counter = Counter()
        seconds = []
        for cell in cells:
            try:
                if cell is not None:
                    rate, length = audio_length(cell, root)
                    rates[rate] += 1
                    seconds.append(length)
            except DataError:
                continue
        if not seconds:
            return {}
        rate = min(16000, rates.most_common(1)[0][0])
        longest = float(np.percentile(seconds, 99))
        mels = 40
        if rate > 11025:
            mels = 64
        return {
            "sample_rate": rate,
            "num_mels": mels,
            "max_seconds": round(min(30.0, max(0.5, 1.1 * longest)), 1),
        }

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None, self.num_mels)

    @property
    def log_mel(self) -> LogMel:
        """What makes the spectrogram of a waveform."""
        return self._log_mel

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns int16 (samples,) at the rate in use; a little beyond the limit if longer.

        For encoders that were trained elsewhere these are float32 in -1..1, as rounding would show
        in what is soft.
        """
        return self.as_decoded(read_audio(cell, root, self.sample_rate, self.max_seconds + _SLACK))

    def as_decoded(self, samples: np.ndarray) -> np.ndarray:
        """Returns a waveform of -1 to 1 (samples,) in the form that `decode` gives."""
        if self.is_fixed:
            return np.asarray(samples, np.float32)
        return np.rint(np.clip(samples, -1, 1) * _FULL_SCALE).astype(np.int16)

    def decode_key(self) -> dict[str, Any]:
        key = {
            **super().decode_key(),
            "sample_rate": self.sample_rate,
            "max_seconds": self.max_seconds,
            "reading": _READING,
        }
        if self.is_fixed:
            key["dtype"] = "float32"
        return key

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        if self.is_fixed:
            return
        moments = Moments(smallest=1e-3)
        for samples in islice(decoded, FIT_SAMPLES):
            moments.add(self._spectrogram(self._waveform(samples)))
        self._set(*moments.result(self.num_mels))

    def augment(self, decoded: np.ndarray, rng: np.random.Generator) -> Varied:
        return self._varied(decoded, rng, self._max_samples)

    def augment_all(
        self, decoded: list[np.ndarray], rng: np.random.Generator, longest: int | None = None
    ) -> list[Varied]:
        if longest is None:
            room = self._max_samples
        else:
            room = self._log_mel.num_samples(longest)
        return [self._varied(one, rng, room) for one in decoded]

    def _varied(self, decoded: np.ndarray, rng: np.random.Generator, room: int) -> Varied:
        """Returns the waveform at another speed, position and loudness, with silence, echoes, noise
        and masks; at most `room` samples, unless it had more."""
        samples = self._waveform(decoded)
        drawn = rng.uniform(-1, 1, 3)
        if self.speed:
            slowest = max(1 - self.speed, min(1.0, len(samples) / room))
            samples = _change_speed(
                samples, slowest + (1 + self.speed - slowest) * (drawn[0] + 1) / 2
            )
        places = round(self.shift_seconds * self.sample_rate * drawn[1])
        if places:
            samples = np.roll(samples, places)
        samples = samples * np.float32(10 ** (self.gain_decibels * drawn[2] / 20))
        level = np.sqrt(np.mean(samples**2))
        if self.silence_seconds:
            samples = _in_silence(
                samples,
                rng,
                min(round(self.silence_seconds * self.sample_rate), room - len(samples)),
            )
        if self.room_seconds and rng.random() < _IN_ROOM:
            seconds = (min(_ECHO_SECONDS, self.room_seconds), self.room_seconds)
            samples = in_room(samples, self.sample_rate, rng, seconds, _ECHO_LEVELS)
        if self.noise:
            level *= self.noise * rng.random() ** (2 if self.silence_seconds else 1)
            samples += np.float32(level) * rng.standard_normal(len(samples), np.float32)
        stretch = 1.0
        if self.warp:
            stretch = 1 + rng.uniform(-self.warp, self.warp)
        return Varied(samples, stretch, _masks(rng, self.mask), _masks(rng, self.mask))

    def encode(self, decoded: np.ndarray | Varied) -> np.ndarray:
        varied = isinstance(decoded, Varied)
        if varied:
            features = self._spectrogram(decoded.samples, decoded.stretch)
        else:
            features = self._spectrogram(self._waveform(decoded))
        features *= self._scale
        features += self._offset  # (time, num_mels)
        if varied:  # hidden parts become the mean, which is 0
            for first, last in np.rint(decoded.times * len(features)).astype(int):
                features[first:last] = 0
            if self.is_waveform:
                return features
            for first, last in np.rint(decoded.bands * self.num_mels).astype(int):
                features[:, first:last] = 0
        return features

    def length(self, decoded: np.ndarray | Varied) -> int:
        return self._log_mel.num_frames(min(len(decoded), self._max_samples))

    def truncated(self, decoded: np.ndarray) -> bool:
        return len(decoded) > self._max_samples

    def state(self) -> dict[str, Any]:
        return {"mean": self.mean.tolist(), "std": self.std.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        self._set(*mean_and_std(Fields(state), self.num_mels))

    def _spectrogram(self, samples: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        """Returns (time, num_mels), not yet standardised."""
        features = self._log_mel(samples)
        if stretch != 1:
            features = self._log_mel.stretched(features, stretch)
        if self.centred and not self.is_waveform:
            loudness = features.mean(axis=1)
            # Half way between, so that the amount of silence does not matter.
            spoken = loudness >= np.quantile(loudness, _LOUDNESS).mean()
            features -= features[spoken].mean(axis=0)
        return features

    def _waveform(self, decoded: np.ndarray) -> np.ndarray:
        samples = decoded[: self._max_samples]
        if samples.dtype == np.int16:
            return samples * np.float32(1 / _FULL_SCALE)
        return samples.astype(np.float32)

    def _set(self, mean: np.ndarray, std: np.ndarray) -> None:
        self.mean, self.std = mean, std
        self._scale, self._offset = 1.0 / std, -mean / std


def _check_whispers(sample_rate: int, centred: bool) -> None:
    if sample_rate < _LEAST_RATE:
        raise RecipeError(
            f"Audio needs sample_rate of at least {_LEAST_RATE} for the spectrogram "
            f"of Whisper. Got {sample_rate}. Pass 16000."
        )
    if centred:
        raise RecipeError(
            "Audio needs centred=False for the spectrogram of Whisper. Got True. Leave centred out."
        )


def _check_waveform(warp: float) -> None:
    if warp:
        raise RecipeError(
            f"Audio needs warp=0 for a waveform, which has no bands. Got {warp}. Leave warp out."
        )


def _change_speed(samples: np.ndarray, speed: float) -> np.ndarray:
    """Plays faster, which is shorter, or slower, which is longer."""
    at = np.arange(round(len(samples) / speed)) * speed
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def _in_silence(samples: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    """Adds up to so many samples of silence, some in front and the rest behind."""
    added = round(rng.uniform(0, max(0, most)))
    before = round(rng.uniform(0, added))
    return np.pad(samples, (before, added - before))


def _masks(rng: np.random.Generator, widest: float) -> np.ndarray:
    width = rng.uniform(0, widest, _NUM_MASKS)
    first = rng.uniform(0, 1, _NUM_MASKS) * (1 - width)
    return np.stack([first, first + width], axis=1)  # (masks, 2)
