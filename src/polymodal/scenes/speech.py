"""Speaks sentences by joining recorded word clips, with a room, noise and level of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.preprocess.sound.rooms import in_room

_FOLDER = Path(__file__).parent
_ECHO_SECONDS = (0.1, 0.35)  # until the echoes of a room have died away
_ECHO_LEVELS = (0.2, 0.5)


@cache
def index() -> dict:
    """Returns what is known about the clips: synthesiser, licence, voices, place of each word."""
    return json.loads((_FOLDER / "voices.json").read_text(encoding="utf-8"))


def sample_rate() -> int:
    """Returns the sample rate of everything spoken here, in hertz."""
    return index()["sample_rate"]


def voices(part: str, language: str = "en") -> list[str]:
    """Returns the names of the voices that speak a language in a part.

    Args:
        part: str, "train" or "test"; no voice is in both.
        language: str, "en" or "zh".
    """
    return [
        name
        for name, voice in index()["voices"].items()
        if (voice["part"], voice["language"]) == (part, language)
    ]


def clip(voice: str, word: str) -> np.ndarray:
    """Returns one recorded word, float32 of shape (samples,).

    Raises:
        RecipeError: no such voice, or the voice never recorded the word.
    """
    clips = index()["clips"]
    if voice not in clips:
        raise RecipeError(unknown("voice", voice, clips))
    if word not in clips[voice]:
        raise RecipeError(unknown("recorded word", word, clips[voice]))
    start, length = clips[voice][word]
    return _recording()[start : start + length].astype(np.float32) / 32768


def speak(words: Sequence[str], voice: str, rng: np.random.Generator, test: bool) -> np.ndarray:
    """Returns a spoken sentence.

    Args:
        words: words that are among the clips.
        voice: str, a name from `voices`.
        rng: numpy Generator for pauses, speed, level, noise and room.
        test: bool, True adds a reverberating room and more noise; otherwise it is quiet.

    Returns:
        float32 array of shape (samples,) in -1..1 at `sample_rate()`.
    """
    pieces = [_silence(rng, 0.05, 0.2)]
    for word in words:
        pieces += [clip(voice, word), _silence(rng, 0.01, 0.06)]
    pieces.append(_silence(rng, 0.05, 0.15))
    spoken = _stretched(np.concatenate(pieces), rng.uniform(0.94, 1.06))
    if test:
        spoken = in_room(spoken, sample_rate(), rng, _ECHO_SECONDS, _ECHO_LEVELS)
    noise_decibels = rng.uniform(15, 25) if test else rng.uniform(20, 40)
    spoken = spoken + _noise(len(spoken), rng) * _level(spoken) * 10 ** (-noise_decibels / 20)
    spoken = spoken * 10 ** (rng.uniform(-6, 3) / 20)
    return spoken.clip(-1, 1).astype(np.float32)


@cache
def _recording() -> np.ndarray:
    return soundfile.read(_FOLDER / "voices.ogg", dtype="int16")[0]


def _silence(rng: np.random.Generator, low_seconds: float, high_seconds: float) -> np.ndarray:
    return np.zeros(round(rng.uniform(low_seconds, high_seconds) * sample_rate()), np.float32)


def _stretched(samples: np.ndarray, factor: float) -> np.ndarray:
    """Slower and lower, or faster and higher, as when a tape runs at another speed."""
    places = np.arange(0, len(samples) - 1, 1 / factor)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def _noise(length: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of level 1 between white and one with more low than high tones."""
    white = rng.standard_normal(length + 1, dtype=np.float32)
    share = rng.uniform(0, 0.9)
    mixed = white[1:] + share * white[:-1]
    return mixed / np.sqrt(1 + share**2)


def _level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))
