"""Memory that one cell takes: four times what it gives, and 100 MB, whatever a header says."""

import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import soundfile
from PIL import Image

from media_files import raw_stream

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PROGRAM = """
import json, sys
from polymodal.media.audio import read_audio
from polymodal.media.image import read_image
from polymodal.media.video import read_video
from polymodal.core.errors import DataError

def peak():
    lines = open("/proc/self/status").read().split("VmHWM:")[1]
    return int(lines.split()[0]) * 1024

reader = {"audio": lambda f: read_audio(f, max_seconds=2.0), "image": read_image,
          "video": lambda f: read_video(f, size=(64, 64), max_pixels=1_000_000)}
for kind, path in json.loads(sys.argv[1]):
    open("/proc/self/clear_refs", "w").write("5")
    before, size = peak(), 0
    try:
        size = reader[kind](path).nbytes
    except DataError:
        pass
    print(json.dumps([path, size, peak() - before]))
"""


def chunk(name, content):
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def deep_picture(side):
    rows = zlib.compress(bytes(side * (1 + 2 * side)))
    head = struct.pack(">IIBBBBB", side, side, 16, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def huge_tile(side):
    """Returns a TIFF of 100 x 100 pixels in one tile that claims to be as large as a city."""
    content = zlib.compress(bytes(1000))
    tags = {
        256: 100,
        257: 100,
        258: 8,
        259: 8,
        262: 1,
        277: 1,
        322: side,
        323: side,
        324: 0,
        325: len(content),
    }
    tags[324] = 14 + 12 * len(tags)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + content


def icon(side):
    buffer = io.BytesIO()
    Image.new("L", (16, 16)).save(buffer, "ICO")
    large = io.BytesIO()
    Image.new("L", (side, side)).save(large, "PNG")
    head = buffer.getvalue()[:14]
    return head + struct.pack("<II", len(large.getvalue()), 22) + large.getvalue()


def wide_sound(form):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((400_000, 8), "int16"), 192_000, format=form)
    return buffer.getvalue()


def test_memory_is_bounded_while_decoding(tmp_path):
    contents = {
        "deep.png": deep_picture(4000),
        "tile.tiff": huge_tile(40_000),
        "large.ico": icon(9000),
        "grows.h264": raw_stream((48, 64), (3000, 4000)),
        "wide.wav": wide_sound("WAV"),
        "wide.flac": wide_sound("FLAC"),
    }
    kinds = {
        "png": "image",
        "tiff": "image",
        "ico": "image",
        "h264": "video",
        "wav": "audio",
        "flac": "audio",
    }
    cells = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        cells.append((kinds[name.split(".")[1]], str(tmp_path / name)))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(cells)],
        check=True,
        capture_output=True,
        text=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(contents)
    assert [path for path, size, peak in found if peak > 4 * size + 100_000_000] == []
    assert [size > 0 for _, size, _ in found] == [True, False, False, False, True, True]
