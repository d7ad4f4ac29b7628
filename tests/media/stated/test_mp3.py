"""Whether the first frame of an MP3 tells how many there are."""

import io

import numpy as np
import pytest
import soundfile

from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.media.stated.mp3 import behind_tags, states_length, with_true_size


def written(rate, channels):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((rate, channels)), rate, format="MP3")
    return buffer.getvalue()


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_count_of_frames_is_found(rate, channels):
    content = written(rate, channels)
    assert states_length(io.BytesIO(content))
    tag = b"ID3\x04\0\0\0\0\x02\x01" + bytes(257)
    assert behind_tags(tag) == len(tag)
    assert states_length(io.BytesIO(tag + content))
    for name in (b"Xing", b"Info"):
        content = content.replace(name, b"none")
    assert not states_length(io.BytesIO(content))


def test_the_header_of_fraunhofer_counts_too():
    frame = b"\xff\xfb\x90\x00" + bytes(32) + b"VBRI" + bytes(10) + b"\0\0\1\0"
    assert states_length(io.BytesIO(frame))


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xfb", b"no sound" * 20])
def test_other_content_states_nothing(content):
    assert not states_length(io.BytesIO(content))


def test_a_file_that_was_cut_is_opened_without_a_word(tmp_path, capfd):
    content = written(16_000, 1)
    assert with_true_size(io.BytesIO(content)) is None
    for tag in (b"", b"ID3\x04\0\0\0\0\x02\x01" + bytes(257)):
        cut = tag + content[: len(content) // 2]
        (tmp_path / "cut.mp3").write_bytes(cut)
        assert len(with_true_size(io.BytesIO(cut))) == len(cut)
        for source in (tmp_path / "cut.mp3", cut):
            with pytest.raises(DataError, match="cut short"):
                read_audio(source if isinstance(source, bytes) else str(source), None, 16_000)
    assert capfd.readouterr().err == ""
    soundfile.read(tmp_path / "cut.mp3")
    assert "Xing" in capfd.readouterr().err  # what is kept off the terminal
