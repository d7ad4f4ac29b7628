"""Blocks put together are the recording, of any format and rate, in little memory."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from media_files import tone, write_container, write_sound
from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.speech.segmenting.stream import stream_audio


def streamed(file, **options):
    blocks = list(stream_audio(file, **options))
    assert all(block.dtype == np.float32 and len(block) for block in blocks)
    return np.concatenate(blocks), len(blocks)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.m4a"])
@pytest.mark.parametrize("sample_rate", [16000, 8000])
def test_blocks_are_the_recording(tmp_path, name, sample_rate):
    sound = tone(2.0) + tone(2.0, hertz=70) * np.linspace(0, 1, 32000, dtype="f4")
    write = write_container if name == "a.m4a" else write_sound
    options = {"format": "OGG", "subtype": "OPUS"} if name == "a.opus" else {}
    file = write(tmp_path / name, sound, **options)
    samples, num_blocks = streamed(file, sample_rate=sample_rate, block_seconds=0.3)
    whole = read_audio(file, sample_rate=sample_rate)
    assert num_blocks >= 6
    assert abs(len(samples) - len(whole)) <= 1
    length = min(len(samples), len(whole))
    assert np.allclose(samples[:length], whole[:length], atol=1e-4)


@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.mp3", "a.m4a"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.7), (1.3, 2.1), (2.4, None)])
def test_parts_are_what_reading_them_gives(tmp_path, name, start, end):
    sound = tone(3.0) * np.linspace(0.1, 1, 48000, dtype="f4")
    file = (write_container if name == "a.m4a" else write_sound)(tmp_path / name, sound)
    part = {"path": str(file), "start_seconds": start, "end_seconds": end}
    samples, num_blocks = streamed(part, block_seconds=0.2)
    whole = read_audio(part)
    assert num_blocks >= 3
    assert abs(len(samples) - len(whole)) <= 1
    length = min(len(samples), len(whole))
    assert np.allclose(samples[:length], whole[:length], atol=1e-4)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a"])
def test_parts_lie_inside_their_file(tmp_path, name):
    file = (write_container if name == "a.m4a" else write_sound)(tmp_path / name, tone(1.0))
    with pytest.raises(DataError, match=f"{name} from 0.5 s to 3 s lies outside its file"):
        list(stream_audio({"path": str(file), "start_seconds": 0.5, "end_seconds": 3.0}))


def test_channels_are_mixed_and_bytes_are_read(tmp_path):
    left, right = tone(), tone(hertz=880)
    file = write_sound(tmp_path / "a.wav", np.stack([left, right], 1), subtype="FLOAT")
    samples, _ = streamed(file.read_bytes(), block_seconds=0.1)
    assert np.allclose(samples, (left + right) / 2, atol=1e-6)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 16000, 1) as file:
        for _ in range(90):
            file.write(0.1 * rng.standard_normal(16000, dtype="f4"))
    tracemalloc.start()
    total = sum(len(block) for block in stream_audio(tmp_path / "long.flac", 8000, 2.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 90 * 8000
    assert peak < 1e6  # the recording takes 5.8 MB


def test_broken_files_give_errors(tmp_path, shared_data):
    with pytest.raises(DataError, match="does not exist"):
        stream_audio(tmp_path / "none.wav")
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(DataError, match="not sound that can be read"):
        stream_audio(tmp_path / "text.wav")
    file = write_sound(tmp_path / "cut.flac", np.random.default_rng(0).uniform(-1, 1, 16000))
    file.write_bytes(file.read_bytes()[:16000])
    with pytest.raises(DataError, match=r"cut\.flac (ends after 0\.\d\d of 1\.00 s|.*can be read)"):
        list(stream_audio(file, block_seconds=0.1))
    write_sound(tmp_path / "empty.wav", np.zeros(0, "f4"))
    with pytest.raises(DataError, match="has 0 samples"):
        list(stream_audio(tmp_path / "empty.wav"))
    write_sound(tmp_path / "nan.wav", np.full(800, np.nan, "f4"), subtype="FLOAT")
    with pytest.raises(DataError, match="not numbers"):
        list(stream_audio(tmp_path / "nan.wav"))
    for bad in sorted((shared_data / "malformed").glob("*.wav")):
        with pytest.raises(DataError):
            list(stream_audio(bad))


def test_blocks_must_have_a_length(tmp_path):
    with pytest.raises(ValueError, match=r"block_seconds above 0\. Got 0"):
        stream_audio(write_sound(tmp_path / "a.wav", tone()), block_seconds=0)
