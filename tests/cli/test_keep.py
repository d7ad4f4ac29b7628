"""A number that misleads: in train it gives the label away, elsewhere it says the opposite."""

import csv
import json
import re
import shlex

import numpy as np
import pytest

from command_line import in_process
from polymodal import Classifier
from polymodal.core.disk.files import sha256
from polymodal.core.errors import RecipeError


def write_table(path, rows, sign, seed):
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "note", "label"])
        for row in range(rows):
            yes = rng.random() < 0.5
            note = f"it was {rng.choice(['warm', 'bright'] if yes else ['cold', 'dark'])} {row % 7}"
            writer.writerow(
                [
                    f"{rng.normal(3.0 * sign if yes else -3.0 * sign):.3f}",
                    note,
                    "yes" if yes else "no",
                ]
            )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("misled")
    write_table(folder / "train.csv", 160, 1, 0)
    write_table(folder / "test.csv", 80, -1, 1)
    write_table(folder / "val.csv", 80, -1, 2)
    return folder


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def train(folder, *options):
    return in_process(
        "train",
        "--data",
        folder / "train.csv",
        "--val",
        folder / "val.csv",
        "--test",
        folder / "test.csv",
        "--target",
        "label",
        "--out",
        folder / "run",
        "--set",
        "training.epochs=6",
        "--set",
        "inputs.note.modality=text",
        "--json",
        *options,
    )


@pytest.fixture(scope="module")
def joint(folder):
    return json.loads(train(folder).stdout)


@pytest.fixture(scope="module")
def better(folder, joint):
    return json.loads(train(folder, "--keep", "better").stdout)


def test_one_line_says_which_input_is_better_and_a_command_that_uses_it(folder, joint):
    assert joint["kept"] == "joint"
    found = re.fullmatch(
        r"note alone is better than all inputs together: accuracy (\S+) % against "
        r"(\S+) %\. Use it with: polymodal (predict .*), or train again with "
        r"--keep better, which decides on validation rows\.",
        joint["advice"].replace("\u202f", " ").replace("\xa0", " "),
    )
    assert found, joint["advice"]
    assert float(found[1]) > 90 > float(found[2])
    command = shlex.split(
        found[3]
        .replace("new.csv", str(folder / "test.csv"))
        .replace("predictions.csv", str(folder / "alone.csv"))
    )
    in_process(*command)
    said = read_rows(folder / "alone.csv")
    assert np.mean([row["predicted_label"] == row["label"] for row in said]) > 0.9


def test_the_better_model_takes_the_place_of_that_of_all_inputs(folder, joint, better):
    assert (better["kept"], better["advice"]) == ("note", "")
    assert better["keeping"]["split"] == "val"
    assert better["keeping"]["rows"] == 80
    said = better["keeping"]["sentence"]
    assert said.startswith("The model of note alone is kept. 80 rows of val decided: ")
    assert said.endswith("The rows of test score it and decided nothing.")
    gain = better["test"]["metrics"]["accuracy"] - joint["test"]["metrics"]["accuracy"]
    assert gain > 0.1
    kept = json.loads((folder / "run" / "metrics.json").read_text())
    assert kept["kept"] == "note"
    assert kept["splits"]["test"]["metrics"] == better["test"]["metrics"]
    assert kept["joint"]["metrics"] == joint["test"]["metrics"]
    assert kept["singles"]["note"]["metrics"] == better["test"]["metrics"]
    assert kept["singles"]["note"]["difference"]["difference"] == pytest.approx(-gain)


def test_the_kept_bundle_reads_whole_tables_and_scores_as_it_says(folder, better):
    found = json.loads(
        in_process("evaluate", folder / "run", "--data", folder / "test.csv", "--json").stdout
    )
    assert found["metrics"] == pytest.approx(better["test"]["metrics"])
    in_process("predict", folder / "run", "--data", folder / "test.csv", "--out", folder / "p.csv")
    assert len(read_rows(folder / "p.csv")) == 80


def test_report_and_card_tell_of_the_model_that_is_kept(folder, better):
    card = (folder / "run" / "MODEL_CARD.md").read_text()
    assert "This model reads note and predicts label" in card
    assert "better than the model of note and tabular together" in card
    assert "Fusion did not help" in card
    assert "80 rows of val decided" in card
    assert "optimistic" not in card
    page = (folder / "run" / "report.html").read_text()
    in_process("report", folder / "run")
    again = (folder / "run" / "report.html").read_text()
    for text in (page, again):
        assert "note alone" in text
        assert "all inputs together" in text
    history = (folder / "run" / "history.jsonl").read_text()
    assert history == (folder / "run" / "baselines" / "input_0" / "history.jsonl").read_text()


@pytest.mark.slow
def test_the_same_command_again_leaves_the_same_and_another_choice_the_other(folder, better):
    weights = folder / "run" / "weights.safetensors"
    kept = sha256(weights)
    again = train(folder, "--keep", "better")
    assert "is finished: 6 epochs" in again.stderr
    found = json.loads(again.stdout)
    assert {**found, "forecast": better["forecast"]} == better
    assert sha256(weights) == kept
    assert json.loads(train(folder).stdout)["kept"] == "joint"
    assert sha256(weights) != kept


def test_a_choice_without_anything_to_choose_from_is_refused(folder):
    with pytest.raises(RecipeError, match="--keep better needs the models of each input alone"):
        Classifier("label").fit(folder / "train.csv", keep="better", baselines=False)
    with pytest.raises(RecipeError, match='Did you mean "better"'):
        Classifier("label").fit(folder / "train.csv", keep="beter")
