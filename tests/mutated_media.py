"""Media files that were damaged at random, and what reading each of them gives.

    python tests/mutated_media.py NAME SEED COUNT

reads COUNT damaged copies of one file and prints a line of JSON before and after each, so that a
process that dies or hangs tells on which. The seed and the number alone decide the damage.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image

from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.media.image import read_image
from polymodal.media.video import read_video

KINDS = ("flip", "cut", "delete", "insert", "overwrite")
RATE = 16_000
_CHECKED = ("flac", "ogg", "opus", "png")  # whose checksums cover all that is decoded
_ENDLESS = ("ts", "adts")  # streams: a cut between two packets cannot be seen
_TOLERANCE = 0.05  # seconds
_MEMORY = 8 << 30  # bytes of addresses that a process may take


def _sound(seconds: float = 1.5, rate: int = RATE) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).standard_normal(len(times))
    return (0.3 * np.sin(2 * np.pi * 440 * times) + 0.02 * noise).astype("f4")


def _file(suffix: str, **options) -> Callable[[], bytes]:
    def make() -> bytes:
        buffer = io.BytesIO()
        soundfile.write(buffer, _sound(), RATE, format=suffix, **options)
        return buffer.getvalue()

    return make


def _pixels(shift: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[:48, :64]
    smooth = np.stack([columns * 3, rows * 4, rows + columns + 9 * shift], -1)
    noise = np.random.default_rng(shift).integers(0, 20, smooth.shape)
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def _picture(form: str, mode: str = "RGB", num_frames: int = 1, **options) -> Callable[[], bytes]:
    def make() -> bytes:
        frames = [Image.fromarray(_pixels(i)) for i in range(num_frames)]
        if mode == "I;16":
            frames = [Image.fromarray(_pixels()[:, :, 0].astype(np.uint16) * 257)]
        elif mode == "P":
            frames = [frame.quantize(32) for frame in frames]
        elif mode != "RGB":
            frames = [frame.convert(mode) for frame in frames]
        more = {"save_all": True, "append_images": frames[1:]} if num_frames > 1 else {}
        buffer = io.BytesIO()
        frames[0].save(buffer, form, **more, **options)
        return buffer.getvalue()

    return make


def _container(
    suffix: str,
    picture: str | None,
    sound: str | None,
    rate: int = RATE,
    fps: int = 10,
    form: str | None = None,
    **options,
) -> Callable[[], bytes]:
    def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a.{suffix}"
            with av.open(str(path), "w", format=form, options=options) as container:
                _mux(container, picture, sound, rate, fps)
            return path.read_bytes()

    return make


def _mux(container, picture: str | None, sound: str | None, rate: int, fps: int) -> None:
    video = container.add_stream(picture, rate=fps) if picture else None
    audio = container.add_stream(sound, rate=rate, layout="mono") if sound else None
    if video is not None:
        video.height, video.width, video.pix_fmt, video.bit_rate = 48, 64, "yuv420p", 300_000
        for number in range(round(1.5 * fps)):
            frame = av.VideoFrame.from_ndarray(_pixels(number), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    if audio is not None:
        queue = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(_sound(rate=rate)[None], "fltp", "mono")
        frame.sample_rate, frame.pts = rate, 0
        for part in av.AudioResampler(audio.codec_context.format, "mono", rate).resample(frame):
            queue.write(part)
        size = audio.codec_context.frame_size or 1024
        while (part := queue.read(size)) is not None:
            container.mux(audio.encode(part))
        if (part := queue.read(0, True)) is not None:
            container.mux(audio.encode(part))
        container.mux(audio.encode(None))


FAST = {"movflags": "faststart"}
FILES = {
    "wav": _file("WAV"),
    "wav-float": _file("WAV", subtype="FLOAT"),
    "aiff": _file("AIFF"),
    "au": _file("AU"),
    "w64": _file("W64"),
    "flac": _file("FLAC"),
    "flac-24": _file("FLAC", subtype="PCM_24"),
    "ogg": _file("OGG", subtype="VORBIS"),
    "opus": _file("OGG", subtype="OPUS"),
    "mp3": _file("MP3"),
    "m4a": _container("m4a", None, "aac"),
    "m4a-fast": _container("m4a", None, "aac", **FAST),
    "mp4": _container("mp4", "mpeg4", "aac"),
    "mp4-fast": _container("mp4", "mpeg4", "aac", **FAST),
    "webm": _container("webm", "libvpx", "libopus", 48_000),
    "webm-live": _container("webm", "libvpx", "libopus", 48_000, live="1"),
    "mkv": _container("mkv", "mpeg4", "aac"),
    "mka": _container("mka", None, "aac"),
    "avi": _container("avi", "mpeg4", "pcm_s16le"),
    "mpeg": _container("mpg", "mpeg1video", "mp2", 44_100, 25, form="mpeg"),
    "mov": _container("mov", "mpeg4", "pcm_s16le", **FAST),
    "3gp": _container("3gp", "mpeg4", "aac"),
    "adts": _container("aac", None, "aac"),
    "flv": _container("flv", "flv", "libmp3lame", 44_100),
    "ts": _container("ts", "mpeg2video", "mp2", 44_100, 25),
    "fragmented": _container("mp4", "mpeg4", "aac", movflags="frag_keyframe+empty_moov"),
    "png": _picture("PNG"),
    "png-16": _picture("PNG", "I;16"),
    "png-palette": _picture("PNG", "P"),
    "png-animation": _picture("PNG", num_frames=3),
    "jpeg": _picture("JPEG"),
    "jpeg-progressive": _picture("JPEG", progressive=True),
    "gif": _picture("GIF"),
    "gif-animation": _picture("GIF", num_frames=3),
    "webp": _picture("WEBP"),
    "webp-lossless": _picture("WEBP", lossless=True),
    "tiff": _picture("TIFF"),
    "tiff-lzw": _picture("TIFF", compression="tiff_lzw"),
    "tiff-deflate": _picture("TIFF", compression="tiff_adobe_deflate"),
    "bmp": _picture("BMP"),
}
_SOUNDS = {"wav", "aiff", "au", "w64", "flac", "ogg", "opus", "mp3", "m4a", "mka", "adts"}
_VIDEOS = {"mp4", "webm", "mkv", "avi", "mpeg", "mov", "3gp", "flv", "ts", "fragmented"}


def damage(content: bytes, seed: int, number: int) -> tuple[str, bytes]:
    """Returns how a copy was damaged, and the copy."""
    rng = np.random.default_rng([seed, number])
    kind, changed = KINDS[number % len(KINDS)], bytearray(content)
    place, length = int(rng.integers(len(content))), int(rng.integers(1, 65))
    if kind == "flip":
        changed[place] ^= int(rng.integers(1, 256))
    elif kind == "cut":
        del changed[max(1, place) :]
    elif kind == "delete":
        del changed[place : place + length]
    elif kind == "insert":
        changed[place:place] = rng.integers(0, 256, length).astype(np.uint8).tobytes()
    else:
        noise = rng.integers(0, 256, length).astype(np.uint8).tobytes()
        changed[place : place + length] = noise[: len(content) - place]
    return kind, bytes(changed)


def readers(name: str) -> list[Callable[[bytes], np.ndarray]]:
    """Returns what a file is read with: of a film, both its pictures and its sound."""
    family = name.partition("-")[0]
    sound = [lambda content: read_audio(content, sample_rate=None)]
    video = [lambda content: read_video(content, frames_per_second=25, max_frames=500)]
    if family in _VIDEOS:
        return video + sound
    return sound if family in _SOUNDS else [read_image]


def outcome(name: str, kind: str, whole: np.ndarray, found: np.ndarray, rate: float) -> str:
    """Returns "same", "silent" where what differs was shown by a checksum or a stated length, or
    "payload" where nothing showed it."""
    if whole.shape == found.shape and np.array_equal(whole, found):
        return "same"
    if name.partition("-")[0] in _CHECKED:
        return "silent"
    if kind != "cut" or name in _ENDLESS:
        return "payload"
    if found.ndim == 3:  # a picture
        return "silent"
    return "silent" if abs(len(whole) - len(found)) > _TOLERANCE * rate else "payload"


def main(name: str, seed: int, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    content = FILES[name]()
    reading = [(reader, reader(content)) for reader in readers(name)]
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        print(json.dumps({"file": number}), flush=True)
        kind, changed = damage(content, seed, number)
        found = []
        for reader, whole in reading:
            rate = 25 if whole.ndim == 4 else 48_000 if name.startswith("webm") else RATE
            try:
                found.append(outcome(name, kind, whole, reader(changed), rate))
            except DataError as error:
                found.append("uncaught" if error.reason == "unreadable_cell" else "error")
            except BaseException as error:
                found.append("uncaught")
                print(f"{name} {number}: {type(error).__name__}: {error}", file=sys.stderr)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024
        print(json.dumps({"kind": kind, "found": found, "grown_megabytes": grown}), flush=True)


if __name__ == "__main__":
    av.logging.set_level(None)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
