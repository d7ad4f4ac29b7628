"""A text beside a picture decides what its caption has to say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import polymodal as pm

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}
SIDES = ["left", "right"]


def write_table(folder, name, count, seed):
    """Pictures of two halves in different colours; the prompt says which half is meant."""
    rng, path = np.random.default_rng(seed), folder / f"{name}.jsonl"
    with path.open("w") as file:
        for row in range(count):
            halves = rng.permutation(list(COLOURS))[:2]
            pixels = np.concatenate([np.full((16, 8, 3), COLOURS[half]) for half in halves], axis=1)
            picture = folder / f"{name}{row}.png"
            noisy = np.clip(pixels + rng.normal(0, 20, pixels.shape), 0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(picture)
            side = int(rng.integers(2))
            file.write(
                json.dumps(
                    {
                        "image": picture.name,
                        "prompt": f"what is on the {SIDES[side]}",
                        "caption": f"the {SIDES[side]} is {halves[side]}",
                    }
                )
                + "\n"
            )
    return path


def colours_right(model, rows):
    found = model.generate(rows)
    return np.mean(
        [
            one["results"][0]["text"].split()[-1] == row["caption"].split()[-1]
            for one, row in zip(found, rows, strict=True)
        ]
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model that captions, and the rows that it did not learn from."""
    tmp_path = tmp_path_factory.mktemp("prompts")
    train = write_table(tmp_path, "train", 400, 0)
    val = write_table(tmp_path, "val", 80, 1)
    inputs = {
        "image": {"modality": "image", "encoder": "convnet", "size": 16, "width": 8, "flip": False},
        "prompt": {"modality": "text", "encoder": "rnn"},
    }
    model = pm.Captioner("caption", inputs=inputs, dim=32, training={"epochs": 20})
    model.fit(train, val=val, out=tmp_path / "run")
    rows = [
        {**json.loads(line), "image": str(tmp_path / json.loads(line)["image"])}
        for line in val.open()
    ]
    return model, rows


def test_the_prompt_decides_which_caption_is_right(trained):
    model, rows = trained
    assert colours_right(model, rows) > 0.9
    other = {"left": "right", "right": "left"}
    turned = [
        {**row, "prompt": " ".join(other.get(w, w) for w in row["prompt"].split())} for row in rows
    ]
    assert colours_right(model, turned) < 0.1
    assert colours_right(model, [{**row, "prompt": None} for row in rows]) < 0.75


def test_a_table_is_predicted_as_its_captions_are_written(trained):
    model, rows = trained
    written = [one["results"][0]["text"] for one in model.generate(rows, beam=4)]
    assert [one["prediction"] for one in model.predict(rows, beam=4)] == written


@pytest.mark.slow
@pytest.mark.parametrize("beam", [1, 3])
def test_captions_whose_loop_xla_compiles_are_the_same(trained, beam):
    model, rows = trained
    texts = lambda found: [one["results"][0]["text"] for one in found]
    plain = texts(model.generate(rows, beam=beam))
    assert texts(model.generate(rows, beam=beam, jit=True)) == plain
    assert texts(model.generate(rows[:1], beam=beam, jit=True)) == plain[:1]


@pytest.mark.parametrize("choice", [{}, {"beam": 3}, {"top_p": 0.95, "temperature": 3, "num": 2}])
def test_a_row_alone_is_written_as_among_others(trained, choice):
    model, rows = trained
    prompts = [rows[0]["prompt"], "left", None, "now tell me what it is that is on the right"]
    some = [{**row, "prompt": prompts[place % 4]} for place, row in enumerate(rows[:12])]
    texts = lambda found: [[result["text"] for result in one["results"]] for one in found]
    together = texts(model.generate(some, **choice))
    assert [texts(model.generate([row], **choice))[0] for row in some] == together
    assert texts(model.generate(some[::-1], batch_size=5, **choice)) == together[::-1]
