"""An imported model is a part of a recipe like any other."""

import csv

import numpy as np
import pytest

import oracles
import polymodal as pm
from command_line import in_process
from polymodal.inference.loading import load
from polymodal.model import by_step

WORDS = {"good": "dog", "bad": "cat"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of an imported text encoder with mean pooling."""
    import json

    folder = oracles.save(oracles.text_model("bert"), tmp_path_factory.mktemp("bert"))
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {
                    "idx": 0,
                    "name": "0",
                    "path": "",
                    "type": "sentence_transformers.models.Transformer",
                },
                {
                    "idx": 1,
                    "name": "1",
                    "path": "1_Pooling",
                    "type": "sentence_transformers.models.Pooling",
                },
            ]
        )
    )
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "mean"}))
    out = tmp_path_factory.mktemp("models") / "tiny"
    pm.import_model(folder, out)
    return out


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "size", "film", "place", "stars"])
        for row in range(60):
            stars = ("good", "bad")[int(rng.integers(2))]
            words = rng.choice(["a", "on", "the", "beach", "red", "very", "long"], 6).tolist()
            words.insert(int(rng.integers(6)), WORDS[stars])
            writer.writerow(
                [" ".join(words), round(float(rng.normal()), 3), row // 6, row % 6, stars]
            )
    return path


SMALL = (
    "--no-baselines",
    "--set",
    "training.epochs=2",
    "--set",
    "dim=16",
    "--ignore",
    "film",
    "--ignore",
    "place",
)


def weights(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "weights.safetensors")


def test_a_run_keeps_the_weights_of_a_frozen_imported_encoder(model, table, tmp_path):
    out = tmp_path / "run"
    in_process(
        "train",
        "--data",
        table,
        "--target",
        "stars",
        "--out",
        out,
        "--pretrained",
        f"text={model}",
        *SMALL,
    )
    before, after = weights(model), weights(out)
    assert after["encoders.text.words"].shape == (40, 24)
    assert after["projections.text.kernel"].shape == (24, 16)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)
    run = pm.load(out)
    assert len(run.predict([{"text": "a dog", "size": 1.0}, {"text": None, "size": 0.0}])) == 2
    recipe = (out / "recipe.yaml").read_text()
    assert f"from: {model}" in recipe
    assert "output_dropout: 0.8" in recipe


def test_an_imported_encoder_can_be_trained_further(model, table, tmp_path):
    out = tmp_path / "run"
    in_process(
        "train",
        "--data",
        table,
        "--target",
        "stars",
        "--out",
        out,
        "--pretrained",
        f"text={model}",
        *SMALL,
        "--set",
        "inputs.text.freeze=false",
    )
    assert not np.array_equal(
        weights(out)["encoders.text.words"], weights(model)["encoders.text.words"]
    )


def test_an_imported_encoder_reads_a_text_per_step(model, table, tmp_path, monkeypatch):
    out = tmp_path / "run"
    in_process(
        "train",
        "--data",
        table,
        "--target",
        "stars",
        "--out",
        out,
        "--group",
        "film",
        "--order",
        "place",
        "--task",
        "sequence_labelling",
        "--no-baselines",
        "--pretrained",
        f"text={model}",
        "--set",
        "training.epochs=1",
        "--set",
        "inputs.text.max_pieces=12",
    )
    np.testing.assert_array_equal(
        weights(out)["encoders.text.words"], weights(model)["encoders.text.words"]
    )
    run = load(out)
    found = run.predict(table).outputs
    monkeypatch.setattr(by_step, "can_read_by_step", lambda *given: False)
    np.testing.assert_allclose(run.predict(table).outputs, found, atol=1e-5)


def test_an_imported_encoder_reads_a_picture_per_step(tmp_path):
    source = oracles.save_image_model(oracles.image_model("dinov2"), tmp_path / "source")
    pm.import_model(source, tmp_path / "photos")
    rng = np.random.default_rng(0)
    path = tmp_path / "talks.csv"
    rows = []
    for row in range(60):
        mood = int(rng.integers(2))
        pixels = rng.integers(0, 100, (36, 36, 3)) + 150 * np.array([mood, 0, 1 - mood])
        (tmp_path / f"{row}.png").write_bytes(oracles.as_png(pixels.astype(np.uint8)))
        face = f"{row}.png" if row % 5 else ""
        rows.append([row // 6, row % 6, face, ("cold", "warm")[mood]])
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["talk", "turn", "face", "mood"], *rows])
    out = tmp_path / "run"
    settings = ("training.epochs=12", "dim=16", "training.learning_rate=0.02")
    in_process(
        *("train", "--data", path, "--target", "mood", "--task", "sentiment", "--out", out),
        *("--group", "talk", "--order", "turn", "--pretrained", f"face={tmp_path / 'photos'}"),
        *("--no-baselines", *(f"--set={one}" for one in settings)),
    )
    run = load(out)
    assert run.recipe.inputs["face"]["modality"] == "images"
    found = run.predict(path)
    shown = np.array([bool(face) for _, _, face, _ in rows])
    said = np.array(found.labels)[found.answers][np.argsort(found.rows)]
    right = said == np.array([mood for _, _, _, mood in rows])
    assert right[shown].mean() > 0.9


def test_a_model_that_fits_is_named_and_not_taken(model, table, tmp_path, monkeypatch):
    monkeypatch.setenv("POLYMODAL_MODELS", str(model.parent))
    done = in_process(
        "train",
        "--data",
        table,
        "--target",
        "stars",
        "--out",
        tmp_path / "run",
        "--dry-run",
        *SMALL,
    )
    assert f"--pretrained text={model}" in done.stdout + done.stderr
    assert "from:" not in done.stdout


@pytest.mark.parametrize("pair", ["text", "=models/tiny", "text="])
def test_a_pair_without_a_name_or_folder_is_refused(pair, table, tmp_path):
    done = in_process(
        "train",
        "--data",
        table,
        "--target",
        "stars",
        "--out",
        tmp_path / "run",
        "--pretrained",
        pair,
        check=False,
    )
    assert "--pretrained needs INPUT=FOLDER" in done.stderr


def test_two_imported_encoders_serve_rows_with_a_missing_photo(model, tmp_path):
    source = oracles.save_image_model(oracles.image_model("dinov2"), tmp_path / "source")
    pm.import_model(source, tmp_path / "photos")
    rng = np.random.default_rng(0)
    path = tmp_path / "photos.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", "text", "sign"])
        for row in range(40):
            name = f"{row}.png"
            pixels = rng.integers(0, 256, (40, 36, 3)).astype(np.uint8)
            (tmp_path / name).write_bytes(oracles.as_png(pixels))
            writer.writerow(
                [
                    name if row % 7 else "",
                    f"a {rng.choice(['dog', 'cat'])} {row}",
                    ("yes", "no")[int(rng.integers(2))],
                ]
            )
    out = tmp_path / "run"
    in_process(
        "train",
        "--data",
        path,
        "--target",
        "sign",
        "--out",
        out,
        "--no-baselines",
        "--pretrained",
        f"photo={tmp_path / 'photos'}",
        "--pretrained",
        f"text={model}",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
    )
    found = weights(out)
    np.testing.assert_array_equal(
        found["encoders.photo.positions"], weights(tmp_path / "photos")["encoders.image.positions"]
    )
    assert found["projections.photo.kernel"].shape == (24, 16)
    recipe = pm.load(out).recipe.inputs["photo"]
    assert (recipe["short_side"], recipe["resample"], recipe["flip"]) == (32, "bicubic", False)


def recordings(folder, target, rows, lengths, rng, answer):
    """Imports a tiny Whisper and writes a table of noise; returns the table's path."""
    import soundfile

    source = oracles.save_whisper(oracles.whisper_model(), folder / "source")
    pm.import_model(source, folder / "whisper")
    path = folder / "clips.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", target])
        for row in range(rows):
            length = int(rng.integers(*lengths))
            soundfile.write(folder / f"{row}.wav", rng.normal(0, 0.1, length), 16_000)
            writer.writerow([f"{row}.wav", answer(row)])
    return path


