"""What the header of a FLAC file states, and the MD5 of its samples."""

import io

import numpy as np
import pytest
import soundfile

from polymodal.media.stated.flac import SampleHash, read_header

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, 2))


def written(subtype="PCM_16", rate=44_100):
    buffer = io.BytesIO()
    soundfile.write(buffer, NOISE, rate, format="FLAC", subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize(("subtype", "width"), [("PCM_S8", 8), ("PCM_16", 16), ("PCM_24", 24)])
def test_the_hash_of_all_samples_is_the_stated_one(subtype, width):
    content = written(subtype)
    header = read_header(io.BytesIO(content))
    assert header[:4] == (44_100, 2, width, 3000)
    samples = soundfile.read(io.BytesIO(content), dtype="int32", always_2d=True)[0]
    for changed in (False, True):
        samples[1234, 1] ^= int(changed) << 31 - width + 1
        found = SampleHash(header)
        for block in np.array_split(samples, 7):
            found.add(block)
        assert found.is_stated
        assert found.matches() != changed


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 11_025])
def test_frames_are_those_of_their_header(rate):
    content = bytearray(written(rate=rate))
    assert not read_header(io.BytesIO(content)).differs(io.BytesIO(content))
    content[20] ^= 0x02  # number of channels
    assert read_header(io.BytesIO(content)).differs(io.BytesIO(content))


def test_other_content_has_no_such_header():
    assert read_header(io.BytesIO(b"fLaC")) is None
    assert read_header(io.BytesIO(b"RIFF" + bytes(60))) is None
