"""Small media files, written by the tests that read them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile


def tone(seconds: float = 0.5, rate: int = 16000, hertz: float = 440.0) -> np.ndarray:
    """Returns a quiet sine, float32."""
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype("f4")


def write_sound(path: Path, samples: np.ndarray, rate: int = 16000, **options) -> Path:
    """Writes what libsndfile can: .wav, .flac, .ogg, .mp3."""
    soundfile.write(path, samples, rate, **options)
    return path


def write_container(
    path: Path,
    samples: np.ndarray | None = None,
    rate: int = 16000,
    frames: np.ndarray | None = None,
    frames_per_second: int = 10,
) -> Path:
    """Writes .m4a, .mp4 and the like, with sound, frames (count, height, width, 3), or both."""
    with av.open(str(path), "w") as container:
        sound = picture = None
        if frames is not None:
            picture = container.add_stream("mpeg4", rate=frames_per_second)
            picture.height, picture.width = frames.shape[1:3]
            picture.pix_fmt = "yuv420p"
            picture.bit_rate = 2_000_000
        if samples is not None:
            sound = container.add_stream("aac", rate=rate, layout="mono")
        for pixels in [] if frames is None else frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(picture.encode(frame))
        if picture is not None:
            container.mux(picture.encode(None))
        for start in range(0, 0 if samples is None else len(samples), 1024):
            block = samples[None, start : start + 1024]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", "mono")
            frame.sample_rate, frame.pts = rate, start
            container.mux(sound.encode(frame))
        if sound is not None:
            container.mux(sound.encode(None))
    return path


def raw_stream(*sizes: tuple[int, int]) -> bytes:
    """Returns H.264 without a container, a few frames of each (height, width)."""
    content = b""
    for height, width in sizes:
        coder = av.CodecContext.create("libx264", "w")
        coder.height, coder.width, coder.pix_fmt = height, width, "yuv420p"
        coder.time_base, coder.framerate = Fraction(1, 25), 25
        coder.options = {"preset": "ultrafast"}
        frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), format="rgb24")
        for number in range(4):
            frame.pts = number
            content += b"".join(bytes(packet) for packet in coder.encode(frame))
        content += b"".join(bytes(packet) for packet in coder.encode(None))
    return content
