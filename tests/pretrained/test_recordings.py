"""Long recordings, word times and CTranslate2's files of an imported recogniser."""

import copy
import tracemalloc

import keras
import numpy as np
import pytest
import soundfile

import oracles
import recogniser_oracle as oracle
from polymodal.core.errors import BundleError
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.sources import opened as source
from polymodal.pretrained.speech import transcribing
from polymodal.pretrained.speech.aligning import boundaries, path
from polymodal.pretrained.speech.recordings import opened
from polymodal.pretrained.speech.transcribing import Options, transcripts

CLOSE = 1e-4
LONG = 5.3  # seconds; a window has 2
in_full = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="is proven in full on one engine"
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = oracle.model()
    return model, oracle.save(model, tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="module")
def model(saved):
    return read_model(Checkpoint(saved[1]))


@pytest.fixture
def _once(monkeypatch):
    """What a random model writes is unlikely: it is not decoded again here."""
    monkeypatch.setattr(transcribing, "_LEAST_LIKELY", -100.0)
    monkeypatch.setattr(transcribing, "_MOST_REPETITIVE", 100.0)


def long_features(folder, sound):
    """Returns what the library's own extractor makes of a whole recording, (1, frames, mels)."""
    extractor = oracles.transformers().WhisperFeatureExtractor.from_pretrained(folder)
    found = extractor(
        sound,
        sampling_rate=16_000,
        return_tensors="np",
        truncation=False,
        padding="longest",
        return_attention_mask=True,
    )
    return found["input_features"].transpose(0, 2, 1)


@pytest.mark.parametrize("size", [700, 16_000, 200_000])
def test_windows_of_a_long_recording_are_those_of_the_extractor(saved, model, size):
    (sound,) = oracle.waveforms((LONG,))
    wanted = long_features(saved[1], sound)[0]
    found = opened(
        lambda: (sound[at : at + size] for at in range(0, len(sound), size)), model.part.modality
    )
    assert found.num_frames == len(wanted) == 530
    for first in (0, 37, 200, 350, 420):
        window = found.at(first)
        np.testing.assert_allclose(window[: 530 - first], wanted[first : first + 200], atol=CLOSE)
        assert not window[530 - first :].any()


def test_of_a_long_recording_no_more_than_a_window_and_a_block_is_held(model):
    block = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    tracemalloc.start()
    try:
        found = opened(lambda: (block.copy() for _ in range(300)), model.part.modality)
        for first in range(0, found.num_frames, 200):
            found.at(first)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.seconds == 300
    assert peak < block.nbytes * 100  # a window's spectrum in float64 takes most of it


@in_full
@pytest.mark.usefixtures("_once")
def test_a_long_recording_is_written_as_transformers_writes_it(saved, model, tmp_path):
    import torch

    (sound,) = oracle.waveforms((LONG,))
    soundfile.write(tmp_path / "long.wav", sound, 16_000, subtype="FLOAT")
    features = torch.tensor(long_features(saved[1], sound).transpose(0, 2, 1))
    theirs = saved[0].generate(
        features,
        attention_mask=torch.ones(1, 530, dtype=torch.long),
        language="fr",
        task="transcribe",
        return_timestamps=True,
        return_segments=True,
        condition_on_prev_tokens=False,
    )["segments"][0]
    wanted = [
        (round(float(one["start"]), 2), model.tokens.text(one["tokens"].tolist()).strip())
        for one in theirs
        if float(one["start"]) < min(float(one["end"]), LONG)
    ]
    (found,) = transcripts(model, [tmp_path / "long.wav"], Options(language="fr"))
    assert [(round(one.start_seconds, 2), one.text) for one in found.segments] == [
        (start, text) for start, text in wanted if text
    ]
    assert len(wanted) > 1


@in_full
def test_a_bad_window_is_decoded_again_by_sampling(model, tmp_path):
    (sound,) = oracle.waveforms((0.9,))
    soundfile.write(tmp_path / "short.wav", sound, 16_000)
    files = [tmp_path / "short.wav"]
    (found,) = transcripts(model, files, Options(language="fr", timed=False))
    (again,) = transcripts(model, files, Options(language="fr", timed=False))
    (other,) = transcripts(model, files, Options(language="fr", timed=False, seed=1))
    assert found.text == again.text != other.text


@in_full
@pytest.mark.usefixtures("_once")
def test_words_have_times_inside_their_recording(model, tmp_path):
    sounds = oracle.waveforms((1.7, 0.6))
    for number, sound in enumerate(sounds):
        soundfile.write(tmp_path / f"{number}.wav", sound, 16_000)
    files = [tmp_path / "0.wav", tmp_path / "1.wav"]
    for one in transcripts(model, files, Options(language="en", words=True)):
        starts = [word.start_seconds for word in one.words]
        assert starts == sorted(starts)
        assert starts
        assert all(
            word.start_seconds <= word.end_seconds <= one.seconds + 0.03
            and 0 < word.confidence <= 1
            for word in one.words
        )


