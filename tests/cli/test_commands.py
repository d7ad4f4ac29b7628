"""The commands on a small real table, from train to report, as a person types them."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys

import numpy as np
import pytest
import yaml
from PIL import Image

from command_line import polymodal

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 40), "blue": (40, 40, 200)}
WORDS = {"circle": "round and smooth", "square": "four corners", "star": "points all over"}


def write_table(folder, name, rows, seed):
    """A picture says the colour, a note the shape; the label needs both."""
    rng = np.random.default_rng(seed)
    with open(folder / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["picture", "note", "label"])
        for row in range(rows):
            colour, shape = rng.choice(list(COLOURS)), rng.choice(list(WORDS))
            pixels = np.clip(rng.normal(COLOURS[colour], 20, (16, 16, 3)), 0, 255)
            path = f"{name}-{row}.png"
            Image.fromarray(pixels.astype("uint8")).save(folder / path)
            matched = (colour, shape) in {("red", "circle"), ("green", "square"), ("blue", "star")}
            writer.writerow([path, WORDS[shape], "match" if matched else "other"])
    return folder / f"{name}.csv"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    tables = {
        n: write_table(folder, n, rows, seed)
        for n, rows, seed in (("train", 320, 0), ("val", 60, 1), ("test", 80, 2))
    }
    done = polymodal(
        "train",
        "--data",
        tables["train"],
        "--val",
        tables["val"],
        "--test",
        tables["test"],
        "--target",
        "label",
        "--out",
        folder / "run",
        "--set",
        "training.epochs=14",
        "--set",
        "dim=32",
        "--no-baselines",
        "--json",
    )
    return folder, tables, done


def test_training_learns_what_needs_both_inputs_and_prints_one_object(run):
    _, _, done = run
    found = json.loads(done.stdout)
    assert found["test"]["metrics"]["accuracy"] > 0.9  # a third match: guessing gives 0.67
    assert "input picture: image" in done.stderr
    assert "train.csv: 320 rows read." in done.stderr


def test_the_folder_holds_what_a_bundle_holds(run):
    folder, _, _ = run
    names = {p.name for p in (folder / "run").iterdir()}
    assert {
        "model.json",
        "weights.safetensors",
        "preprocess",
        "metrics.json",
        "history.jsonl",
        "report.html",
        "MODEL_CARD.md",
        "manifest.json",
        "recipe.yaml",
    } <= names


def test_evaluate_gives_the_numbers_of_training(run):
    folder, tables, done = run
    found = json.loads(
        polymodal(
            "evaluate", folder / "run", "--data", tables["test"], "--slice", "note", "--json"
        ).stdout
    )
    assert found["metrics"] == pytest.approx(json.loads(done.stdout)["test"]["metrics"])
    assert found["rows"] == {"read": 80, "used": 80, "dropped": {}}
    assert set(found["slices"]["note"]) == set(WORDS.values())
    low, high = found["intervals"]["accuracy"]
    assert low <= found["metrics"]["accuracy"] <= high


def test_predictions_keep_every_row_and_name_what_failed(run):
    folder, _, _ = run
    (folder / "broken.png").write_bytes(b"no picture")
    lines = [
        "picture,note",
        "test-0.png,four corners",
        "broken.png,four corners",
        ",points all over",
        ",",
    ]
    (folder / "new.csv").write_text("\n".join(lines) + "\n")
    polymodal("predict", folder / "run", "--data", folder / "new.csv", "--out", folder / "p.csv")
    rows = list(csv.DictReader((folder / "p.csv").read_text().splitlines()))
    assert [r["note"] for r in rows] == ["four corners", "four corners", "points all over", ""]
    assert rows[0]["predicted_label"] in ("match", "other")
    assert 'column "picture" (broken.png)' in rows[1]["error"]
    assert not rows[2]["error"]  # one input is missing, which is no error
    assert "every input is empty" in rows[3]["error"]


def test_a_table_without_a_usable_row_still_gets_its_errors(run):
    folder, _, _ = run
    (folder / "bad.csv").write_text("picture,note\nabsent.png,four corners\n,\n")
    polymodal(
        "predict",
        folder / "run",
        "--data",
        folder / "bad.csv",
        "--out",
        folder / "b.csv",
        check=False,
    )
    rows = list(csv.DictReader((folder / "b.csv").read_text().splitlines()))
    assert "absent.png" in rows[0]["error"]
    assert "every input is empty" in rows[1]["error"]


def test_one_row_is_answered(run):
    folder, _, _ = run
    answer = json.loads(
        polymodal(
            "predict",
            folder / "run",
            "--input",
            f"picture={folder / 'test-0.png'}",
            "--input",
            "note=four corners",
            "--json",
        ).stdout
    )
    assert answer["prediction"] in answer["probabilities"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_a_run_that_writes_no_texts_is_not_told_how_to_write_them(run):
    folder, tables, _ = run
    done = polymodal(
        "evaluate", folder / "run", "--data", tables["test"], "--beam", "4", check=False
    )
    assert done.returncode == 1
    assert "Decoding options (beam) need a run that" in done.stderr


def test_the_same_command_finds_the_run_finished_and_another_is_refused(run):
    folder, tables, _ = run
    same = [
        "train",
        "--data",
        tables["train"],
        "--val",
        tables["val"],
        "--test",
        tables["test"],
        "--target",
        "label",
        "--out",
        folder / "run",
        "--set",
        "dim=32",
        "--no-baselines",
    ]
    before = (folder / "run" / "weights.safetensors").read_bytes()
    assert "is finished" in polymodal(*same, "--set", "training.epochs=14").stderr
    assert (folder / "run" / "weights.safetensors").read_bytes() == before
    refused = polymodal(*same, "--set", "training.epochs=15", check=False)
    assert refused.returncode != 0
    assert "epochs" in refused.stderr


def test_the_report_is_written_again(run):
    folder, _, _ = run
    (folder / "run" / "report.html").unlink()
    polymodal("report", folder / "run", "--no-browser")
    page = (folder / "run" / "report.html").read_text()
    assert "This model reads" in page
    assert "data:image/png;base64," in page


@pytest.mark.slow
def test_the_command_in_the_report_trains_the_same_again(run):
    folder, _, _ = run
    kept = json.loads((folder / "run" / "evaluation" / "report.json").read_text())
    polymodal(*shlex.split(kept["command"])[1:])
    again, first = (
        yaml.safe_load((folder / name / "recipe.yaml").read_text()) for name in ("run-again", "run")
    )
    assert again == first  # what is given needs no reason, so the comments differ
    assert (folder / "run-again" / "weights.safetensors").read_bytes() == (
        folder / "run" / "weights.safetensors"
    ).read_bytes()


def write_days(path, num_days, seed):
    """Reports of a lamp, hour by hour, in no order: most say nothing new, some are missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(num_days):
        lit = bool(rng.integers(2))
        for hour in range(8):
            turned = rng.random() < 0.4
            lit ^= turned
            said = "nothing new to report here" if rng.random() < 0.7 else ""
            if turned or hour == 0:
                said = f"somebody turned the lamp {'on' if lit else 'off'}"
            rows.append([f"day {day}", hour, said, "lit" if lit else "dark"])
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(
            [["day", "hour", "report", "lamp"], *(rows[i] for i in rng.permutation(len(rows)))]
        )
    return path


