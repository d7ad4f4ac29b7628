"""A published CLIP from its folder to answers: import, models, check, search, predict, evaluate."""

import json

import numpy as np
import pytest
from PIL import Image

import pairs
from command_line import in_process


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an imported pair, "ours", and photographs."""
    place = tmp_path_factory.mktemp("pair")
    in_process(
        "import", pairs.save(pairs.pair("clip"), "clip", place / "theirs"), "--out", place / "ours"
    )
    rng = np.random.default_rng(4)
    rows = ["photo,label,text"]
    for number in range(4):
        pixels = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
        rows.append(f"{number}.png,{('dog', 'cat')[number % 2]},a red dog {number}")
    (place / "photos.csv").write_text("\n".join(rows))
    return place


def test_a_pair_is_listed_and_checked(folder, monkeypatch):
    monkeypatch.setenv("POLYMODAL_MODELS", str(folder))
    assert "compares images and texts by 16 numbers" in in_process("models").stdout
    assert "Golden outputs are the same" in in_process("check", folder / "ours").stdout


def test_photographs_are_searched(folder):
    done = in_process(
        "search",
        folder / "ours",
        "--query",
        "a dog on the beach",
        "--num",
        2,
        "--data",
        folder / "photos.csv",
        "--json",
    )
    found = json.loads(done.stdout)["results"]
    assert [list(one["cells"]) for one in found] == [["photo"]] * 2


def test_photographs_are_classified_by_labels(folder):
    given = ("--labels", "dog,cat", "--prompt", "a photo of a {}", "--data", folder / "photos.csv")
    out = folder / "answers.csv"
    in_process("predict", folder / "ours", *given, "--out", out)
    head, first = out.read_text().splitlines()[:2]
    assert head == "photo,label,text,predicted_label,probability_dog,probability_cat,error"
    assert sum(map(float, first.split(",")[4:6])) == pytest.approx(1, abs=1e-5)
    done = in_process("evaluate", folder / "ours", *given, "--target", "label", "--json")
    assert json.loads(done.stdout)["rows"]["used"] == 4
    done = in_process(
        "predict",
        folder / "ours",
        "--labels",
        "dog",
        "--labels",
        "cat",
        "--input",
        f"image={folder / '0.png'}",
    )
    assert "dog" in done.stdout


def test_texts_and_photographs_of_a_table_are_compared(folder):
    done = in_process(
        "evaluate",
        folder / "ours",
        "--data",
        folder / "photos.csv",
        "--column",
        "image=photo",
        "--json",
    )
    assert json.loads(done.stdout)["metrics"]["recall@10"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--prompt", "a {}"), "--prompt needs --labels"),
        (("--labels", "dog"), "needs at least two different labels. Got dog"),
        (("--labels", "dog,cat", "--prompt", "a photo"), "needs {} where the label goes"),
        (("--labels", "dog,cat", "--column", "photo"), 'No input named "photo"'),
    ],
)
def test_options_that_cannot_be_are_refused(folder, arguments, message):
    done = in_process(
        "predict",
        folder / "ours",
        *arguments,
        "--data",
        folder / "photos.csv",
        "--json",
        check=False,
    )
    assert done.returncode != 0
    assert message in done.stderr


def test_two_columns_of_photographs_need_a_choice(folder):
    (folder / "two.csv").write_text("photo,other\n0.png,1.png\n2.png,3.png\n")
    given = ("--labels", "dog,cat", "--data", folder / "two.csv", "--json")
    done = in_process("predict", folder / "ours", *given, check=False)
    assert "needs one column for the input image. Got photo, other" in done.stderr
    in_process("predict", folder / "ours", *given, "--column", "image=other")


def test_a_label_that_is_not_among_those_given_is_named(folder):
    given = ("--labels", "dog,bird", "--data", folder / "photos.csv", "--target", "label")
    done = in_process("evaluate", folder / "ours", *given, check=False)
    assert 'row 2: column "label" holds "cat", which is none of the labels' in done.stderr
    done = in_process("evaluate", folder / "ours", *given, "--skip-bad", "--json")
    assert json.loads(done.stdout)["rows"]["used"] == 2
