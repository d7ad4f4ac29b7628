"""An imported Whisper writes what transformers writes."""

import keras
import numpy as np
import pytest

import oracles
import recogniser_oracle as oracle
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.probabilities import log_softmax
from polymodal.model.generation.choice import Choice
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.speech.recordings import opened

CLOSE = 1e-4


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = oracle.model()
    return model, oracle.save(model, tmp_path_factory.mktemp("recogniser"))


@pytest.fixture(scope="module")
def model(saved):
    return read_model(Checkpoint(saved[1]))


@pytest.fixture(scope="module")
def features(saved):
    return oracles.whisper_features(saved[1], oracle.waveforms())


def ids(rows=4, steps=12):
    found = np.random.default_rng(0).integers(0, oracle.OUTPUTS, (rows, steps))
    found[:, 0] = oracle.START
    return found.astype(np.int32)


def assert_near(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=CLOSE * max(1, np.abs(wanted).max()))


def windows(model, sounds=None):
    modality = model.part.modality
    return np.stack(
        [opened(lambda one=one: [one], modality).at(0) for one in sounds or oracle.waveforms()]
    )


def write(model, frames, prompt, choice=None, **options):
    listener = model.listener
    found = listener.write(listener.memory(frames), prompt, choice or Choice(), **options)
    return [list(one.ids) for one in found]


def test_windows_of_short_recordings_are_those_of_the_extractor(model, features):
    np.testing.assert_allclose(windows(model), features, atol=CLOSE)


@pytest.mark.engine
def test_logits_are_those_of_transformers(saved, model, features):
    assert_near(model.logits(features, ids()), oracle.logits(saved[0], features, ids()))


@pytest.mark.engine
def test_steps_with_a_cache_give_the_logits_of_all_at_once(model, features):
    listener, tokens = model.listener, ids(2, 6)
    memory = keras.ops.convert_to_tensor(listener.memory(features[:2]))
    wanted, mask = listener.logits(memory, tokens), np.ones(memory.shape[:2], bool)
    state, found = model.decoder.initial_state(memory, mask, 8), []
    for step in range(tokens.shape[1]):
        logits, state = model.decoder.step(
            keras.ops.convert_to_tensor(tokens[:, step]), state, memory, mask
        )
        found.append(keras.ops.convert_to_numpy(logits))
    assert_near(np.stack(found, axis=1), wanted)


@pytest.mark.engine
def test_greedy_decoding_writes_what_transformers_writes(saved, model, features):
    prompt = model.tokens.prompt("de", timed=False)
    wanted = oracle.greedy(saved[0], features, prompt)
    assert write(model, features, prompt) == wanted
    assert any(len(one) > 3 for one in wanted)
    assert len({tuple(one) for one in wanted}) > 1


def test_times_are_written_as_transformers_writes_them(saved, model, features):
    prompt = model.tokens.prompt("fr", timed=True, translate=True)
    wanted = oracle.greedy(saved[0], features, prompt)
    assert write(model, features, prompt) == wanted
    assert all(one[0] >= oracle.TIMES for one in wanted)
    assert any(one < oracle.END for row in wanted for one in row)


def test_a_recording_alone_is_written_as_in_a_batch(model, features):
    prompt = model.tokens.prompt("de", timed=False)
    together = write(model, features, prompt)
    assert write(model, features[1:2], prompt) == together[1:2]


def test_a_beam_has_the_probabilities_of_all_at_once(model, features):
    """Sequences of a row share its memory; each step has to know which is whose."""
    prompt = model.tokens.prompt("en", timed=False)
    listener = model.listener
    found = listener.write(listener.memory(features), prompt, Choice(beam=3))
    for row, one in enumerate(found):
        logits = model.logits(features[row][None], np.array([[*prompt, *one.ids]]))[0]
        logits[:, model.tokens.suppressed] = -1e9
        logits[len(prompt) - 1, model.tokens.suppressed_first] = -1e9
        wanted = log_softmax(logits)[len(prompt) - 1 : -1]
        np.testing.assert_allclose(
            one.log_probabilities,
            np.take_along_axis(wanted, np.array(one.ids)[:, None], -1)[:, 0],
            atol=1e-3,
        )


def test_the_language_is_the_most_likely_one(saved, model, features):
    start = np.full((len(features), 1), oracle.START)
    codes = oracle.logits(saved[0], features, start)[:, 0, oracle.START + 1 :][:, :3].argmax(-1)
    found = model.listener.language(model.listener.memory(features))
    assert found == [oracle.LANGUAGES[place] for place in codes]