@pytest.mark.slow
def test_rows_in_groups_are_read_as_sequences(tmp_path):
    train, test = (
        write_days(tmp_path / f"{name}.csv", days, seed)
        for name, days, seed in (("train", 80, 0), ("test", 20, 1))
    )
    run = tmp_path / "run"
    done = polymodal(
        "train",
        "--data",
        train,
        "--test",
        test,
        "--target",
        "lamp",
        "--group",
        "day",
        "--order",
        "hour",
        "--out",
        run,
        "--set",
        "training.epochs=12",
        "--set",
        "training.learning_rate=0.02",
        "--set",
        "training.jit=false",
        "--set",
        "training.precision=float32",
        "--json",
    )
    assert "task: sequence_labelling" in done.stderr
    assert "input report: texts, because it has one text for each step" in (done.stderr)
    # Who sees one hour alone is right where the lamp was turned, and half the time elsewhere.
    assert json.loads(done.stdout)["test"]["metrics"]["accuracy"] > 0.85
    polymodal("predict", run, "--data", test, "--out", tmp_path / "p.csv")
    told, said = (
        [*csv.DictReader(path.read_text().splitlines())] for path in (test, tmp_path / "p.csv")
    )
    assert [row["hour"] for row in said] == [row["hour"] for row in told]
    # A missing step takes nothing from the steps behind it.
    heard = [row for row in said if row["report"]]
    assert len(heard) < len(said) - 5
    assert np.mean([row["predicted_lamp"] == row["lamp"] for row in heard]) > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--data", "absent.csv", "--target", "x"], "absent.csv does not exist"),
        (["predict", "run"], "needs either --data with a table, or --input"),
        (["evaluate", "nowhere", "--data", "x.csv"], "nowhere needs to be a finished run"),
    ],
)
def test_mistakes_are_named_without_a_traceback(arguments, message):
    done = polymodal(*arguments, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["encoders", "fusions", "recipes"])
