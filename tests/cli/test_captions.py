"""Captions of files from the command line: the likeliest, and others drawn by chance."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from command_line import in_process as polymodal
from polymodal.core.errors import RecipeError

COLOURS = {"red": (210, 40, 40), "green": (40, 180, 40), "blue": (40, 40, 210)}
SAID = ("all is {}", "a plain {} card", "this card is {}")


def draw(path, colour, rng):
    pixels = np.clip(rng.normal(COLOURS[colour], 20, (16, 16, 3)), 0, 255)
    Image.fromarray(pixels.astype("uint8")).save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("cards"), np.random.default_rng(0)
    for name, rows in (("train", 300), ("val", 30)):
        with (folder / f"{name}.jsonl").open("w") as lines:
            for row in range(rows):
                colour = str(rng.choice(list(COLOURS)))
                file = draw(folder / f"{name}-{row}.png", colour, rng)
                lines.write(
                    json.dumps(
                        {"image": file.name, "captions": [text.format(colour) for text in SAID]}
                    )
                    + "\n"
                )
    polymodal(
        "train",
        "--data",
        folder / "train.jsonl",
        "--val",
        folder / "val.jsonl",
        "--task",
        "caption",
        "--target",
        "captions",
        "--out",
        folder / "run",
        "--set",
        "training.epochs=8",
        "--set",
        "dim=32",
        "--no-baselines",
    )
    for colour in COLOURS:
        draw(folder / f"{colour}.png", colour, rng)
    return folder


def captions(folder, *flags):
    files = [folder / f"{colour}.png" for colour in COLOURS]
    done = polymodal("caption", folder / "run", *files, "--json", *flags)
    found = json.loads(done.stdout)["captions"]
    assert [one["file"] for one in found] == [str(file) for file in files]
    return dict(
        zip(COLOURS, ([each["text"] for each in one["results"]] for one in found), strict=True)
    )


def test_files_are_captioned_with_what_they_show(folder):
    for colour, texts in captions(folder).items():
        assert texts in [[text.format(colour)] for text in SAID]


def test_other_captions_are_drawn_from_the_likeliest_words(folder):
    drawn = captions(folder, "--top-p", 0.9, "--num", 20)
    for colour, texts in drawn.items():
        assert len(texts) == 20
        assert {text.format(colour) for text in SAID} == set(texts)
    assert drawn == captions(folder, "--top-p", 0.9, "--temperature", 1, "--num", 20)


def test_a_beam_and_chance_together_are_refused(folder):
    done = polymodal(
        "caption", folder / "run", folder / "red.png", "--top-p", 0.9, "--beam", 3, check=False
    )
    assert done.returncode
    assert "Got beam=3, temperature=1, top_k=0, top_p=0.9" in done.stderr


def test_a_beam_narrower_than_the_results_is_refused_and_one_left_out_is_wide_enough(folder):
    done = polymodal(
        "caption", folder / "run", folder / "red.png", "--beam", 2, "--num", 3, check=False
    )
    assert done.returncode
    assert "a beam of at least num. Got beam=2 and num=3. Pass beam=3" in done.stderr
    assert {len(texts) for texts in captions(folder, "--num", 7).values()} == {7}


def test_few_words_are_drawn_with_top_k_and_none_is_said_twice_with_a_penalty(folder):
    for colour, texts in captions(folder, "--top-k", 1, "--num", 3).items():
        (text,) = set(texts)  # one word is left to draw from
        assert text in [said.format(colour) for said in SAID]
    for texts in captions(folder, "--repetition-penalty", 100).values():
        words = texts[0].split()
        assert words
        assert len(set(words)) == len(words)


def test_files_of_one_name_are_told_apart(folder):
    for name in "ab":
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes((folder / "red.png").read_bytes())
    files = [folder / name / "1.png" for name in "ab"]
    lines = polymodal("caption", folder / "run", *files).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(map(str, files))


def test_files_that_cannot_be_captioned_are_named_and_the_others_are(folder):
    (folder / "broken.png").write_bytes(b"no picture")
    done = polymodal(
        "caption",
        folder / "run",
        folder / "train.jsonl",
        folder / "red.png",
        folder / "nowhere.png",
        folder / "broken.png",
        check=False,
    )
    assert done.returncode
    (line,) = done.stdout.splitlines()
    assert line.split()[0] == "red.png"
    assert "train.jsonl is not an input of this model, which takes image" in done.stderr
    assert "nowhere.png does not exist" in done.stderr
    assert "row" not in done.stderr
    assert f"{folder / 'broken.png'} is not a picture that can be read" in done.stderr


def test_what_to_do_about_a_file_can_be_done_here(folder):
    picture = (folder / "red.png").read_bytes()
    (folder / "cut.png").write_bytes(picture[: len(picture) // 2])
    (folder / "empty.png").write_bytes(b"")
    done = polymodal(
        "caption",
        folder / "run",
        folder / "cut.png",
        folder / "empty.png",
        folder,
        "/dev/null",
        check=False,
    )
    assert done.returncode
    assert f"{folder / 'cut.png'} is a broken picture" in done.stderr
    assert f"{folder / 'empty.png'} has 0 bytes. Fix the file." in done.stderr
    assert f"{folder} is not a file. Give a file." in done.stderr
    assert "/dev/null is not a file. Give a file." in done.stderr
    assert "--" not in done.stderr


def test_files_of_which_none_can_be_captioned_are_named(folder):
    done = polymodal("caption", folder / "run", folder / "nowhere.png", "--json", check=False)
    assert done.returncode
    assert "nowhere.png does not exist" in done.stderr
    (only,) = json.loads(done.stdout)["captions"]
    assert only["results"] == []


def test_a_choice_that_there_is_not_is_refused_with_the_nearest(folder):
    from polymodal.api import load
    from polymodal.estimators.texts import Captioner

    model = load(folder / "run")
    assert isinstance(model, Captioner)
    with pytest.raises(RecipeError, match=r'No setting named "bem".*Did you mean "beam"'):
        model.generate({"image": str(folder / "red.png")}, bem=3)


PROMPTS = {"briefly": "{}", "in a sentence": "this card is all {}"}


@pytest.fixture(scope="module")
def prompted(tmp_path_factory):
    """Such cards, each with a prompt that says how to write about it."""
    folder, rng = tmp_path_factory.mktemp("prompted"), np.random.default_rng(1)
    for name, rows in (("train", 300), ("val", 30)):
        with (folder / f"{name}.jsonl").open("w") as lines:
            for row in range(rows):
                colour, prompt = str(rng.choice(list(COLOURS))), str(rng.choice(list(PROMPTS)))
                file = draw(folder / f"{name}-{row}.png", colour, rng)
                lines.write(
                    json.dumps(
                        {
                            "image": file.name,
                            "prompt": prompt,
                            "caption": PROMPTS[prompt].format(colour),
                        }
                    )
                    + "\n"
                )
    polymodal(
        "train",
        "--data",
        folder / "train.jsonl",
        "--val",
        folder / "val.jsonl",
        "--task",
        "caption",
        "--target",
        "caption",
        "--out",
        folder / "run",
        "--set",
        "inputs.prompt.modality=text",
        "--set",
        "training.epochs=8",
        "--set",
        "dim=32",
        "--no-baselines",
    )
    for colour in COLOURS:
        draw(folder / f"{colour}.png", colour, rng)
    return folder


@pytest.mark.slow
def test_a_prompt_stands_beside_every_file(prompted):
    files = [prompted / f"{colour}.png" for colour in COLOURS]
    for prompt, text in PROMPTS.items():
        done = polymodal(
            "caption", prompted / "run", *files, "--input", f"prompt={prompt}", "--json"
        )
        said = [one["results"][0]["text"] for one in json.loads(done.stdout)["captions"]]
        assert said == [text.format(colour) for colour in COLOURS]


@pytest.mark.slow
def test_a_prompt_that_is_not_given_is_asked_for_once(prompted):
    files = [prompted / f"{colour}.png" for colour in COLOURS]
    done = polymodal("caption", prompted / "run", *files)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.count("no value for prompt") == 1
    assert "Give it with: --input prompt=..." in done.stderr
    done = polymodal("caption", prompted / "run", *files, "--input", "prompt=briefly")
    assert "no value for" not in done.stderr


@pytest.mark.slow
def test_a_prompt_for_an_input_that_the_model_lacks_is_refused(prompted):
    done = polymodal(
        "caption", prompted / "run", prompted / "red.png", "--input", "promt=briefly", check=False
    )
    assert done.returncode
    assert 'Did you mean "prompt"?' in done.stderr
