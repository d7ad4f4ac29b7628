"""Assistants that are joined from imported parts, on tiny random models."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import oracles
import polymodal as pm
from command_line import in_process
from polymodal.core.errors import BundleError, RecipeError

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joined")
    oracles.save_language_model(oracles.language_model("llama"), folder / "llama")
    oracles.save_image_model(oracles.image_model("dinov2"), folder / "dinov2")
    for name in ("llama", "dinov2"):
        pm.import_model(folder / name, folder / f"my-{name}")
    rng = np.random.default_rng(0)
    lines = []
    for row in range(12):
        Image.fromarray(rng.integers(0, 255, (16, 16, 3)).astype(np.uint8)).save(
            folder / f"{row}.png"
        )
        content = [{"type": "image", "image": f"{row}.png"}, {"type": "text", "text": "the inn"}]
        lines.append(
            json.dumps(
                {
                    "messages": [
                        {"role": "user", "content": content},
                        {"role": "assistant", "content": "on"},
                    ]
                }
            )
        )
    (folder / "chats.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def base(place):
    done = in_process(
        "assemble",
        "--vision",
        place / "my-dinov2",
        "--decoder",
        place / "my-llama",
        "--out",
        place / "base",
        "--projector",
        "linear",
        "--json",
    )
    return place / "base", json.loads(done.stdout)


def test_it_reports_what_is_trained_and_how_long_a_row_becomes(base, place):
    folder, found = base
    assert 0 < found["trained_parameters"] < found["parameters"]
    loaded = pm.load(folder)._predictor
    encoder = loaded.model.encoders["image"]
    assert found["tokens"] == {"image": encoder.num_tokens}
    assert found["row_tokens"] <= pm.load_language_model(place / "my-llama").max_length


def test_the_decoder_answers_as_it_was_imported(base, place):
    talk = [{"role": "user", "content": "the inn"}]
    alone = pm.load_language_model(place / "my-llama").write(talk, max_tokens=6)
    assert pm.load(base[0]).chat(talk, max_tokens=6) == alone.strip()


def test_an_untrained_assistant_says_so(base, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("the\n"))
    done = in_process("chat", base[0], "--max-tokens", "4")
    assert "nothing has trained its projectors" in done.stderr


def test_training_changes_the_projectors_alone(base, place):
    model = pm.Assistant(base=base[0], training={"epochs": 1, "batch_size": 4})
    with pm.quiet():
        model.fit(place / "chats.jsonl", val=place / "chats.jsonl", out=place / "run")
    before, after = (one._predictor.own_weights() for one in (pm.load(base[0]), model))
    values = lambda named: {name: np.asarray(one) for name, one in named.items()}
    before, after = values(before), values(after)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("fusion.") for name in changed)


def test_adapters_are_trained_next_to_the_decoder(base, place):
    done = in_process(
        "train",
        "--data",
        place / "chats.jsonl",
        "--val",
        place / "chats.jsonl",
        "--task",
        "chat",
        "--base",
        base[0],
        "--lora",
        "2",
        "--out",
        place / "adapted",
        "--set",
        "training.epochs=1",
    )
    assert "exact_match" in done.stdout
    assert pm.load(place / "adapted").chat([{"role": "user", "content": "the"}]) is not None


def test_several_images_come_before_an_answer(base, place, capsys):
    image = lambda row: {"type": "image", "image": str(place / f"{row}.png")}
    user = lambda *parts: {"role": "user", "content": [*parts, {"type": "text", "text": "the inn"}]}
    answer = {"role": "assistant", "content": "on"}
    lines = [
        {"messages": [user(image(row), image(row + 1)), answer, user(image(row + 2)), answer]}
        for row in range(4)
    ]
    (place / "several.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    model = pm.Assistant(base=base[0], training={"epochs": 1, "batch_size": 4})
    model.fit(place / "several.jsonl", val=place / "several.jsonl", out=place / "more")
    loaded = pm.load(place / "more")
    item = next(one for one in loaded._predictor.inputs if one.name == "image")
    assert item.modality.max_images == 3
    capsys.readouterr()
    talk = [user(image(0), image(1)), answer, user(image(2))]
    said = loaded.chat(talk)
    assert loaded.predict([{"messages": talk}])[0]["prediction"] == said
    assert "left out" not in capsys.readouterr().err
    loaded.chat([*talk, answer, user(image(3))])
    assert "reads 3 images before an answer, so the first 1 of 4" in capsys.readouterr().err


def test_what_cannot_be_joined_is_refused(base, place):
    from polymodal.training.assembled import assemble, with_base

    with pytest.raises(RecipeError, match="folder that is new or empty"):
        assemble(base[0], place / "my-llama")
    with pytest.raises(BundleError, match="imported language model"):
        assemble(place / "other", place / "my-dinov2")
    with pytest.raises(BundleError, match="--base needs an assistant"):
        with_base({}, place / "my-dinov2")