def test_an_imported_encoder_of_speech_serves_recordings(tmp_path):
    rng = np.random.default_rng(0)
    path = recordings(
        tmp_path, "kind", 40, (4_000, 40_000), rng, lambda row: ("yes", "no")[row % 2]
    )
    out = tmp_path / "run"
    done = in_process(
        "train",
        "--data",
        path,
        "--target",
        "kind",
        "--out",
        out,
        "--no-baselines",
        "--pretrained",
        f"clip={tmp_path / 'whisper'}",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
    )
    assert "outputs of the frozen encoder of clip are kept" in done.stdout + done.stderr
    np.testing.assert_array_equal(
        weights(out)["encoders.clip.positions"],
        weights(tmp_path / "whisper")["encoders.audio.positions"],
    )
    run = pm.load(out)
    assert run.recipe.inputs["clip"]["spectrogram"] == "whisper"
    assert len(run.predict([{"clip": str(tmp_path / "3.wav")}, {"clip": None}])) == 2


def test_an_imported_encoder_of_speech_serves_transcription(tmp_path):
    import soundfile

    rng = np.random.default_rng(0)
    path = recordings(
        tmp_path,
        "said",
        24,
        (16_000, 31_000),
        rng,
        lambda row: str(rng.choice(["one two", "two", "one six"])),
    )
    out = tmp_path / "run"
    in_process(
        "train",
        "--data",
        path,
        "--target",
        "said",
        "--task",
        "transcribe",
        "--out",
        out,
        "--no-baselines",
        "--pretrained",
        f"clip={tmp_path / 'whisper'}",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
    )
    soundfile.write(tmp_path / "long.wav", rng.normal(0, 0.1, 90_000), 16_000)
    found = list(pm.load(out).transcribe([tmp_path / "long.wav"]))
    assert not found[0].get("error")
    assert abs(found[0]["seconds"] - 90_000 / 16_000) < 0.01
