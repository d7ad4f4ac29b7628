"""A language of whistles: each letter is a tone, so that a model of known weights can read it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import soundfile

from polymodal.core.contracts.named_task import task_named
from polymodal.preprocess.audio import Audio
from polymodal.tasks.transcribe import TranscriptTarget

RATE, STRIDE = 8000, 4
TONE_SECONDS, GAP_SECONDS = 0.09, 0.03  # of a letter
_SECOND = 25  # frames
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LETTERS = sorted(set(" ".join(WORDS)))
TONES = dict(zip(LETTERS, np.linspace(500, 3500, len(LETTERS)), strict=True))  # hertz
INPUT = {
    "modality": "audio",
    "encoder": "conv_audio",
    "width": 8,
    "time_stride": 4,
    "num_mels": 40,
    "sample_rate": RATE,
    "max_seconds": 6.0,
}  # of a small run that learns it


def whistle(text: str) -> np.ndarray:
    """Returns the sound of a text, float32 (samples,)."""
    times = np.arange(round(TONE_SECONDS * RATE)) / RATE
    fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.01)
    gap = np.zeros(round(GAP_SECONDS * RATE))
    parts = [
        np.concatenate([0.5 * fade * np.sin(2 * np.pi * TONES[letter] * times), gap])
        for letter in text
    ]
    return np.concatenate(parts).astype(np.float32)


def write_table(folder: Path, name: str, count: int, seed: int) -> Path:
    """Writes whistles of one or two words, and a table of what they say."""
    rng, rows = np.random.default_rng(seed), ["audio,said"]
    for i in range(count):
        said = " ".join(rng.choice(WORDS, rng.integers(1, 3)))
        soundfile.write(folder / f"{name}{i}.flac", whistle(said), RATE)
        rows.append(f"{name}{i}.flac,{said}")
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return folder / f"{name}.csv"


def pause(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Returns all but silence."""
    return 0.0005 * rng.standard_normal(round(seconds * RATE), dtype=np.float32)


def recording(texts: list[str], seed: int = 0, pauses: bool = True):
    """Returns the samples of texts with pauses between them, and when each word starts."""
    rng = np.random.default_rng(seed)
    parts, starts, time = [], [], 0.0
    for text in texts:
        letters = 0
        for word in text.split():
            starts.append(time + letters * (TONE_SECONDS + GAP_SECONDS))
            letters += len(word) + 1
        said = whistle(text if pauses else f"{text} ")
        said = said + pause(len(said) / RATE, rng)
        parts += [said, pause(rng.uniform(0.7, 1.2) if pauses else 0, rng)]
        time += (len(parts[-1]) + len(said)) / RATE
    return np.concatenate(parts), starts


def noisy_pauses() -> np.ndarray:
    """Returns the sound of "one two" and "three" between long pauses, in noise all along."""
    quiet = lambda seconds: np.zeros(round(seconds * RATE), np.float32)
    sound = np.concatenate([quiet(4), whistle("one two"), quiet(20), whistle("three"), quiet(9)])
    return sound + 0.008 * np.random.default_rng(5).standard_normal(len(sound), dtype=np.float32)


class Listener:
    """Stands for a Keras model: a frame says the letter whose band is loudest, or blank.

    One that `dreams` says a letter where it has heard nothing for a second, as models do that know
    no silence.
    """

    def __init__(
        self, audio: Audio, confusions: dict[str, str] | None = None, dreams: bool = False
    ):
        self.shapes: set[tuple[int, ...]] = set()
        self.confusions, self.dreams = confusions or {}, dreams
        self.bands = [int(self._loudest(audio, letter)) for letter in LETTERS]

    def _loudest(self, audio: Audio, letter: str) -> int:
        samples = np.rint(whistle(letter) * 32767).astype(np.int16)
        return audio.encode(samples).mean(axis=0).argmax()

    def predict_on_batch(self, inputs):
        features, mask = inputs["input_0"], inputs["input_0_mask"]
        self.shapes.add(features.shape)
        batch, steps, _ = features.shape
        heard = np.where(mask[..., None], features, -20)[..., self.bands]
        padded = np.pad(heard, ((0, 0), (0, -steps % STRIDE), (0, 0)), constant_values=-20)
        frames = padded.reshape(batch, -1, STRIDE, len(LETTERS)).min(axis=2)
        logits = np.full((*frames.shape[:2], len(LETTERS) + 1), -8.0)
        best = frames.argmax(axis=-1)
        loud = frames.max(axis=-1) > 0
        if self.dreams:
            near = np.apply_along_axis(np.convolve, 1, loud, np.ones(2 * _SECOND + 1))
            quiet = near[:, _SECOND:-_SECOND] == 0
            loud = loud | (quiet & (np.arange(loud.shape[1]) % _SECOND == 0))
        for (row, frame), letter in np.ndenumerate(best):
            logits[row, frame, letter if loud[row, frame] else -1] = 8
            if loud[row, frame] and (other := self.confusions.get(LETTERS[letter])):
                logits[row, frame, LETTERS.index(other)] = 8.5
        return logits.astype(np.float32)


def predictor(max_seconds: float = 6.0, **changes):
    """Returns what stands for a loaded run that understands whistles."""
    audio = Audio(RATE, max_seconds, num_mels=64)
    target = TranscriptTarget()
    target.fit(["".join(LETTERS)])
    target.restore({"labels": LETTERS})
    return SimpleNamespace(
        task=task_named("transcribe"),
        calibration=None,
        language=None,
        target=target,
        head=SimpleNamespace(guided=False, ctc_weight=1.0),
        model=Listener(audio, **changes),
        inputs=[SimpleNamespace(name="audio", key="input_0", modality=audio, columns=["audio"])],
        recipe=SimpleNamespace(inputs={"audio": {"modality": "audio"}}),
    )