def test_heads_look_where_those_of_transformers_look(saved, model):
    import torch

    features = oracles.whisper_features(saved[1], oracle.waveforms()[:1])
    ids = [oracle.START, 260, 263, 5, 90, 70, 33]
    theirs = saved[0]
    theirs.set_attn_implementation("eager")
    with torch.no_grad():
        found = theirs(
            torch.tensor(features.transpose(0, 2, 1)),
            decoder_input_ids=torch.tensor([ids]),
            output_attentions=True,
        )
    wanted = [
        found.cross_attentions[block][0, head].numpy()
        for block, head in theirs.generation_config.alignment_heads
    ]
    ours = model.listener.attention(model.listener.memory(features), ids)
    np.testing.assert_allclose(ours, np.stack(wanted), atol=CLOSE)


def test_the_cheapest_path_is_found():
    costs = np.random.default_rng(0).normal(size=(7, 19))
    total = np.full((8, 20), np.inf)
    total[0, 0] = 0
    for row in range(1, 8):
        for column in range(1, 20):
            total[row, column] = costs[row - 1, column - 1] + min(
                total[row - 1, column - 1], total[row - 1, column], total[row, column - 1]
            )
    rows, columns = path(costs)
    assert costs[rows, columns].sum() == pytest.approx(total[-1, -1])
    assert (rows[0], columns[0], rows[-1], columns[-1]) == (0, 0, 6, 18)
    assert set(zip(np.diff(rows), np.diff(columns), strict=True)) <= {(0, 1), (1, 0), (1, 1)}


def test_tokens_begin_where_attention_moves_on():
    weights = np.full((2, 6, 80), 1e-3, np.float32)
    for token in range(4):
        weights[:, token + 1, 20 * token : 20 * token + 20] = 1
    assert boundaries(weights, prompt_length=2).tolist() == pytest.approx([0, 20, 40, 60], abs=1)


@pytest.fixture(scope="module")
def converted(saved, tmp_path_factory):
    """Returns a function that converts the model by CTranslate2's own converter."""
    library = pytest.importorskip("ctranslate2", reason="it writes the files that ours reads")
    base = tmp_path_factory.mktemp("converted")

    def convert(name, **changes):
        folder = base / name
        if not folder.exists():
            theirs = copy.deepcopy(saved[0])  # it would be quantised in place
            spec = library.converters.transformers.WhisperLoader().get_model_spec(theirs)
            vocabulary = [str(one) for one in range(oracle.OUTPUTS)]
            spec.register_vocabulary(vocabulary)
            spec.config.suppress_ids = saved[0].generation_config.suppress_tokens
            spec.config.suppress_ids_begin = saved[0].generation_config.begin_suppress_tokens
            spec.config.alignment_heads = saved[0].generation_config.alignment_heads
            spec.config.lang_ids = []
            spec.validate()
            spec.optimize(quantization=changes.get("quantization"))
            folder.mkdir()
            spec.save(str(folder))
            for file in ("tokenizer.json", "preprocessor_config.json"):
                (folder / file).write_text((saved[1] / file).read_text())
        return folder

    return convert


@in_full
@pytest.mark.parametrize(("kind", "close"), [(None, CLOSE), ("float16", 3e-2), ("int8", 0.2)])
def test_a_file_of_ctranslate2_gives_the_logits_of_its_model(saved, model, converted, kind, close):
    found = read_model(source(converted(f"as_{kind}", quantization=kind)))
    features = oracles.whisper_features(saved[1], oracle.waveforms()[:2])
    ids = np.array([[oracle.START, 5, 6, 300]] * 2, np.int32)
    wanted = oracle.logits(saved[0], features, ids)
    assert np.abs(found.logits(features, ids) - wanted).max() < close * np.abs(wanted).max()
    assert found.tokens.suppressed == model.tokens.suppressed
    assert found.tokens.aligned_heads == model.tokens.aligned_heads


@in_full
@pytest.mark.parametrize("harm", ["short", "long", "kind", "size", "nan"])
def test_a_damaged_file_of_ctranslate2_is_refused(converted, tmp_path, harm):
    data = bytearray((converted("as_None") / "model.bin").read_bytes())
    for name in ("tokenizer.json", "config.json", "preprocessor_config.json"):
        (tmp_path / name).write_text((converted("as_None") / name).read_text())
    if harm == "short":
        data = data[:-100]
    elif harm == "long":
        data += b"more"
    elif harm == "kind":
        data = data.replace(b"WhisperSpec", b"MarianSpecX", 1)
    elif harm == "size":
        at = data.index(b"encoder/conv1/bias\0") + len(b"encoder/conv1/bias\0") + 1
        data[at : at + 4] = b"\xff\xff\xff\x7f"
    else:
        at = data.index(b"encoder/conv1/bias\0") + len(b"encoder/conv1/bias\0") + 10
        data[at : at + 4] = np.array([np.nan], "<f4").tobytes()
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(BundleError, match=r"model\.bin"):
        read_model(source(tmp_path))
