"""Lengths of plain sound, as headers of each format announce them."""

import io

import numpy as np
import pytest
import soundfile

from polymodal.media.stated.chunks import riff_end, sound_bytes


def written(form, **options):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((500, 2), "int16"), 8000, format=form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "NIST"])
def test_what_is_announced_is_there_until_the_file_is_cut(form):
    content = written(form)
    announced, there = sound_bytes(io.BytesIO(content))
    assert 2000 <= announced <= there <= announced + 200
    cut = sound_bytes(io.BytesIO(content[:-700]))
    assert cut[0] == announced
    assert cut[1] == there - 700 < announced


@pytest.mark.parametrize("content", [b"", b"RIFF", b"fLaC" + bytes(40), b"no sound at all" * 9])
def test_other_content_announces_nothing(content):
    assert sound_bytes(io.BytesIO(content)) in (None, (0, 0))
    assert riff_end(io.BytesIO(content)) is None


def test_a_program_that_could_not_go_back_announces_nothing():
    content = bytearray(written("AU"))
    content[8:12] = b"\xff\xff\xff\xff"
    assert sound_bytes(io.BytesIO(bytes(content)))[0] == 0


def test_a_riff_file_says_where_it_ends():
    content = written("WAV")
    assert riff_end(io.BytesIO(content)) == len(content)
    assert riff_end(io.BytesIO(b"RIFF\0\0\0\0WAVE")) is None
    assert riff_end(io.BytesIO(b"RIFF\xff\xff\xff\xffAVI ")) is None
