"""Sound files that a broken copy cut short are named; streamed ones are not taken for such."""

import io
import struct

import numpy as np
import pytest
import soundfile

from media_files import tone, write_sound
from mutated_media import FILES, readers
from polymodal.core.errors import DataError
from polymodal.media.audio import audio_length, read_audio
from polymodal.media.video import video_info
from polymodal.speech.segmenting.stream import stream_audio

UNKNOWN = [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000]  # sizes that streams announce


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def readings(cell):
    return [lambda: read_audio(cell), lambda: list(stream_audio(cell))]


@pytest.mark.parametrize("share", [0.99, 0.5, 0.1])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {}),
        ("b.wav", {"subtype": "FLOAT"}),
        ("c.wav", {"subtype": "IMA_ADPCM"}),
        ("d.wav", {"format": "WAVEX"}),
        ("e.wav", {"format": "RF64"}),
    ],
)
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


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("ts", "adts")])
def test_no_format_is_read_that_was_cut_short(name):
    content = FILES[name]()
    for reader in readers(name):
        whole = reader(content)
        for share in (0.21, 0.53, 0.91):
            try:
                found = reader(content[: round(share * len(content))])
            except DataError:
                continue
            assert np.array_equal(found, whole)  # such as the first picture of an animation


@pytest.mark.parametrize(
    "name", ["aiff", "au", "w64", "mp3", "m4a-fast", "mp4-fast", "mka", "avi", "mpeg", "flv"]
)
def test_a_cut_is_called_one(name):
    content = FILES[name]()
    for reading in readings(content[: round(0.61 * len(content))]):
        with pytest.raises(DataError, match=r"bytes was cut short: .*\. Copy it again") as caught:
            reading()
        assert caught.value.reason == "truncated_file"


def flac(seconds=1.0, **options):
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(seconds), 16_000, format="FLAC", **options)
    return bytearray(buffer.getvalue())


def test_a_changed_byte_of_a_flac_is_damage_and_no_other_decoder_is_asked():
    whole = flac()
    for place in [19, 21, 30, *range(8300, len(whole), 997)]:
        content = whole.copy()
        content[place] ^= 0x10
        for reading in readings(bytes(content)):
            with pytest.raises(DataError) as caught:
                reading()
            assert caught.value.reason in ("unreadable_sound", "damaged_file", "truncated_file")


def test_samples_of_a_flac_are_those_that_were_encoded():
    content, other = flac(), flac(subtype="PCM_16")
    other[26:42] = bytes(range(16))  # the MD5 of other samples
    assert np.array_equal(read_audio(bytes(content)), next(stream_audio(bytes(content))))
    for reading in readings(bytes(other)):
        with pytest.raises(DataError, match="is damaged: its samples are not those that were enco"):
            reading()
    part = {"bytes": bytes(other), "start_seconds": 0.25, "end_seconds": 0.5}
    assert len(read_audio(part)) == 4000  # the rest is not known to be damaged
    other[26:42] = bytes(16)  # a program that computed none
    assert np.array_equal(read_audio(bytes(other)), read_audio(bytes(content)))


def test_a_streamed_flac_is_read_as_far_as_it_goes():
    content = flac()
    content[21] &= 0xF0
    content[22:26] = bytes(4)  # frames, which the program did not know
    for reading in readings(bytes(content)):
        assert sum(np.size(block) for block in reading()) == 16_000
    assert audio_length(bytes(content)) == (16_000, 1.0)


@pytest.mark.parametrize("name", ["webm-live", "adts", "ts"])
def test_lengths_that_no_header_states_are_measured(name):
    content = FILES[name]()
    assert audio_length(content)[1] == pytest.approx(1.5, abs=0.11)
    if name != "adts":
        assert video_info(content).seconds == pytest.approx(1.5, abs=0.1)
    part = {"bytes": content, "start_seconds": 0.5, "end_seconds": None}
    assert len(read_audio(part)) == pytest.approx(16_000, abs=1600)
    with pytest.raises(DataError, match="lies outside its file, which lasts 1"):
        read_audio({**part, "start_seconds": 5.0})


def test_the_length_of_an_mp3_without_a_count_is_measured(tmp_path):
    content = write_sound(tmp_path / "a.mp3", tone(20.0)).read_bytes()
    assert audio_length(content.replace(b"Xing", b"none"))[1] == pytest.approx(20.0, abs=0.3)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_changed_byte_of_an_ogg_is_damage(tmp_path, subtype):
    whole = write_sound(tmp_path / "a.ogg", tone(1.0), subtype=subtype).read_bytes()
    for place in range(200, len(whole), 397):
        content = bytearray(whole)
        content[place] ^= 0x10
        for reading in readings(bytes(content)):
            with pytest.raises(DataError):
                reading()


def test_an_mp3_without_a_count_is_read_as_far_as_it_goes(tmp_path):
    content = write_sound(tmp_path / "a.mp3", tone(2.0)).read_bytes()
    assert b"Xing" in content
    without = content.replace(b"Xing", b"none")
    for share in (1.0, 0.5):  # one cannot know that the half is cut off
        for reading in readings(without[: round(share * len(without))]):
            samples = sum(np.size(block) for block in reading())
            assert samples == pytest.approx(32_000 * share, rel=0.25)


def test_rows_with_damaged_sound_are_named_with_their_place(tmp_path):
    from polymodal.feed.check import check
    from polymodal.feed.ledger import Ledger
    from polymodal.feed.samples import Samples, Source
    from polymodal.preprocess.audio import Audio
    from polymodal.tables.table import read

    for name in ("whole.wav", "broken.wav"):
        write_sound(tmp_path / name, tone(1.0))
    cut(tmp_path / "broken.wav", 0.7)
    (tmp_path / "table.csv").write_text("sound\nwhole.wav\nbroken.wav\n")
    samples = Samples(read(tmp_path / "table.csv"), [Source("sound", Audio(), ["sound"])])
    with pytest.raises(
        DataError,
        match=r'table\.csv row 2: column "sound" \(broken\.wav\) was cut '
        r"short: it ends after 0\.70 of 1\.00 s\. Copy it again",
    ):
        check(samples, Ledger())
    ledger = Ledger()
    check(samples, ledger, skip_bad=True, max_bad_share=0.5)
    assert ledger.count("dropped") == {"truncated_file": 1}
