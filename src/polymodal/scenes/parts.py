"""One part (train, val or test) of a written data set: its random numbers and its media files."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from PIL import Image

from polymodal.core.seeds import generator
from polymodal.scenes import speech
from polymodal.scenes.language import Language, choose

PARTS: tuple[str, ...] = ("train", "val", "test")


class Part:
    """Gives each row its own random numbers, and saves its media under the data set's folder.

    Args:
        folder: Path of the data set.
        name: str, "train", "val" or "test".
        seed: int, of the data set.
    """

    def __init__(self, folder: Path, name: str, seed: int):
        self.folder, self.name, self.seed = folder, name, seed
        self.test = name == "test"
        self.made: list[Path] = []

    def generator(self, row: int) -> np.random.Generator:
        """Returns the random numbers of a row, which depend on seed, part and row alone."""
        return generator(self.seed, PARTS.index(self.name), row)

    def save_image(self, row: int, pixels: np.ndarray) -> str:
        """Writes a PNG and returns its path relative to the data set."""
        path = self._path("images", row, "png")
        Image.fromarray(pixels).save(path, compress_level=4)
        return str(path.relative_to(self.folder))

    def save_audio(self, row: int, samples: np.ndarray) -> str:
        """Writes a 16-bit WAV file and returns its path relative to the data set."""
        path = self._path("audio", row, "wav")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(speech.sample_rate())
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        return str(path.relative_to(self.folder))

    def voice(self, language: str, rng: np.random.Generator) -> str:
        """Returns a voice of this part; train and val share theirs."""
        names = speech.voices("test" if self.test else "train", language)
        return names[int(rng.integers(len(names)))]

    def sentence(self, language: Language, patterns, slots, rng) -> tuple[list[str], str]:
        """Returns the words of one of `patterns`, and whether train has it: "seen" or "new"."""
        pattern, new = choose(patterns, self.test, rng)
        return language.say(pattern, slots, rng), "new" if new else "seen"

    def _path(self, kind: str, row: int, ending: str) -> Path:
        folder = self.folder / kind / self.name
        if folder not in self.made:
            folder.mkdir(parents=True, exist_ok=True)
            self.made.append(folder)
        return folder / f"{row:05d}.{ending}"