def test_a_model_of_one_language_has_a_shorter_prompt(tmp_path):
    model = read_model(Checkpoint(oracle.save(oracle.model(multilingual=False), tmp_path)))
    assert model.tokens.prompt(None, timed=False) == [oracle.START, oracle.TIMELESS]
    assert model.tokens.prompt("en", timed=True) == [oracle.START]
    with pytest.raises(RecipeError, match="transcribes English only"):
        model.tokens.prompt("de", timed=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("suppress_tokens", []),
        ("begin_suppress_tokens", []),
        ("max_initial_timestamp_index", 0),
    ],
)
def test_another_setting_of_generation_writes_something_else(saved, model, tmp_path, name, value):
    folder = oracle.save(saved[0], tmp_path)
    oracle.change_generation(folder, **{name: value})
    other = read_model(Checkpoint(folder))
    timed = name.startswith("max")
    assert not np.array_equal(first_allowed(other, timed), first_allowed(model, timed))


def first_allowed(model, timed):
    """Returns bool (1, outputs): what may be written first."""
    from polymodal.pretrained.speech.rules import Rules

    rules = Rules(model.tokens, oracle.OUTPUTS, timed)
    rows = keras.ops.convert_to_tensor(np.array([oracle.TIMELESS], np.int32))
    logits = keras.ops.zeros((1, oracle.OUTPUTS))
    found, _ = rules.apply(logits, rows, rules.before(rows))
    return keras.ops.convert_to_numpy(found) > -1e8


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decoder_layers", 1),
        ("decoder_ffn_dim", 41),
        ("max_target_positions", 39),
        ("vocab_size", oracle.OUTPUTS - 1),
        ("tie_word_embeddings", False),
    ],
)
def test_a_config_that_does_not_fit_is_refused(saved, tmp_path, name, value):
    folder = oracle.save(saved[0], tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_model(Checkpoint(folder))


@pytest.mark.parametrize(
    ("name", "value"), [("decoder_attention_heads", 2), ("activation_function", "relu")]
)
def test_another_value_of_the_config_gives_other_logits(saved, tmp_path, features, name, value):
    folder = oracle.save(saved[0], tmp_path)
    oracles.change_config(folder, **{name: value})
    found = read_model(Checkpoint(folder)).logits(features, ids())
    assert np.abs(found - oracle.logits(saved[0], features, ids())).max() > CLOSE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_beams", 5),
        ("invented", 1),
        ("suppress_tokens", [oracle.OUTPUTS]),
        ("alignment_heads", [[9, 0]]),
        ("max_length", 2),
    ],
)
def test_generation_that_we_do_not_have_is_refused(saved, tmp_path, name, value):
    folder = oracle.save(saved[0], tmp_path)
    oracle.change_generation(folder, **{name: value})
    with pytest.raises(BundleError, match=name):
        read_model(Checkpoint(folder))


def test_a_tokenizer_without_times_is_refused(saved, tmp_path):
    folder = oracle.save(saved[0], tmp_path)
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace("<|notimestamps|>", "<|other|>"))
    with pytest.raises(BundleError, match="notimestamps"):
        read_model(Checkpoint(folder))


def test_an_import_keeps_everything_and_its_encoder_is_a_part(saved, model, tmp_path, features):
    import polymodal as pm
    from polymodal.bundle.part import encoder_of, tensors_of
    from polymodal.pretrained.golden import check_folder
    from polymodal.pretrained.speech.model import load_speech_model

    out = tmp_path / "out"
    pm.import_model(saved[1], out)
    again = load_speech_model(out)
    np.testing.assert_allclose(
        again.logits(features, ids()), model.logits(features, ids()), atol=1e-6
    )
    assert again.tokens.state() == model.tokens.state()
    assert check_folder(out).same
    cells = [as_wav(one) for one in oracle.waveforms()]
    np.testing.assert_allclose(pm.load_part(out).encode(cells), model.part.encode(cells), atol=1e-6)
    assert encoder_of(out, "audio").settings["encoder"] == "audio_transformer"
    assert tensors_of(out, "encoders.audio")


def as_wav(samples) -> bytes:
    import io

    import soundfile

    stream = io.BytesIO()
    soundfile.write(stream, samples, 16_000, format="WAV")
    return stream.getvalue()
