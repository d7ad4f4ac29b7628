"""Arrays in memory as media files: images, videos and sounds."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.errors import DataError

_CHANNELS = (1, 3, 4)
_FEWEST_PIXELS = 8  # a side; smaller arrays of two dimensions are steps and features
_SOUND = {"array", "sampling_rate"}
_PCM = {np.dtype("int16"): "PCM_16", np.dtype("int32"): "PCM_32"}
_RATES = (100, 768_000)  # hertz, that are read again


def as_file(value: Any) -> Any:
    """Returns a picture or a sound as the bytes of a file, a video as one file per frame, and any
    other value as it is.

    Args:
        value: uint8 (height, width), (height, width, channels) or (frames, height, width,
            channels); a picture of Pillow; {"array": (samples,) or (samples, channels),
            "sampling_rate": hertz}, as Hugging Face decodes sound; or (samples, hertz) in either
            order, as most libraries read it.

    Raises:
        DataError: an array of three or four dimensions that is none of these, or sound of values
            or at a rate that no file has.

    Example:

    >>> as_file(np.zeros((20, 30, 3), np.uint8))[:4]
    b'\\x89PNG'
    """
    if isinstance(value, Mapping) and value.keys() >= _SOUND and value["array"] is not None:
        return _wave(np.asarray(value["array"]), int(value["sampling_rate"]))
    if isinstance(value, tuple) and len(value) == 2:
        return _wave_of_pair(value)
    if type(value).__module__.startswith("PIL."):
        return _png(_saved_as_png(value))
    if not isinstance(value, np.ndarray) or value.ndim < 2:
        return value
    if value.ndim == 2:
        is_picture = value.dtype == np.uint8 and min(value.shape) >= _FEWEST_PIXELS
        if is_picture:
            return _picture(value)
        return value
    if value.dtype != np.uint8 or value.ndim > 4 or value.shape[-1] not in _CHANNELS:
        raise DataError(
            f"has an array of shape {value.shape} and type {value.dtype}.",
            "Give a picture as uint8 (height, width, channels), a video as uint8 (frames, height, "
            "width, channels), with values of 0 to 255.",
            reason="not_media",
        )
    if value.ndim == 4:
        return [_picture(frame) for frame in value]
    return _picture(value)


def _wave_of_pair(pair: tuple) -> Any:
    """Returns sound that is given with its rate; any other pair as it is."""
    for samples, rate in (pair, pair[::-1]):
        is_rate = isinstance(rate, int | float | np.number) and not isinstance(rate, bool)
        if is_rate and hasattr(samples, "__array__") and np.ndim(samples) in (1, 2):
            return _wave(np.asarray(samples), int(rate))
    return pair


def _picture(value: np.ndarray) -> bytes:
    from PIL import Image

    return _png(Image.fromarray(value[..., 0] if value.shape[2:] == (1,) else value))


def _saved_as_png(picture: Any) -> Any:
    """Returns a picture of Pillow in a mode that PNG has."""
    if picture.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        return picture
    return picture.convert("RGB")


def _png(picture: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    return content.getvalue()


def _wave(samples: np.ndarray, sample_rate: int) -> bytes:
    import soundfile

    if samples.ndim not in (1, 2) or not (samples.dtype.kind == "f" or samples.dtype in _PCM):
        raise DataError(
            f"has sound of shape {samples.shape} and type {samples.dtype}.",
            "Give (samples,) or (samples, channels), as floats of -1 to 1 or as int16 or int32.",
            reason="not_media",
        )
    if not _RATES[0] <= sample_rate <= _RATES[1]:
        raise DataError(
            f"has sound of {sample_rate} samples a second, expected {_RATES[0]} to {_RATES[1]}.",
            "Give the sampling rate in hertz.",
            reason="bad_header",
        )
    content = io.BytesIO()
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:
        samples = samples.T  # some decoders put channels first
    subtype = _PCM.get(samples.dtype, "FLOAT")
    if subtype == "FLOAT":
        samples = samples.astype(np.float32)  # such as float16
    soundfile.write(content, samples, sample_rate, format="WAV", subtype=subtype)
    return content.getvalue()
