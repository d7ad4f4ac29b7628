"""Assistants that are joined from imported parts, on tiny random models."""

from __future__ import annotations

import json

import numpy as np
import pytest
from keras import ops
from PIL import Image

import oracles
import polymodal as pm
from command_line import in_process
from media_files import write_container
from polymodal.core.errors import BundleError, RecipeError
from polymodal.inference.answering import Answering
from polymodal.preprocess.collate import collate

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
    assert (place / "more" / "report.html").read_text().count("data:image/png") > 3
    item = next(one for one in loaded._predictor.inputs if one.name == "image")
    assert item.modality.max_images == 3
    capsys.readouterr()
    talk = [user(image(0), image(1)), answer, user(image(2))]
    said = loaded.chat(talk)
    assert loaded.predict([{"messages": talk}])[0]["prediction"] == said
    assert "left out" not in capsys.readouterr().err
    loaded.chat([*talk, answer, user(image(3))])
    assert "reads 3 images before an answer, so the first 1 of 4" in capsys.readouterr().err


def test_an_encoder_of_another_width_gives_one_kept_token_an_image(place):
    from polymodal.training.assembled import assemble

    wide = oracles.image_model("dinov2", hidden_size=24, num_attention_heads=2)
    oracles.save_image_model(wide, place / "wide")
    pm.import_model(place / "wide", place / "my-wide")
    found = assemble(place / "pooled", place / "my-llama", place / "my-wide", pooling="first")
    assert found.tokens == {"image": 1}
    model = pm.Assistant(base=place / "pooled", training={"epochs": 1, "batch_size": 4})
    with pm.quiet():
        model.fit(place / "chats.jsonl", val=place / "chats.jsonl", out=place / "narrow")
    said = pm.load(place / "narrow").predict(place / "chats.jsonl")
    assert [row["error"] for row in said] == [None] * 12
    with pytest.raises(RecipeError, match="pooling"):
        assemble(place / "odd", place / "my-llama", place / "my-wide", pooling="middle")


def film(*files):
    """Returns what a user asks about a video of some pictures."""
    return [
        {
            "role": "user",
            "content": [
                {"type": "video", "video": list(files)},
                {"type": "text", "text": "the inn"},
            ],
        }
    ]


@pytest.fixture(scope="module")
def filmed(place):
    done = in_process(
        "assemble",
        "--vision",
        place / "my-dinov2",
        "--decoder",
        place / "my-llama",
        "--out",
        place / "filmed",
        "--projector",
        "linear",
        "--frames",
        "2",
        "--json",
    )
    assert json.loads(done.stdout)["tokens"] == {"image": 17, "video": 32}
    return place / "filmed"


def test_a_video_of_one_frame_is_read_as_an_image(filmed, place):
    predictor, file = pm.load(filmed)._predictor, str(place / "0.png")
    found = {}
    for item in predictor.inputs[1:]:
        modality = item.modality
        cell = [file] if item.name == "video" else file
        arrays = collate(modality, [modality.encode(modality.decode(cell))])
        tokens, mask = predictor.model.stream_of(item.name, *map(ops.convert_to_tensor, arrays))
        found[item.name] = ops.convert_to_numpy(tokens)
        assert ops.convert_to_numpy(mask).all()
    np.testing.assert_allclose(found["video"], found["image"][:, 1:], atol=1e-5)


def test_frames_in_another_order_give_another_answer(filmed, place):
    predictor = pm.load(filmed)._predictor
    files = [str(place / f"{row}.png") for row in range(2)]

    def logits(*shown):
        batch = Answering(predictor)._inputs(film(*shown), None)
        batch |= {"previous": np.array([[predictor.head.start_id]], np.int32)}
        return ops.convert_to_numpy(
            predictor.model({name: ops.convert_to_tensor(one) for name, one in batch.items()})
        )

    assert abs(logits(*files) - logits(*files[::-1])).max() > 1e-4


@pytest.mark.slow
def test_an_assistant_is_trained_on_videos_alone(filmed, place, capsys):
    lines = [
        {
            "messages": [
                *film(f"{row}.png", f"{row + 1}.png"),
                {"role": "assistant", "content": "on"},
            ]
        }
        for row in range(8)
    ]
    (place / "films.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    model = pm.Assistant(base=filmed, training={"epochs": 1, "batch_size": 4})
    model.fit(place / "films.jsonl", val=place / "films.jsonl", out=place / "seen")
    told = capsys.readouterr()
    assert "No conversation has image: the part that reads it stays" in told.out + told.err
    said = pm.load(place / "seen").predict(place / "films.jsonl")
    assert [row["error"] for row in said] == [None] * 8


@pytest.mark.slow
def test_an_encoder_of_images_reads_a_column_of_videos(place, tmp_path):
    lines = []
    for row in range(12):
        levels = np.array([40, 200]) if row % 2 else np.array([200, 40])
        frames = np.broadcast_to(levels[:, None, None, None] + row, (2, 32, 32, 3))
        write_container(tmp_path / f"{row}.mp4", frames=frames.astype(np.uint8).copy())
        lines.append(json.dumps({"clip": f"{row}.mp4", "way": ["down", "up"][row % 2]}))
    (tmp_path / "clips.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = in_process(
        "train",
        "--data",
        tmp_path / "clips.jsonl",
        "--val",
        tmp_path / "clips.jsonl",
        "--target",
        "way",
        "--out",
        tmp_path / "run",
        "--pretrained",
        f"clip={place / 'my-dinov2'}",
        "--no-baselines",
        "--set",
        "training.epochs=1",
        "--set",
        "dim=16",
        "--set",
        "inputs.clip.num_frames=2",
    )
    assert "its encoder reads images and its column holds videos" in done.stdout + done.stderr
    files = [str(place / f"{row}.png") for row in range(2)]
    one, other = pm.load(tmp_path / "run").predict([{"clip": files}, {"clip": files[::-1]}])
    assert abs(one["probabilities"]["up"] - other["probabilities"]["up"]) > 1e-5


def test_what_cannot_be_joined_is_refused(base, place):
    from polymodal.training.assembled import assemble, with_base

    with pytest.raises(RecipeError, match="--frames needs --vision"):
        assemble(place / "blind", place / "my-llama", frames=2)
    with pytest.raises(RecipeError, match="folder that is new or empty"):
        assemble(base[0], place / "my-llama")
    with pytest.raises(BundleError, match="imported language model"):
        assemble(place / "other", place / "my-dinov2")
    with pytest.raises(BundleError, match="--base needs an assistant"):
        with_base({}, place / "my-dinov2")