def test_lists_come_from_the_code(command):
    lines = polymodal(command).stdout.splitlines()
    assert len(lines) >= 5
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_recipes_lists_the_settings_of_a_recipe_and_the_tasks():
    printed = polymodal("recipes").stdout
    for setting in ("target", "fusion", "training.epochs", "training.seed", "regression"):
        assert f"  {setting}  " in printed
    assert "(default: 128)" in printed


def test_help_and_import_load_no_engine():
    code = (
        "import sys, polymodal, polymodal.cli.app\n"
        "print([m for m in ('keras', 'tensorflow', 'jax', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--data", "absent.csv", "--target", "x"], "absent.csv does not exist"),
        (["train", "--data", "t.csv", "--target", "x"], 'No column named "x"'),
        (["needs", "--data", "absent.csv", "--target", "x"], "absent.csv does not exist"),
        (["chat", "nowhere"], "nowhere needs to be a finished run"),
    ],
)
def test_what_is_not_there_is_named_before_an_engine_is_loaded(arguments, message, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    code = (
        "import sys\nfrom polymodal.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('keras' in sys.modules)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert message in done.stderr
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_every_row_can_be_learned_from_where_a_test_table_scores(run, tmp_path):
    _, tables, _ = run
    given = [
        "train",
        "--data",
        tables["train"],
        "--target",
        "label",
        "--out",
        tmp_path / "run",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
        "--no-baselines",
        "--split",
        "none",
    ]
    refused = polymodal(*given, check=False)
    assert refused.returncode != 0
    assert "--split none holds out no rows" in refused.stderr
    assert "Give a table with --test" in refused.stderr
    given += ["--test", tables["test"]]
    refused = polymodal(*given, "--set", "training.patience=3", check=False)
    assert refused.returncode != 0
    assert "training.patience needs validation rows" in refused.stderr
    found = json.loads(polymodal(*given, "--json").stdout)
    assert "test" in found
    assert "val" not in found
    assert found["test"]["rows"]["used"] == 80
    epoch = json.loads((tmp_path / "run" / "history.jsonl").read_text())
    assert "loss" in epoch
    assert "val_loss" not in epoch
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_a_column_that_names_no_validation_rows_is_no_error(run, tmp_path):
    folder, tables, _ = run
    rows = [
        [*row, "test" if i % 4 == 1 else "train"]
        for i, row in enumerate(csv.reader(tables["train"].open(newline="")))
        if i <= 80
    ]
    rows[0][-1] = "part"
    with (folder / "parts.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = json.loads(
        polymodal(
            "train",
            "--data",
            folder / "parts.csv",
            "--target",
            "label",
            "--out",
            tmp_path / "run",
            "--set",
            "training.epochs=1",
            "--set",
            "dim=16",
            "--no-baselines",
            "--split",
            "part",
            "--json",
        ).stdout
    )
    assert "test" in found
    assert "val" not in found
    assert found["test"]["rows"]["used"] == 20
