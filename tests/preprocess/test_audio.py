"""Sound: suggestions, lengths, variation, standardised log-mel features."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_files import tone, write_container, write_sound
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.audio import Audio


def sound(seconds=0.5, rate=8000):
    noise = np.random.default_rng(0).standard_normal(round(seconds * rate))
    return (3000 * noise).astype(np.int16)


def test_suggestions_follow_rate_and_length(tmp_path):
    cells = [
        str(write_sound(tmp_path / f"{i}.wav", tone(0.5 + i / 10, 8000), 8000)) for i in range(5)
    ]
    assert Audio.suggest([*cells, None, b"broken"]) == {
        "sample_rate": 8000,
        "num_mels": 40,
        "max_seconds": 1.0,
    }
    music = write_sound(tmp_path / "m.flac", tone(2.0, 44100), 44100)
    assert Audio.suggest([music]) == {"sample_rate": 16000, "num_mels": 64, "max_seconds": 2.2}
    assert Audio.suggest([None]) == {}


def test_decode_gives_whole_numbers_at_one_rate(tmp_path):
    file = write_sound(tmp_path / "a.wav", tone(0.5), 16000)
    decoded = Audio(sample_rate=8000).decode("a.wav", tmp_path)
    assert decoded.dtype == np.int16
    assert len(decoded) == 4000
    assert np.array_equal(decoded, Audio(sample_rate=8000).decode(file))


def test_the_sound_of_a_video_is_audio(tmp_path):
    frames = np.zeros((10, 32, 32, 3), np.uint8)
    file = write_container(tmp_path / "a.mp4", tone(1.0), frames=frames)
    assert abs(len(Audio().decode(file)) - 16000) < 2000


def test_longer_sound_is_cut_and_told(tmp_path):
    write_sound(tmp_path / "a.wav", tone(0.6), 16000)
    audio = Audio(max_seconds=0.5)
    decoded = audio.decode("a.wav", tmp_path)
    assert audio.truncated(decoded)
    assert len(audio.encode(decoded)) == audio.length(decoded) == audio.limit == 48
    longer = Audio(max_seconds=0.6)
    assert not longer.truncated(longer.decode("a.wav", tmp_path))


@given(st.integers(1, 9000))
def test_length_is_the_length_of_encode(count):
    audio = Audio(sample_rate=8000, max_seconds=1.0, num_mels=20)
    decoded = np.zeros(count, np.int16)
    assert audio.length(decoded) == len(audio.encode(decoded)) <= audio.limit
    varied = audio.augment(decoded, generator(count))
    assert audio.length(varied) == len(audio.encode(varied)) == audio.length(decoded)


def test_each_band_is_standardised_by_train():
    audio = Audio(sample_rate=8000, num_mels=40)
    audio.fit([sound(2.0)])
    features = audio.encode(sound(2.0))
    assert features.shape == (198, 40)
    assert features.dtype == np.float32
    assert np.allclose(features.mean(0), 0, atol=1e-3)
    assert np.allclose(features.std(0), 1, atol=1e-2)
    other = Audio(sample_rate=8000, num_mels=40)
    other.restore(json.loads(json.dumps(audio.state())))
    assert np.array_equal(other.encode(sound()), audio.encode(sound()))


def test_silence_is_finite():
    audio = Audio()
    audio.fit([np.zeros(16000, np.int16)])
    silence = np.zeros(16000, np.int16)
    assert np.isfinite(audio.encode(audio.augment(silence, generator(0)))).all()


@pytest.mark.parametrize("speed", [0.0, 0.1])
@pytest.mark.parametrize("more", [{}, {"warp": 0.2}, {"room_seconds": 0.4}, {"centred": True}])
def test_variation_depends_on_the_generator_alone(speed, more):
    audio = Audio(sample_rate=8000, num_mels=40, speed=speed, **more)
    encode = lambda seed: audio.encode(audio.augment(sound(), generator(seed)))
    assert np.array_equal(encode(1), encode(1))
    assert not np.array_equal(encode(1), encode(2))
    length = len(audio.encode(sound()))
    assert 0.9 * length - 1 <= len(encode(1)) <= np.ceil(length / 0.9)


def test_another_speed_loses_nothing_at_the_end():
    audio = Audio(sample_rate=8000, num_mels=40, speed=0.2, mask=0, noise=0, shift_seconds=0)
    quiet = np.zeros(8000, np.int16)
    quiet[-400:] = sound()[-400:]
    for seed in range(8):
        varied = audio.augment(quiet, generator(seed)).samples
        assert 1 / 1.2 - 0.01 <= len(varied) / 8000 <= 1 / 0.8 + 0.01
        assert np.abs(varied[-200:]).max() > 0


def test_what_is_played_slower_stays_within_the_room_of_its_batch():
    audio = Audio(sample_rate=8000, num_mels=40, speed=0.3)
    steps = audio.length(sound())
    for room in (steps, steps + 5, 2 * steps):
        many = audio.augment_all([sound()] * 30, generator(0), room)
        lengths = [len(audio.encode(one)) for one in many]
        assert max(lengths) <= room
        assert max(lengths) > min(room, steps / 0.7) - 4
        assert min(lengths) < steps / 1.2
    longer = [len(audio.encode(one)) for one in audio.augment_all([sound()] * 9, generator(0), 5)]
    assert max(longer) <= steps  # the batch cuts it, as without augmentation


def test_without_strength_nothing_varies():
    audio = Audio(sample_rate=8000, mask=0, noise=0, gain_decibels=0, shift_seconds=0)
    plain, varied = audio.encode(sound()), audio.encode(audio.augment(sound(), generator(0)))
    assert np.array_equal(plain, varied)


def test_silence_around_speech_moves_nothing_where_recordings_are_centred():
    rng = np.random.default_rng(0)
    rises = np.linspace(0.5, 1, 8000)  # louder and louder, as no two sounds are alike
    speech = (3000 * rises * rng.standard_normal(8000)).astype(np.int16)
    silence = (3 * rng.standard_normal(8000)).astype(np.int16)
    audio = Audio(sample_rate=8000, num_mels=40, max_seconds=5, centred=True)
    alone = audio.encode(np.concatenate([silence[:800], speech, silence[:800]]))
    inside = audio.encode(np.concatenate([silence, speech, silence]))
    assert np.abs(inside[100:197] - alone[10:107]).mean() < 0.05


def test_a_microphone_changes_nothing_where_recordings_are_centred():
    rng = np.random.default_rng(0)
    loud, soft = rng.standard_normal((2, 4000)) * [[3000], [300]]
    voice = np.concatenate([loud, soft, loud])
    muffled = np.convolve(voice, [0.35, 0.25, 0.1], "same")
    change = {}
    for centred in (False, True):
        audio = Audio(sample_rate=8000, num_mels=40, centred=centred)
        audio.fit([voice.astype(np.int16)])
        plain, other = (audio.encode(one.astype(np.int16)) for one in (voice, muffled))
        change[centred] = np.abs(plain - other).mean()
        assert abs(plain.mean()) < 0.1
        assert plain[:45].mean() > plain[52:98].mean() + 1  # loud and soft stay apart
    assert change[True] < 0.2 * change[False]


@pytest.mark.parametrize("setting", [{"warp": 0.2}, {"room_seconds": 0.4}])
def test_other_voices_and_rooms_change_the_spectrogram_and_not_its_length(setting):
    audio = Audio(sample_rate=8000, mask=0, noise=0, gain_decibels=0, shift_seconds=0, **setting)
    plain = audio.encode(sound())
    varied = [audio.encode(audio.augment(sound(), generator(seed))) for seed in range(8)]
    assert all(one.shape == plain.shape and np.isfinite(one).all() for one in varied)
    changed = [not np.allclose(one, plain, atol=1e-3) for one in varied]
    assert all(changed) if "warp" in setting else 0 < sum(changed) < 8  # half stay outside


def test_a_room_goes_on_where_the_sound_ends():
    audio = Audio(
        sample_rate=8000, mask=0, noise=0, gain_decibels=0, shift_seconds=0, room_seconds=0.4
    )
    ended = np.concatenate([sound()[:4000], np.zeros(4000, np.int16)])
    behind = [
        np.abs(audio.augment(ended, generator(seed)).samples[4010:4200]).max() for seed in range(8)
    ]
    assert 0 < sum(level > 1e-3 for level in behind) < 8


def test_silence_is_added_in_front_and_behind_where_there_is_room():
    audio = Audio(
        sample_rate=8000, mask=0, noise=0, gain_decibels=0, shift_seconds=0, silence_seconds=0.5
    )
    plain = sound() / np.float32(32767)
    added = []
    for seed in range(20):
        varied = audio.augment(sound(), generator(seed)).samples
        before = np.flatnonzero(varied)[0] - np.flatnonzero(plain)[0]
        behind = len(varied) - len(plain) - before
        added.append((before, behind))
        assert np.allclose(varied[before : before + len(plain)], plain)
        assert before >= 0 <= behind
    assert np.max(added, axis=0).min() > 1000
    assert 3000 < np.sum(added, axis=1).max() <= 4000
    steps = audio.length(sound())
    for room in (steps, steps + 9):
        many = audio.augment_all([sound()] * 20, generator(0), room)
        assert max(len(audio.encode(one)) for one in many) == room


def test_soft_noise_comes_more_often_where_silence_does():
    decoded = (3000 * np.sin(np.arange(8000))).astype(np.int16)
    plain, middle = decoded / np.float32(32767), {}
    for seconds in (0.0, 0.01):
        audio = Audio(
            sample_rate=8000,
            mask=0,
            noise=0.5,
            gain_decibels=0,
            shift_seconds=0,
            silence_seconds=seconds,
        )
        power = [
            np.sum(audio.augment(decoded, generator(seed)).samples ** 2) / np.sum(plain**2)
            for seed in range(200)
        ]  # what is more than 1 is noise
        levels = np.sqrt(np.maximum(0, np.array(power) - 1))
        assert 0.4 < levels.max() < 0.55
        middle[seconds] = np.median(levels)
    assert middle[0.0] == pytest.approx(0.25, abs=0.05)
    assert middle[0.01] == pytest.approx(0.125, abs=0.05)


def test_masks_hide_time_and_bands():
    audio = Audio(sample_rate=8000, mask=0.5, noise=0, gain_decibels=0, shift_seconds=0)
    plain = audio.encode(sound())
    for seed in range(5):
        varied = audio.encode(audio.augment(sound(), generator(seed)))
        hidden = varied == 0
        assert 0 < hidden.mean() < 1
        assert np.allclose(varied[~hidden], plain[~hidden])
        assert hidden.all(axis=0).any() or hidden.all(axis=1).any()


def test_a_shift_loses_nothing():
    audio = Audio(sample_rate=8000, mask=0, noise=0, gain_decibels=0, shift_seconds=0.2)
    varied = audio.augment(sound(), generator(3)).samples
    assert np.allclose(np.sort(varied), np.sort(sound() / 32767), atol=1e-6)


def test_the_cache_key_changes_with_what_decode_does():
    assert Audio().decode_key() != Audio(sample_rate=8000).decode_key()
    assert Audio().decode_key() != Audio(max_seconds=3).decode_key()
    assert Audio().decode_key() == Audio(num_mels=80, noise=0).decode_key()


def test_sounds_kept_by_an_older_reading_are_read_anew():
    # Version 1 left gaps in MP3 files of more than 16 s, 2 passed over what a copy had lost, 3 over
    # what was changed in it.
    assert Audio().decode_key()["reading"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_rate": 5}, "Audio needs sample_rate from 100 to 192000. Got 5."),
        ({"max_seconds": 0}, "Audio needs max_seconds from 0.001 to 3600. Got 0."),
        ({"num_mels": 0}, "Audio needs num_mels from 1 to 512. Got 0."),
        ({"mask": 0.9}, "Audio needs mask from 0 to 0.5. Got 0.9."),
        ({"hop_seconds": 0}, "Audio needs hop_seconds"),
    ],
)
def test_wrong_arguments_fail_at_once(arguments, message):
    with pytest.raises(RecipeError, match=message):
        Audio(**arguments)


def test_real_recordings(shared_data):
    digits = sorted((shared_data / "av_digits" / "audio").iterdir())[:64]
    found = Audio.suggest(digits)
    assert (found["sample_rate"], found["num_mels"]) == (8000, 40)
    audio = Audio(**found)
    decoded = [audio.decode(file) for file in digits]
    audio.fit(decoded)
    assert np.isfinite(np.concatenate([audio.encode(d) for d in decoded])).all()
    with pytest.raises(DataError, match="has 0 samples"):
        audio.decode("null.wav", shared_data / "malformed")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"spectrogram": "gammatone"}, "needs spectrogram standardised, whisper, waveform"),
        ({"spectrogram": "whisper", "sample_rate": 8000}, "needs sample_rate of at least 16000"),
        ({"spectrogram": "whisper", "centred": True}, "needs centred=False"),
        ({"spectrogram": "waveform", "warp": 0.1}, "needs warp=0"),
    ],
)
def test_a_spectrogram_that_does_not_fit_is_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        Audio(**settings)


def test_the_spectrogram_of_whisper_is_not_standardised():
    audio = Audio(spectrogram="whisper", num_mels=20, max_seconds=2)
    audio.fit([np.full(16_000, 0.1, np.float32)])
    assert not audio.mean.any()
    assert (audio.std == 1).all()
    assert audio.decode_key() != Audio(num_mels=20, max_seconds=2).decode_key()
    sound = np.random.default_rng(0).normal(0, 0.1, 20_000).astype(np.float32)
    assert audio.encode(sound).max() - audio.encode(sound).min() <= 2
    varied = audio.augment(sound, np.random.default_rng(1))
    assert audio.encode(varied).shape == (audio.length(varied), 20)
