"""Sound files that a broken copy cut short are named; streamed ones are not taken for such."""

import struct

import numpy as np
import pytest
import soundfile

from media_files import tone, write_sound
from polymodal.core.errors import DataError
from polymodal.data.media.audio import audio_length, read_audio
from polymodal.speech.stream import stream_audio

UNKNOWN = [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000]  # sizes that streams announce


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def readings(cell):
    return [lambda: read_audio(cell), lambda: list(stream_audio(cell))]


@pytest.mark.parametrize("share", [0.99, 0.5, 0.1])
@pytest.mark.parametrize(("name", "options"), [
    ("a.wav", {}), ("b.wav", {"subtype": "FLOAT"}), ("c.wav", {"subtype": "IMA_ADPCM"}),
    ("d.wav", {"format": "WAVEX"}), ("e.wav", {"format": "RF64"}),
])
def test_a_wav_cut_short_is_damaged(tmp_path, name, options, share):
    file = write_sound(tmp_path / name, tone(5.0), **options)
    assert len(read_audio(file)) == pytest.approx(80_000, abs=1000)
    cut(file, share)
    for reading in readings(file):
        with pytest.raises(DataError) as caught:
            reading()
        seconds = soundfile.info(file).duration
        assert f"{name} was cut short: it ends after {seconds:.2f} of 5." in str(caught.value)
        assert caught.value.reason == "truncated_file"


@pytest.mark.parametrize("announced", UNKNOWN)
def test_a_streamed_wav_is_read_as_far_as_it_goes(tmp_path, announced):
    content = bytearray(write_sound(tmp_path / "a.wav", tone(1.0)).read_bytes())
    assert content[36:40] == b"data"
    content[40:44] = struct.pack("<I", announced)
    assert len(read_audio(bytes(content))) == 16_000
    assert sum(map(len, stream_audio(bytes(content)))) == 16_000
    assert audio_length(bytes(content)) == (16_000, pytest.approx(1.0, abs=0.01))


def test_a_size_that_counts_the_header_is_no_damage(tmp_path):
    content = bytearray(write_sound(tmp_path / "a.wav", tone(1.0)).read_bytes())
    content[40:44] = struct.pack("<I", len(content))
    assert len(read_audio(bytes(content))) == 16_000


def test_what_stands_in_front_of_the_cut_can_be_read(tmp_path):
    file = cut(write_sound(tmp_path / "a.wav", tone(5.0)), 0.5)
    part = {"path": str(file), "start_seconds": 1.0, "end_seconds": 2.0}
    assert len(read_audio(part)) == 16_000
    assert len(read_audio(file, max_seconds=2.0)) == 32_000
    for end in (3.0, None):
        with pytest.raises(DataError, match=r"was cut short: it ends after 2\.50 of 5\.00 s"):
            read_audio({**part, "end_seconds": end})


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_that_ends_inside_a_page_is_damaged(tmp_path, subtype):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 160_000)
    file = write_sound(tmp_path / "a.ogg", noise, subtype=subtype)
    assert len(read_audio(file)) == 160_000
    cut(file, 0.6)
    for reading in readings(file):
        with pytest.raises(DataError, match=r"a\.ogg was cut short: it ends after \d\.\d\d s, ins"):
            reading()


def test_rows_with_damaged_sound_are_named_with_their_place(tmp_path):
    from polymodal.data.check import check
    from polymodal.data.ledger import Ledger
    from polymodal.data.samples import Samples, Source
    from polymodal.data.table import read
    from polymodal.preprocess.audio import Audio

    for name in ("whole.wav", "broken.wav"):
        write_sound(tmp_path / name, tone(1.0))
    cut(tmp_path / "broken.wav", 0.7)
    (tmp_path / "table.csv").write_text("sound\nwhole.wav\nbroken.wav\n")
    samples = Samples(read(tmp_path / "table.csv"), [Source("sound", Audio(), ["sound"])])
    with pytest.raises(DataError, match=r'table\.csv row 2: column "sound" \(broken\.wav\) was cut '
                                        r"short: it ends after 0\.70 of 1\.00 s\. Copy it again"):
        check(samples, Ledger())
    ledger = Ledger()
    check(samples, ledger, skip_bad=True, max_bad_share=0.5)
    assert ledger.count("dropped") == {"truncated_file": 1}
