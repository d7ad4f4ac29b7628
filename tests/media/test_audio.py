"""Sound of every kind becomes one channel at one rate, and broken files clear errors."""

import numpy as np
import pytest
import soundfile

from media_files import tone, write_container, write_sound
from polymodal.core.errors import DataError
from polymodal.media.audio import audio_length, read_audio
from polymodal.speech.segmenting.stream import stream_audio


def pitch(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * rate / len(samples)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {}),
        ("b.wav", {"subtype": "FLOAT"}),
        ("c.wav", {"subtype": "PCM_24"}),
        ("a.flac", {}),
        ("vorbis.ogg", {"subtype": "VORBIS"}),
        ("opus.ogg", {"subtype": "OPUS"}),
        ("a.mp3", {}),
    ],
)
def test_formats_keep_pitch_and_length(tmp_path, name, options):
    file = write_sound(tmp_path / name, tone(1.0), **options)
    samples = read_audio(name, tmp_path)
    assert samples.dtype == np.float32
    assert abs(len(samples) - 16000) < 1600
    assert abs(pitch(samples[2000:14000], 16000) - 440) < 5
    assert abs(np.abs(samples[2000:14000]).max() - 0.3) < 0.05
    rate, seconds = audio_length(file)
    assert rate == 16000
    assert abs(seconds - 1.0) < 0.1
    assert np.array_equal(samples, read_audio(file.read_bytes()))


@pytest.mark.parametrize("name", ["a.m4a", "a.mp4", "a.mkv"])
def test_other_codecs_and_the_sound_of_videos(tmp_path, name):
    frames = None if name == "a.m4a" else np.zeros((10, 32, 32, 3), np.uint8)
    file = write_container(tmp_path / name, tone(1.0), frames=frames)
    samples = read_audio(file, sample_rate=8000)
    assert abs(len(samples) - 8000) < 1000
    assert abs(pitch(samples[1000:7000], 8000) - 440) < 5
    rate, seconds = audio_length(file)
    assert rate == 16000
    assert abs(seconds - 1.0) < 0.15
    assert len(read_audio(file, max_seconds=0.25)) == 4000


def test_channels_are_mixed(tmp_path):
    left, right = tone(), tone(hertz=880)
    file = write_sound(tmp_path / "a.wav", np.stack([left, right], 1), subtype="FLOAT")
    assert np.allclose(read_audio(file), (left + right) / 2, atol=1e-6)


def test_resampling_keeps_pitch(tmp_path):
    file = write_sound(tmp_path / "a.wav", tone(1.0, 44100), 44100)
    samples = read_audio(file, sample_rate=8000)
    assert len(samples) == 8000
    assert abs(pitch(samples, 8000) - 440) < 2
    assert len(read_audio(file, sample_rate=None)) == 44100


def test_only_the_first_seconds_are_decoded(tmp_path, monkeypatch):
    file = write_sound(tmp_path / "a.wav", tone(2.0))
    read = []
    plain = soundfile.SoundFile.read
    monkeypatch.setattr(
        soundfile.SoundFile, "read", lambda self, n, **k: read.append(n) or plain(self, n, **k)
    )
    assert len(read_audio(file, max_seconds=0.5)) == 8000
    assert sum(read) == 8000


def melody(rate=16000):
    """Returns five seconds, each with a pitch of its own."""
    return np.concatenate([tone(1.0, rate, hertz=300.0 + 100 * i) for i in range(5)])


@pytest.mark.parametrize(
    "name", ["a.wav", "a.flac", "a.ogg", "opus.ogg", "a.mp3", "a.m4a", "a.mkv"]
)
def test_parts_are_what_stands_there_in_the_whole(tmp_path, name):
    if name in ("a.m4a", "a.mkv"):
        write_container(tmp_path / name, melody())
    else:
        write_sound(tmp_path / name, melody(), **({"subtype": "OPUS"} if "opus" in name else {}))
    whole = read_audio(name, tmp_path)
    for start, end in [(0.0, 0.5), (0.5, 1.75), (2.2, 3.0), (3.3, None)]:
        cell = {"path": name, "start_seconds": start, "end_seconds": end}
        there = whole[round(start * 16000) : None if end is None else round(end * 16000)]
        part = read_audio(cell, tmp_path)
        assert len(part) == len(there)
        assert np.abs(part - there).max() < 1e-3
        assert audio_length(cell, tmp_path) == (16000, pytest.approx(len(part) / 16000, abs=0.1))
    assert len(read_audio({"path": name, "start_seconds": 2.0}, tmp_path, max_seconds=0.5)) == 8000


def test_a_long_mp3_is_read_without_gaps(tmp_path):
    write_sound(tmp_path / "a.mp3", tone(40.0))
    samples = read_audio("a.mp3", tmp_path)
    loud = np.abs(samples[2000:-2000]).reshape(-1, 50).max(axis=1)
    assert loud.min() > 0.2


