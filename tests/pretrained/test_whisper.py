"""Imported Whisper hears what transformers' does and gives the same tokens."""

import io
import wave

import keras
import numpy as np
import pytest

import oracles
from polymodal.core.errors import BundleError
from polymodal.preprocess.collate import collate
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
RATE = 16_000
LENGTHS = (32_000, 31_900, 31_700, 20_001, 9_600, 400, 7, 40_000)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = oracles.whisper_model()
    return model, oracles.save_whisper(model, tmp_path_factory.mktemp("whisper"))


def waveforms():
    """Returns recordings of several lengths and levels: tones in noise, one silent at its end."""
    rng = np.random.default_rng(5)
    found = []
    for place, length in enumerate(LENGTHS):
        tone = np.sin(np.arange(length) * (0.02 + 0.05 * place))
        noise = rng.normal(0, 1, length) * 10.0 ** -(place % 4 + 1)
        found.append(((tone * 0.3 + noise) * 0.5**place).astype(np.float32))
    found[3][8_000:] = 0
    return found


def as_wav(samples) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def states(part, sounds):
    """Returns our encoder's tokens of the longest length for a padded batch of recordings."""
    features, mask = collate(part.modality, [part.modality.encode(one) for one in sounds])
    return keras.ops.convert_to_numpy(part.encoder.hidden_states(features, mask))


def test_spectrograms_are_those_of_the_extractor(saved):
    _, folder = saved
    sounds = waveforms()
    wanted = oracles.whisper_features(folder, sounds)
    modality = read_part(Checkpoint(folder)).modality
    for sound, theirs in zip(sounds, wanted, strict=True):
        found = modality.encode(sound)
        assert found.shape == (modality.length(sound), 20)
        np.testing.assert_allclose(found, theirs[: len(found)], atol=CLOSE)
        silence = max(-1.5, found.max() - 2)  # what the encoder fills up with
        np.testing.assert_allclose(theirs[len(found) :], silence, atol=CLOSE)


def test_a_spectrogram_of_a_whole_window_is_that_of_the_extractor(tmp_path):
    folder = oracles.save_whisper(oracles.whisper_model(num_mel_bins=80), tmp_path)
    sound = waveforms()[0]
    modality = read_part(Checkpoint(folder)).modality
    np.testing.assert_allclose(
        modality.encode(sound), oracles.whisper_features(folder, [sound])[0], atol=CLOSE
    )


def test_a_file_is_read_without_another_rounding(saved):
    _, folder = saved
    sound = waveforms()[0]
    modality = read_part(Checkpoint(folder)).modality
    kept = np.rint(np.clip(sound, -1, 1) * 32767).astype(np.float32) / 32768
    np.testing.assert_array_equal(modality.decode(as_wav(sound)), kept)


@pytest.mark.engine
def test_hidden_states_are_those_of_transformers(saved):
    model, folder = saved
    sounds = waveforms()
    wanted = oracles.whisper_states(model, oracles.whisper_features(folder, sounds))
    found = states(read_part(Checkpoint(folder)), sounds)
    np.testing.assert_allclose(found, wanted, atol=CLOSE)


@pytest.mark.engine
def test_a_recording_alone_gives_what_it_gives_in_a_batch(saved):
    part = read_part(Checkpoint(saved[1]))
    sounds = waveforms()[3:6]
    tokens, mask = part.tokens([as_wav(sound) for sound in sounds])
    for row, sound in enumerate(sounds):
        alone, real = part.tokens([as_wav(sound)])
        assert mask[row].sum() == real.sum() == alone.shape[1]
        np.testing.assert_allclose(alone[0], tokens[row, : alone.shape[1]], atol=1e-5)


def test_a_missing_recording_gives_finite_tokens(saved):
    part = read_part(Checkpoint(saved[1]))
    tokens, mask = part.encoder(np.zeros((1, 30, 20), np.float32), np.zeros((1, 30), bool))
    assert not keras.ops.convert_to_numpy(mask).any()
    assert not keras.ops.convert_to_numpy(tokens).any()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("activation_function", "relu"),
        ("encoder_attention_heads", 2),
    ],
)
def test_another_value_of_the_config_gives_other_hidden_states(saved, tmp_path, name, value):
    model, _ = saved
    folder = oracles.save_whisper(model, tmp_path)
    oracles.change_config(folder, **{name: value})
    sounds = waveforms()[:2]
    wanted = oracles.whisper_states(model, oracles.whisper_features(folder, sounds))
    assert np.abs(states(read_part(Checkpoint(folder)), sounds) - wanted).max() > CLOSE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_fft", 512),
        ("hop_length", 320),
        ("sampling_rate", 32_000),
    ],
)
def test_another_value_of_the_extractor_gives_another_spectrogram(saved, tmp_path, name, value):
    model, whole = saved
    folder = oracles.save_whisper(model, tmp_path, **{name: value})
    if name == "n_fft":
        found = read_part(Checkpoint(folder)).modality.encode(waveforms()[0])
        theirs = oracles.whisper_features(whole, waveforms()[:1])[0]
        assert np.abs(found[:100] - theirs[:100]).max() > CLOSE
    else:
        with pytest.raises(BundleError, match='"chunk_length" needs'):
            read_part(Checkpoint(folder))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("d_model", 27),
        ("encoder_layers", 1),
        ("encoder_ffn_dim", 41),
        ("max_source_positions", 101),
        ("num_mel_bins", 21),
        ("activation_function", "selu"),
        ("invented", 1),
    ],
)
def test_a_config_that_does_not_fit_is_refused(saved, tmp_path, name, value):
    folder = oracles.save_whisper(saved[0], tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature_size", 80),
        ("padding_value", 0.5),
        ("dither", 0.1),
        ("chunk_length", 3),
        ("do_normalize", True),
        ("sampling_rate", 8000),
        ("n_fft", 0),
    ],
)
def test_an_extractor_that_we_do_not_have_is_refused(saved, tmp_path, name, value):
    folder = oracles.save_whisper(saved[0], tmp_path, **{name: value})
    with pytest.raises(BundleError, match=name):
        read_part(Checkpoint(folder))


def test_an_import_of_sound_keeps_its_preprocessing(saved, tmp_path):
    import polymodal as pm

    part = pm.import_model(saved[1], tmp_path / "out")
    cells = [as_wav(sound) for sound in waveforms()[:3]]
    again = pm.load_part(tmp_path / "out")
    np.testing.assert_allclose(again.encode(cells), part.encode(cells), atol=1e-6)
    assert again.settings["spectrogram"] == "whisper"
    assert again.modality.max_seconds == 2
