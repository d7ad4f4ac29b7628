"""Pictures, sounds and videos of examples as data URIs that every browser can show."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.evaluation.report.attention import attention_strip
from polymodal.evaluation.report.spectrogram import is_broad, spectrogram_lines
from polymodal.evaluation.report.waveform import waveform
from polymodal.media.address import data_uri
from polymodal.media.cells import Part
from polymodal.media.sound import open_sound
from polymodal.preprocess.vector import from_json
from polymodal.text.dialogue.messages import from_cell, parts_of

__all__ = ["show"]

MOST_PIXELS = 512  # side of a picture; larger ones are made smaller
MOST_BYTES = 300_000  # a picture or sound above this is encoded again
MOST_SECONDS = 15
MOST_SAMPLES = 30_000_000  # read of a sound, whatever it unpacks to
MOST_FRAMES = 8
MOST_LETTERS = 1500
NUM_PEAKS = 64
_PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_PIXELS = {True: "RGBA", False: "RGB"}  # by whether something is transparent
_SOUNDS = {"WAV": "audio/wav", "FLAC": "audio/flac", "OGG": "audio/ogg", "MPEG": "audio/mpeg"}


def show(value: Mapping[str, Any]) -> dict[str, Any]:
    """Returns how one input of an example is shown.

    Args:
        value: {"modality", "value"} and, for samples of sound, "sample_rate"; for sound also
            recognised "words", as `spectrogram_lines` takes them; for an image also
            "looks", as `attention_strip` takes them.

    Returns:
        {"kind": "text" | "pictures" | "sound" | "video" | "table" | "numbers" | "missing" |
        "broken", ...} with what that kind needs. Nothing raises: an input that cannot be shown
        says so in its place.
    """
    content, modality = value.get("value"), value.get("modality", "text")
    if content is None:
        return {"kind": "missing"}
    try:
        return _SHOWN.get(modality, _numbers)(content, value)
    except Exception as error:  # decoders raise of every kind
        return {"kind": "broken", "text": f"cannot be shown here ({type(error).__name__})"}


def _text(content: Any, _: Mapping) -> dict[str, Any]:
    text = str(content)
    return {"kind": "text", "text": text[:MOST_LETTERS] + "…" * (len(text) > MOST_LETTERS)}


def _texts(content: Any, value: Mapping) -> dict[str, Any]:
    steps = from_json(content)
    return _text(" / ".join("–" if step is None else str(step) for step in steps), value)


def _conversation(content: Any, value: Mapping) -> dict[str, Any]:
    """Shows messages as a person reads them: who says what, one after the other."""
    turns = []
    for one in from_cell(content):
        parts = parts_of(one["content"])
        said = " ".join(part.get("text") or f"[{part['type']}]" for part in parts)
        turns.append(f"{one['role']}: {said}")
    return _text(" / ".join(turns), value)


def _pictures(content: Any, value: Mapping) -> dict[str, Any]:
    frames = content if isinstance(content, list | tuple) else [content]
    pick = np.linspace(0, len(frames) - 1, min(len(frames), MOST_FRAMES)).astype(int)
    looks = value.get("looks")  # of one picture, never of a video's frames
    return {
        "kind": "pictures",
        "pictures": [_picture(frames[i]) for i in pick],
        "total": len(frames),
        "looks": attention_strip(content, looks) if looks else [],
    }


def _picture(content: Any) -> dict[str, Any]:
    from PIL import Image

    if isinstance(content, np.ndarray):
        image = Image.fromarray(content[..., 0] if content.shape[-1] == 1 else content)
        image.format = "array"
    else:
        image = Image.open(io.BytesIO(content))
    width, height = image.size
    mime: str | None = _PICTURES.get(str(image.format))
    data: Any = content
    if mime is None or max(width, height) > MOST_PIXELS or len(data) > MOST_BYTES:
        mime, data = _encode(image)
    else:
        image.load()  # a damaged file fails here instead of in the browser
    return {
        "uri": data_uri(mime, data),
        "width": width,
        "height": height,
        "small": max(width, height) <= 96,
    }


def _encode(image: Any) -> tuple[str, bytes]:
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    clear = "A" in image.getbands() or "transparency" in image.info
    image = image.convert(_PIXELS[clear])
    image.thumbnail((MOST_PIXELS, MOST_PIXELS))
    kind = "PNG"
    if not clear and max(image.size) > 96:  # small drawings stay sharp as PNG
        kind = "JPEG"
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=85)
    return f"image/{kind.lower()}", buffer.getvalue()


def _sound(content: Any, value: Mapping) -> dict[str, Any]:
    samples, rate, mime = _read_sound(content, value)
    seconds, data = len(samples) / rate, content
    words = value.get("words")
    lines = [] if words is None else spectrogram_lines(samples, rate, words)
    if mime is None or len(data) > MOST_BYTES:
        samples = samples[: MOST_SECONDS * rate]
        mime, data = _encode_sound(samples, rate)
    here = len(samples) / rate
    cut = ""
    if here < seconds:
        cut = f", the first {here:.0f} s here"
    return {
        "kind": "sound",
        "uri": data_uri(mime, data),
        "wave": waveform(_peaks(samples)),
        "lines": lines,
        "broad": bool(lines) and is_broad(seconds),
        "text": f"{seconds:.1f} s{cut}",
    }


def _read_sound(content: Any, value: Mapping) -> tuple[np.ndarray, int, str | None]:
    """Returns samples, their rate, and the media type if a browser plays the bytes as they are."""
    if isinstance(content, np.ndarray):
        return content.astype(np.float32), int(value["sample_rate"]), None
    with open_sound(Part(content, "sound")) as sound:
        blocks = list(sound.blocks(MOST_SAMPLES / sound.rate))
        return np.concatenate(blocks), sound.rate, _SOUNDS.get(sound.form)


def _encode_sound(samples: np.ndarray, rate: int) -> tuple[str, bytes]:
    import soundfile

    buffer, short = io.BytesIO(), len(samples) < 3 * rate
    if short:
        kind, subtype, mime = ("WAV", "PCM_16", "audio/wav")
    else:
        kind, subtype, mime = ("OGG", "VORBIS", "audio/ogg")
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return mime, buffer.getvalue()


def _peaks(samples: np.ndarray) -> list[float]:
    """Returns the loudest sample of each of 64 parts, relative to the loudest of all."""
    parts = np.array_split(np.abs(samples), NUM_PEAKS)
    peaks = np.array([part.max() if len(part) else 0.0 for part in parts])
    return (peaks / max(peaks.max(), 1e-9)).tolist()


def _video(content: Any, value: Mapping) -> dict[str, Any]:
    if not isinstance(content, bytes):
        return _pictures(list(content), value)
    if content[4:8] == b"ftyp":
        mime = "video/mp4"
    elif content[:4] == b"\x1aE\xdf\xa3":
        mime = "video/webm"
    else:
        return {"kind": "broken", "text": "browsers cannot play this kind of video"}
    if len(content) > 20 * MOST_BYTES:
        return {"kind": "broken", "text": f"too large to embed ({len(content) / 1e6:.0f} MB)"}
    return {"kind": "video", "uri": data_uri(mime, content)}


def _table(content: Any, value: Mapping) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        return _numbers(content, value)
    cells = [(str(name), "–" if cell is None else str(cell)) for name, cell in content.items()]
    return {"kind": "table", "cells": cells[:20], "total": len(cells)}


def _numbers(content: Any, _: Mapping) -> dict[str, Any]:
    numbers = np.asarray(content, np.float64)
    shape = " × ".join(str(side) for side in numbers.shape)
    values = numbers.ravel()[:6]
    start = ", ".join(f"{number:.3g}" for number in values)
    return {
        "kind": "numbers",
        "text": f"{shape} numbers: {start}" + " …" * (numbers.size > len(values)),
    }


_SHOWN = {
    "text": _text,
    "texts": _texts,
    "image": _pictures,
    "audio": _sound,
    "video": _video,
    "frames": _video,
    "tiled_image": _pictures,
    "tabular": _table,
    "vector": _numbers,
    "sequence": _numbers,
    "conversation": _conversation,
}


def describe_inputs(inputs: Mapping[str, Mapping[str, Any]]) -> Sequence[dict[str, Any]]:
    """Returns the shown form of each input, pictures before sounds before text."""
    shown = [
        {"name": name, "modality": value.get("modality", "text"), **show(value)}
        for name, value in inputs.items()
    ]
    order = {
        "image": 0,
        "tiled_image": 0,
        "video": 0,
        "frames": 0,
        "audio": 1,
        "text": 2,
        "texts": 2,
        "conversation": 2,
    }
    return sorted(shown, key=lambda one: order.get(one["modality"], 3))
