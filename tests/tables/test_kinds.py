"""Kinds of media, by name and by first bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from polymodal.tables.kinds import kind_of_bytes, kind_of_name, kind_of_uri


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/b.PNG", "image"),
        ("x.jpeg", "image"),
        ("1.opus", "audio"),
        ("v.mkv", "video"),
        ("t.txt", "text"),
        ("notes.docx", None),
        ("a.png\nb", None),
        ("I paid 2.50", None),
        ("", None),
    ],
)
def test_kind_of_name(name, kind):
    assert kind_of_name(name) == kind


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_pictures_are_known_by_their_bytes(form):
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, form)
    assert kind_of_bytes(file.getvalue()[:64]) == "image"


@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("AIFF", "PCM_16"),
        ("MP3", "MPEG_LAYER_III"),
        ("RF64", "PCM_16"),
        ("AU", "PCM_16"),
    ],
)
def test_sounds_are_known_by_their_bytes(form, subtype):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8000), 8000, format=form, subtype=subtype)
    assert kind_of_bytes(file.getvalue()[:64]) == "audio"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x18ftypmp42", "video"),
        (b"\0\0\0\x18ftypM4A ", "audio"),
        (b"\0\0\0\x18ftypavif", "image"),
        (b"\x1aE\xdf\xa3", "video"),
        (b"RIFF\0\0\0\0AVI ", "video"),
        (b"", None),
        (b"hello world", None),
    ],
)
def test_containers(start, kind):
    assert kind_of_bytes(start) == kind


def test_kind_of_uri():
    assert kind_of_uri("data:image/png;base64,AAAA") == "image"
    assert kind_of_uri("data:text/plain;base64,AAAA") is None
    assert kind_of_uri("image/png") is None


def test_real_video(shared_data):
    path = next((shared_data / "grid_av" / "video").iterdir())
    assert kind_of_name(path.name) == kind_of_bytes(path.read_bytes()[:64]) == "video"
