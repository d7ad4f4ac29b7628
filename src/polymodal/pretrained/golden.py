"""Golden outputs: the first answers of an imported part on fixed inputs, kept to compare later."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from polymodal.bundle.read import read_json
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.pretrained.card import Model
from polymodal.pretrained.language.model import LanguageModel
from polymodal.pretrained.loading import load_imported
from polymodal.pretrained.pair import Pair
from polymodal.pretrained.speech.ctc_model import CtcModel
from polymodal.pretrained.speech.model import SpeechModel
from polymodal.pretrained.speech.recordings import opened
from polymodal.pretrained.whole_assistant import WholeAssistant

__all__ = ["FILE", "Comparison", "check_folder", "compare", "record"]

FILE = "golden.json"
_ALLOWED = 1e-4  # of the largest value: other engines and versions sum in another order
_TEXTS = (
    "A dog runs on the beach.",
    "Zwei Hunde schlafen.",
    "It was the best of films, it was the worst of films; nobody could say which.",
    "7",
)
_OUTPUTS = 256  # of a language model, whose logits are kept
_SIDE = 96  # pixels of the generated images
_RATE = 16000  # hertz of the generated sound


@dataclass(frozen=True)
class Comparison:
    """What comparing golden outputs found.

    Args:
        same: bool, whether this machine still gives the same answers.
        difference: float, largest difference, as a share of the largest value.
        recorded: engine and versions that the answers were recorded with.
        used: engine and versions now.
    """

    same: bool
    difference: float
    recorded: Mapping[str, Any]
    used: Mapping[str, Any]

    def __str__(self) -> str:
        names = ", ".join(f"{name} {version}" for name, version in self.used.items())
        if self.same:
            return (
                f"Golden outputs are the same with {names}: they differ by at most "
                f"{self.difference:.1e} of the largest value."
            )
        then = ", ".join(f"{name} {version}" for name, version in self.recorded.items())
        return (
            f"Golden outputs differ by {self.difference:.1e} of the largest value with "
            f"{names}; at most {_ALLOWED:.0e} is rounding. They were recorded with {then}."
        )


def record(part: Model | WholeAssistant) -> dict[str, Any]:
    """Returns the answers of a part on fixed inputs, as a JSON mapping."""
    return {"environment": _environment(), "vectors": _vectors(part).tolist()}


def compare(part: Model | WholeAssistant, recorded: Mapping[str, Any]) -> Comparison:
    """Returns whether a part still gives the answers that were recorded.

    Raises:
        BundleError: what was recorded is not what `record` returns.
    """
    found = _vectors(part)
    then = np.array([one.numbers("values") for one in _rows(recorded)], np.float32)
    if then.shape != found.shape:
        raise BundleError(
            f"{FILE} needs vectors of shape {found.shape}. Got {then.shape}. "
            "Import the model again."
        )
    largest = max(float(np.abs(then).max()), 1e-12)
    difference = float(np.abs(found - then).max()) / largest
    return Comparison(
        difference <= _ALLOWED, difference, Fields(recorded).mapping("environment"), _environment()
    )


def check_folder(folder: str | Path) -> Comparison | None:
    """Returns the comparison for a folder, or None where it holds no golden outputs."""
    folder = user_path(folder)
    if not (folder / FILE).is_file():
        return None
    model = load_imported(folder)
    if model is None:
        return None
    return compare(model, read_json(folder / FILE))


def _rows(recorded: Mapping[str, Any]) -> list[Fields]:
    rows = recorded.get("vectors")
    if not isinstance(rows, list) or not rows:
        raise BundleError(
            f'{FILE} needs a list of "vectors". Got {type(rows).__name__}. Import the model again.'
        )
    return [Fields({"values": row}) for row in rows]


def _vectors(part: Model | WholeAssistant) -> np.ndarray:
    if isinstance(part, WholeAssistant):
        return part.logits(_images(), _TEXTS[:2])[:, :_OUTPUTS]
    if isinstance(part, LanguageModel):
        return _logits(part)
    if isinstance(part, Pair):
        return part.logits(_images(), _TEXTS)
    if isinstance(part, SpeechModel):
        return _heard(part)
    if isinstance(part, CtcModel):
        return part.logits([_sound()])[0]
    if part.name == "text":
        return part.encode(_TEXTS)
    if part.name == "audio":
        return part.encode([_sound()])
    return part.encode(_images())


def _logits(model: LanguageModel) -> np.ndarray:
    """Returns the first logits after the last token of each text, float32 (texts, outputs)."""
    found = []
    for text in _TEXTS[:3]:
        ids = np.array([model.texts.ids(text)], np.int32)[:, : model.max_length]
        found.append(model.logits(ids, np.ones(ids.shape, bool))[0, -1, :_OUTPUTS])
    return np.stack(found)


def _heard(model: SpeechModel) -> np.ndarray:
    """Returns the vector of a sound, and the first logits of its transcript, (2, dim)."""
    vector = model.part.encode([_sound()])
    samples = model.part.modality.decode(_sound())
    frames = opened(lambda: [samples], model.part.modality).at(0)
    ids = np.array([[model.tokens.start_id]], np.int32)
    logits = model.logits(frames[None], ids)[0, -1:, : model.dim]
    return np.concatenate([vector, np.resize(logits, vector.shape)])


def _sound() -> bytes:
    """Returns a second of a rising tone, as WAV."""
    seconds = np.arange(_RATE) / _RATE
    samples = 0.3 * np.sin(2 * np.pi * (200 + 900 * seconds) * seconds)
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def _images() -> list[bytes]:
    """Returns two colour images as PNG: slopes of colour, and a disc."""
    down, across = np.mgrid[:_SIDE, :_SIDE]
    slopes = np.stack([down * 2, across * 2, 255 - down - across], axis=-1)
    disc = (down - _SIDE / 2) ** 2 + (across - _SIDE / 3) ** 2 < (_SIDE / 4) ** 2
    plain = np.where(disc[..., None], [220, 40, 60], [20, 120, 200])
    return [_png(np.clip(image, 0, 255).astype(np.uint8)) for image in (slopes, plain)]


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def _environment() -> dict[str, str]:
    from importlib.metadata import version

    import keras

    engine = keras.backend.backend()
    package = {"tensorflow": "tensorflow_cpu"}.get(engine, engine)
    names = {"keras": "keras", engine: package, "numpy": "numpy"}
    return {name: _version(version, package) for name, package in names.items()}


def _version(version: Any, package: str) -> str:
    try:
        return version(package)
    except Exception:  # TensorFlow goes by several names
        return version(package.removesuffix("_cpu"))
