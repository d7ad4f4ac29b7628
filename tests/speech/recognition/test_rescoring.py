"""Spellings of a search over CTC, scored by the decoder that was trained beside it."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import soundfile

import small_recogniser
import whistled
from polymodal.core.contracts.batch import mask_key
from polymodal.inference.predictor import load
from polymodal.speech.recognition.hearing import Recogniser


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    return load(small_recogniser.write_bundle(tmp_path_factory.mktemp("joint"), ctc_weight=0.3))


def features(recogniser, seed):
    samples = np.random.default_rng(seed).normal(size=12_000).astype("float32") * 0.1
    return recogniser.encode(samples)


@pytest.mark.engine
def test_a_spelling_scores_what_its_symbols_do_one_after_the_other(predictor):
    import keras

    recogniser = Recogniser(predictor, beam=3)
    frames = recogniser.frames([features(recogniser, 0), features(recogniser, 1)[:90]])
    spellings = [(1, 2, 3), (), (4,) * 20, (5, 1)]
    found = frames[1].score(spellings)
    assert found.shape == (4,)

    array = np.zeros((1, 152, 40), "float32")
    array[0, :90] = features(recogniser, 1)[:90]
    inputs = {"input_0": array, mask_key("input_0"): np.arange(152)[None] < 90}
    model = predictor.model
    tokens, mask = model.encode(inputs, training=False)
    decoder, end = model.head.decoder, model.head.ctc.num_outputs - 1
    for spelling, score in zip(spellings, found, strict=True):
        state, total, before = decoder.initial_state(tokens, mask, 32), 0.0, end + 1
        for symbol in (*spelling, end):
            logits, state = decoder.step(np.array([before], "int32"), state, tokens, mask)
            total += keras.ops.convert_to_numpy(keras.ops.log_softmax(logits))[0, symbol]
            before = symbol
        np.testing.assert_allclose(score, total, rtol=1e-3, atol=1e-3)


def test_without_a_beam_ctc_alone_is_heard(predictor):
    with_beam, without = Recogniser(predictor, beam=2), Recogniser(predictor)
    assert without.rescoring is None
    one, other = (r.frames([features(r, 0)])[0] for r in (with_beam, without))
    np.testing.assert_allclose(one.log_probs, other.log_probs, atol=1e-3)
    assert other.score is None


def test_the_decoder_decides_between_spellings_in_its_share(predictor):
    recogniser, gained = Recogniser(predictor, beam=8), []
    for frames in recogniser.frames([features(recogniser, seed) for seed in range(6)]):
        said = {}
        for weight in (1.0, 0.3, 0.0):
            recogniser.reading.ctc_weight = weight
            said[weight] = [span.id for span in recogniser.reading(frames.log_probs, frames.score)]
        assert said[1.0] == [span.id for span in recogniser.reading(frames.log_probs)]
        alone, share, whole = (frames.score([said[weight]])[0] for weight in (1.0, 0.3, 0.0))
        assert alone - 1e-3 < share < whole + 1e-3  # the more it is asked, the more it likes
        gained.append(whole - alone)
    assert sum(gain > 0.01 for gain in gained) >= 3, gained


@pytest.mark.slow
def test_both_learn_to_read_whistles(tmp_path):
    from polymodal.tables.table import read
    from polymodal.training.run import train

    rng, rows = np.random.default_rng(0), []
    for number in range(240):
        text = " ".join(rng.choice(whistled.WORDS, rng.integers(1, 4)))
        sound = whistled.whistle(text) + 0.02 * rng.standard_normal(len(whistled.whistle(text)))
        soundfile.write(tmp_path / f"{number}.wav", sound, whistled.RATE)
        rows.append({"audio": f"{number}.wav", "said": text})
    for name, part in (("train", rows[:200]), ("test", rows[200:])):
        with (tmp_path / f"{name}.csv").open("w", newline="") as lines:
            writer = csv.DictWriter(lines, ["audio", "said"])
            writer.writeheader()
            writer.writerows(part)
    tables = {name: read(tmp_path / f"{name}.csv") for name in ("train", "test")}
    given = {
        "target": "said",
        "task": {"name": "transcribe", "ctc_weight": 0.3},
        "training": {"epochs": 15, "batch_size": 16, "augment": False},
    }
    run = train(tables, given, tmp_path / "run", baselines=False)
    assert run.metrics["test"]["metrics"]["wer"] < 0.1
    recogniser = Recogniser(load(tmp_path / "run"), beam=4)
    first = rows[200]
    sound, _ = soundfile.read(tmp_path / first["audio"], dtype="float32")
    frames = recogniser.frames([recogniser.encode(sound)])[0]
    right = [recogniser.reading.symbols.index(letter) for letter in first["said"]]
    wrong = [*right[:-1], right[0]]
    assert frames.score([right])[0] > frames.score([wrong])[0] + 1
    assert " ".join(word.text for word in recogniser.words(frames)) == first["said"]