def test_only_the_part_is_decoded(tmp_path, monkeypatch):
    write_sound(tmp_path / "a.wav", tone(20.0))
    read = []
    plain = soundfile.SoundFile.read
    monkeypatch.setattr(
        soundfile.SoundFile, "read", lambda self, n, **k: read.append(n) or plain(self, n, **k)
    )
    read_audio({"path": "a.wav", "start_seconds": 12.0, "end_seconds": 12.5}, tmp_path)
    assert sum(read) == 8000


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a"])
def test_parts_outside_their_file(tmp_path, name):
    (write_container if name == "a.m4a" else write_sound)(tmp_path / name, tone(2.0))
    for start, end in [(3.0, 4.0), (1.0, 2.9), (9.0, None)]:
        cell = {"path": name, "start_seconds": start, "end_seconds": end}
        with pytest.raises(DataError, match=r"from \d s.* lies outside its file, which lasts 2\."):
            read_audio(cell, tmp_path)
    near = {"path": name, "start_seconds": 1.0, "end_seconds": 2.3}  # a rounded end
    assert len(read_audio(near, tmp_path)) == pytest.approx(16000, abs=2500)


def test_float_files_far_above_full_scale_are_scaled(tmp_path):
    file = write_sound(tmp_path / "a.wav", tone() * 32768, subtype="FLOAT")
    assert np.abs(read_audio(file)).max() == pytest.approx(1.0)


def test_a_click_shorter_than_a_new_sample_survives(tmp_path):
    file = write_sound(tmp_path / "a.wav", np.full(1, 0.5, np.float32), 48000)
    assert len(read_audio(file, sample_rate=8000)) == 1


def test_empty_sound_is_an_error(tmp_path):
    file = write_sound(tmp_path / "a.wav", np.zeros(0, np.float32))
    with pytest.raises(DataError, match=r"a.wav has 0 samples. Fix the file") as caught:
        read_audio(file)
    assert caught.value.reason == "empty_audio"


def test_values_that_are_no_numbers_are_an_error(tmp_path):
    samples = tone()
    samples[7] = np.nan
    file = write_sound(tmp_path / "a.wav", samples, subtype="FLOAT")
    with pytest.raises(DataError, match="has samples that are not numbers") as caught:
        read_audio(file)
    assert caught.value.reason == "not_finite"


def test_a_flac_cut_short_is_an_error(tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, 160_000)
    content = write_sound(tmp_path / "a.flac", noise).read_bytes()
    with pytest.raises(DataError, match=r"ends after|can be read"):
        read_audio(content[: len(content) // 2])


def test_text_in_place_of_sound_is_an_error(tmp_path):
    (tmp_path / "a.wav").write_text("no sound at all")
    with pytest.raises(DataError, match=r"a.wav is not sound that can be read") as caught:
        read_audio("a.wav", tmp_path)
    assert caught.value.reason == "unreadable_sound"


@pytest.mark.parametrize("reading", [read_audio, audio_length, lambda c: list(stream_audio(c))])
def test_an_unknown_codec_is_an_error(tmp_path, reading):
    content = bytearray(write_sound(tmp_path / "a.wav", tone()).read_bytes())
    content[20:22] = b"\x34\x12"  # the number of a codec that nobody has
    with pytest.raises(DataError, match=r"bytes is not sound that can be read \(no decoder for it"):
        reading(bytes(content))


def test_a_silent_film_is_an_error(tmp_path):
    file = write_container(tmp_path / "a.mp4", frames=np.zeros((5, 32, 32, 3), np.uint8))
    with pytest.raises(DataError, match="has no sound") as caught:
        read_audio(file)
    assert caught.value.reason == "no_sound"


def test_headers_with_absurd_claims_are_errors(tmp_path):
    content = bytearray(write_sound(tmp_path / "a.wav", tone()).read_bytes())
    content[24:28] = (5_000_000).to_bytes(4, "little")
    with pytest.raises(DataError, match="claims 5000000 samples a second, expected 100 to 768000"):
        read_audio(bytes(content))
    wide = write_sound(tmp_path / "b.wav", np.zeros((10, 65), np.float32))
    with pytest.raises(DataError, match="claims 65 channels, expected at most 64"):
        read_audio(wide)


def test_a_playlist_opens_nothing_else(tmp_path):
    secret = write_container(tmp_path / "secret.ts", tone(1.0))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.m3u8").write_text(playlist)
    with pytest.raises(DataError, match=r"list.m3u8 is not sound that can be read"):
        read_audio("list.m3u8", tmp_path)
    with pytest.raises(DataError, match="is not sound that can be read"):
        read_audio(f"ffconcat version 1.0\nfile {secret}\n".encode())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("awful.wav", "claims 1092676 samples a second"),
        ("bad.wav", "is not sound that can be read"),
        ("evil.wav", "is not sound that can be read"),
        ("null.wav", "has 0 samples"),
    ],
)
def test_real_malformed_files(shared_data, name, message):
    with pytest.raises(DataError, match=message):
        read_audio(name, shared_data / "malformed")


@pytest.mark.parametrize("folder", ["speech/audio", "esc10/audio", "av_digits/audio"])
def test_real_recordings(shared_data, folder):
    for file in sorted((shared_data / folder).iterdir())[:3]:
        samples = read_audio(file, sample_rate=8000)
        assert len(samples) / 8000 == pytest.approx(audio_length(file)[1], abs=0.05)
        assert samples.std() > 1e-4
