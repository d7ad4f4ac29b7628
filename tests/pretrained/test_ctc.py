"""An imported recogniser that spells writes what transformers writes, and is a run like others."""

import csv
import json

import numpy as np
import pytest
import soundfile

import oracles
import polymodal as pm
import wave_oracle as oracle
from command_line import in_process
from polymodal.core.errors import BundleError, RecipeError
from polymodal.inference.loading import load
from polymodal.pretrained.golden import check_folder
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.part import Part, load_part
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.shelf import imported

CLOSE = 1e-4
FORMS = {"wav2vec2": {}, "hubert": oracle.LARGE}


def sounds():
    return oracle.waveforms((0.9, 0.6, 0.2))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return placed("wav2vec2", tmp_path_factory.mktemp("wav2vec2"))


def placed(kind, base):
    """Returns a model, and a folder with its checkpoint, what was imported of it, recordings and a
    table."""
    model = oracle.model(kind, "ForCTC", **FORMS[kind])
    oracle.save(model, base / "theirs")
    pm.import_model(base / "theirs", base / "ours")
    with (base / "speech.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", "words"])
        for number, samples in enumerate(sounds()):
            kept = samples / np.abs(samples).max() * 0.9
            soundfile.write(base / f"{number}.wav", kept, oracle.RATE, subtype="FLOAT")
            writer.writerow([f"{number}.wav", "tea on a tree"])
    return model, base


def read(base):
    return [soundfile.read(base / f"{number}.wav", dtype="float32")[0] for number in range(3)]


@pytest.mark.parametrize("kind", FORMS)
def test_logits_and_texts_are_those_of_transformers(kind, place, tmp_path):
    model, base = place if kind == "wav2vec2" else placed(kind, tmp_path)
    found = read_model(Checkpoint(base / "theirs")).logits([base / f"{n}.wav" for n in range(3)])
    for one, wanted in zip(found, oracle.logits(model, base / "theirs", read(base)), strict=True):
        np.testing.assert_allclose(one, wanted, atol=CLOSE * np.abs(wanted).max())
    wanted = [" ".join(one.split()) for one in oracle.texts(model, base / "theirs", read(base))]
    run = pm.load(base / "ours")
    answers = run.predict([{"audio": str(base / f"{n}.wav")} for n in range(3)])
    assert [one["prediction"] for one in answers] == wanted
    assert any(wanted)


@oracles.once
def test_commands_transcribe_predict_and_evaluate(place):
    model, base = place
    wanted = [" ".join(one.split()) for one in oracle.texts(model, base / "theirs", read(base))]
    (heard,) = json.loads(
        in_process(
            "transcribe", base / "ours", base / "0.wav", "--format", "json", "--words"
        ).stdout
    )["files"]
    assert heard["text"]
    assert heard["words"][-1]["end_seconds"] <= heard["seconds"] == 0.9
    found = json.loads(
        in_process(
            "evaluate", base / "ours", "--data", base / "speech.csv", "--target", "words", "--json"
        ).stdout
    )
    assert set(found["metrics"]) == {"wer", "cer"}
    shown = in_process("predict", base / "ours", "--data", base / "speech.csv", "--json").stdout
    assert wanted[1] in shown
    assert "golden" in in_process("check", base / "ours").stdout.lower()


@oracles.once
def test_an_import_says_what_it_is_and_its_encoder_is_a_part(place):
    _, base = place
    assert check_folder(base / "ours").same
    (one,) = (one for one in imported(base) if one.folder.name == "ours")
    assert (one.encodes, one.transcribes, one.dim) == ("audio", True, 24)
    part = load_part(base / "ours")
    assert part.encode([base / "0.wav"]).shape == (1, 24)
    assert (base / "ours" / "MODEL_CARD.md").read_text().count("transcribes in 11 characters") == 1


@oracles.once
def test_a_table_trains_on_its_encoder_which_is_written_back(place):
    model, base = place
    out = base / "run"
    rows = "".join(f"{number % 3}.wav,{('short', 'long')[number % 2]}\n" for number in range(24))
    (base / "kinds.csv").write_text(f"clip,kind\n{rows}")
    in_process(
        "train",
        "--data",
        base / "kinds.csv",
        "--target",
        "kind",
        "--out",
        out,
        "--pretrained",
        f"clip={base / 'ours'}",
        "--no-baselines",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
        "--set",
        "inputs.clip.lora=2",
    )
    run = load(out)
    assert len(run.predict([{"clip": str(base / "0.wav")}])) == 1
    theirs = type(model).from_pretrained(pm.export(out, base / "hf")).eval()
    samples = read(base)[0]
    inputs = oracle.extractor(base / "theirs")(
        samples, sampling_rate=oracle.RATE, return_tensors="np"
    )["input_values"]
    tokens, real = run.model.encoders["clip"](inputs[..., None], np.ones(inputs.shape, bool))
    wanted = oracle.alone(theirs.base_model, base / "theirs", [samples])[0]
    found = oracles.to_numpy(tokens)[oracles.to_numpy(real)]
    np.testing.assert_allclose(found, wanted, atol=CLOSE * np.abs(wanted).max())


@oracles.once
def test_a_column_that_is_not_there_is_named(place):
    with pytest.raises(RecipeError, match="needs --target"):
        pm.load(place[1] / "ours").evaluate(place[1] / "speech.csv")


@pytest.fixture
def copied(place, tmp_path):
    """A checkpoint whose files may be changed."""
    return oracle.save(place[0], tmp_path)


def change_vocabulary(folder, known):
    (folder / "vocab.json").write_text(json.dumps(known))


@oracles.once
def test_without_a_vocabulary_the_encoder_is_imported(copied, capsys):
    (copied / "vocab.json").unlink()
    assert isinstance(read_model(Checkpoint(copied)), Part)
    assert "only the encoder" in capsys.readouterr().err


@oracles.once
@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"do_lower_case": True}, "e"),
        ({"word_delimiter_token": "E"}, " "),
    ],
)
def test_the_tokenizer_says_what_is_written(copied, own, text):
    oracle.change_tokenizer(copied, **own)
    symbols = read_model(Checkpoint(copied)).symbols
    assert symbols[oracle.VOCABULARY["E"] - 1] == text


@oracles.once
@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"target_lang": "eng"}, "target_lang"),
        ({"pad_token": "<s>"}, "pad_token_id"),
        ({"replace_word_delimiter_char": "_"}, "replace_word_delimiter_char"),
        ({"tokenizer_class": "Wav2Vec2PhonemeCTCTokenizer"}, "tokenizer_class"),
    ],
)
def test_a_tokenizer_that_we_do_not_have_is_refused(copied, own, message):
    oracle.change_tokenizer(copied, **own)
    with pytest.raises(BundleError, match=message):
        read_model(Checkpoint(copied))


@oracles.once
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda known: {**known, "|": 5}, "one token for each number"),
        (
            lambda known: {
                **{name: number for name, number in known.items() if number != 9},
                " ": 9,
            },
            "twice",
        ),
        (
            lambda known: {name: number for name, number in known.items() if number != 9},
            "Got none for 9",
        ),
        (lambda known: {"eng": known}, "several languages"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(copied, change, message):
    change_vocabulary(copied, change(oracle.VOCABULARY))
    with pytest.raises(BundleError, match=message):
        read_model(Checkpoint(copied))


@oracles.once
@pytest.mark.parametrize(
    ("name", "value"), [("vocab_size", oracle.OUTPUTS - 1), ("pad_token_id", 1)]
)
def test_a_config_that_does_not_fit_the_vocabulary_is_refused(copied, name, value):
    oracles.change_config(copied, **{name: value})
    with pytest.raises(BundleError):
        read_model(Checkpoint(copied))
