"""Assistants: trained from nothing, and the same answers by every way to ask."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

import polymodal as pm
from command_line import in_process
from polymodal.core.errors import DataError, RecipeError
from polymodal.tables.table import read

pytestmark = pytest.mark.engine

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}
WORDS = list(COLOURS)


def picture(folder, name, colour, rng):
    pixels = np.array(COLOURS[colour]) + rng.integers(-20, 20, (16, 16, 3))
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
    return {"type": "image", "image": name}


def user(content):
    return {"role": "user", "content": content}


def lines_of(folder, count, seed=0):
    """Conversations of two turns: the colour of an image, and that colour again in other words."""
    rng = np.random.default_rng(seed)
    for row in range(count):
        colour = WORDS[row % 3]
        shown = picture(folder, f"{seed}-{row}.png", colour, rng)
        yield {
            "messages": [
                user([shown, {"type": "text", "text": "which colour is it"}]),
                {"role": "assistant", "content": colour, "kind": "colour"},
                user("say it again"),
                {"role": "assistant", "content": f"it is {colour}", "kind": "repeat"},
            ]
        }


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chats")
    for name, count, seed in (("train", 48, 0), ("val", 9, 1), ("unseen", 12, 2)):
        text = "\n".join(json.dumps(line) for line in lines_of(folder, count, seed))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def assistant(data):
    model = pm.Assistant(
        dim=32,
        inputs={"image": {"encoder": "convnet", "size": 16}},
        task={"decoder": {"num_layers": 1, "num_heads": 2}, "dropout": 0.0},
        training={"epochs": 24, "batch_size": 16, "learning_rate": 0.008, "augment": False},
    )
    with pm.quiet():
        model.fit(data / "train.jsonl", val=data / "val.jsonl", out=data / "run")
    return model


def test_it_learns_to_see_and_to_remember(assistant, data):
    found = assistant.evaluate(data / "unseen.jsonl", slice_columns=["kind"])
    assert found["metrics"]["exact_match"] > 0.9
    assert found["metrics"]["token_f1"] > 0.9
    assert set(found["slices"]["kind"]) == {"colour", "repeat"}


def test_all_ways_to_ask_give_the_same_text(assistant, data, monkeypatch):
    table = read(data / "unseen.jsonl")
    predicted = [row["prediction"] for row in assistant.predict(data / "unseen.jsonl")]
    image = str(data / table.cell(0, "image"))
    asked = [
        user([{"type": "image", "image": image}, {"type": "text", "text": "which colour is it"}])
    ]
    first = assistant.chat(asked)
    talk = [*asked, {"role": "assistant", "content": first}, user("say it again")]
    second = assistant.chat(talk)
    assert [first, second] == predicted[:2]
    assert "".join(assistant.stream(talk)) == second
    assert assistant.predict([{"messages": talk}])[0]["prediction"] == second
    assert pm.load(data / "run").chat(talk) == second
    monkeypatch.setattr("sys.stdin", io.StringIO("which colour is it\nsay it again\n"))
    done = in_process("chat", data / "run", "--image", image)
    assert done.stdout.splitlines() == [first, second]
    told = {"messages": [*talk, {"role": "assistant", "content": second}]}
    (data / "told.jsonl").write_text(json.dumps(told))
    done = in_process("evaluate", data / "run", "--data", data / "told.jsonl", "--json")
    assert json.loads(done.stdout)["metrics"]["exact_match"] == 1.0  # as chat said
    done = in_process(
        "predict", data / "run", "--data", data / "unseen.jsonl", "--out", data / "said.jsonl"
    )
    said = [json.loads(line) for line in (data / "said.jsonl").read_text().splitlines()]
    assert [row["predicted_response"] for row in said] == predicted


def test_a_bad_conversation_is_named_by_line_and_turn(assistant, data):
    talk = [*lines_of(data, 3, seed=5)]
    talk[1]["messages"][0]["content"][0]["image"] = "gone.png"
    (data / "bad.jsonl").write_text("\n".join(map(json.dumps, talk)))
    where = r'bad.jsonl line 2, turn 1: column "image" \(gone.png\) does not exist'
    for use in (assistant.evaluate, pm.Assistant(dim=16).fit):
        with pm.quiet(), pytest.raises(DataError, match=rf"2 of 6 answers cannot.*\n.*{where}"):
            use(data / "bad.jsonl")
    errors = [row["error"] or "" for row in assistant.predict(data / "bad.jsonl")]
    assert [error.partition(":")[0] for error in errors] == [
        "",
        "",
        "bad.jsonl line 2, turn 1",
        "bad.jsonl line 2, turn 2",
        "",
        "",
    ]
    with pytest.raises(DataError, match=r'^The conversation needs a "role".*in message 1'):
        assistant.chat([{"role": "dog", "content": "x"}])


def test_an_image_is_encoded_once_in_a_conversation(data):
    model = pm.load(data / "run")
    image = str(data / read(data / "unseen.jsonl").cell(0, "image"))
    talk = [user([{"type": "image", "image": image}, {"type": "text", "text": "say it again"}])]
    model.chat(talk)
    encoders, seen = model._answering._encoders, []
    look = encoders["image"]
    encoders["image"] = lambda *given: seen.append(given) or look(*given)
    model.chat([*talk, {"role": "assistant", "content": "it is red"}, user("say it again")])
    assert not seen
    model.chat([user("say it again")])
    assert len(seen) == 1


def test_the_beginning_of_a_conversation_is_read_once(assistant, data):
    model, fresh = pm.load(data / "run"), pm.load(data / "run")
    image = str(data / read(data / "unseen.jsonl").cell(0, "image"))
    talk = [
        user([{"type": "image", "image": image}, {"type": "text", "text": "which colour is it"}])
    ]
    model.chat(talk)
    decoder = model._answering._compiled
    first = decoder.num_read
    talk = [*talk, {"role": "assistant", "content": "red"}, user("say it again")]
    said = model.chat(talk)
    assert fresh.chat(talk) == said
    assert fresh._answering._compiled.num_read == decoder.num_read  # nothing was read twice
    assert decoder.num_read > first
    other = [user("say it again")]
    assert model.chat(other) == fresh.chat(other)


def test_commands_of_a_conversation(assistant, data, monkeypatch, tmp_path):
    image = str(data / read(data / "unseen.jsonl").cell(1, "image"))
    typed = f"/image {image}\nwhich colour is it\n/save {tmp_path / 'a.jsonl'}\n/reset\n/help\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(typed + "/image none.png\n/audio a.wav\n"))
    done = in_process("chat", data / "run")
    assert done.stdout.strip() in WORDS
    saved = json.loads((tmp_path / "a.jsonl").read_text())["messages"]
    assert [one["role"] for one in saved] == ["user", "assistant"]
    assert saved[0]["content"][0] == {"type": "image", "image": image}
    for text in (
        "The conversation is forgotten",
        "/image FILE goes with the next message",
        "/image needs a file. Got none.png",
        "takes image. Got audio",
    ):
        assert text in done.stderr


def test_stop_strings_and_seeds(assistant):
    asked = [user("say it again")]
    whole = assistant.chat([*asked], temperature=2.0, seed=3)
    assert assistant.chat([*asked], temperature=2.0, seed=3) == whole
    assert len({assistant.chat([*asked], temperature=5.0, seed=seed) for seed in range(6)}) > 1
    talk = [
        user("say it again"),
        {"role": "assistant", "content": "it is red"},
        user("say it again"),
    ]
    full = assistant.chat(talk)
    assert assistant.chat(talk, stop=[full[2:]]) == full[:2].strip()


def test_a_conversation_that_is_too_long_loses_its_oldest_turns(assistant, capsys):
    old = [user("say it again " * 20), {"role": "assistant", "content": "it is blue"}]
    last = [user("say it again")]
    assert assistant.chat([*old, *last]) == assistant.chat(last)
    assert "its oldest 2 messages are left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("messages", "error", "message"),
    [
        ([], DataError, "needs a message of a user"),
        ([{"role": "dog", "content": "x"}], DataError, 'a "role".* in message 1'),
        ([user([{"type": "audio", "audio": "a.wav"}])], RecipeError, "takes image. Got audio"),
        ([user([{"type": "image", "image": "none.png"}])], DataError, "^none.png does not exist"),
    ],
)
def test_what_cannot_be_answered_is_refused(assistant, messages, error, message):
    with pytest.raises(error, match=message):
        assistant.chat(messages)


def test_evaluation_tells_whether_it_looks(assistant, data):
    found = assistant.evaluate(data / "unseen.jsonl")
    assert list(found["slices"]["turn"]) == ["1", "2"]
    pattern = found["input_patterns"]["image"]
    assert pattern["n"] == 24
    assert pattern["shown"] == found["metrics"]["exact_match"]
    assert max(pattern["hidden"], pattern["another's"]) < 0.8  # the history answers half
    assert "The assistant uses the image: exact_match" in pattern["sentence"]
    assert 1 < found["perplexity"] < 2


def test_an_assistant_that_does_not_look_is_told(assistant, data, monkeypatch):
    table, predictor = read(data / "unseen.jsonl"), assistant._predictor
    look = predictor.predict
    monkeypatch.setattr(predictor, "predict", lambda changed, **options: look(table, **options))
    found = assistant.evaluate(table)
    assert "Hiding the image changes nothing" in found["input_patterns"]["image"]["sentence"]


def test_multiple_choice_takes_the_most_likely_answer(assistant, data):
    table = read(data / "unseen.jsonl")
    first = table.select([row for row in range(len(table)) if table.cell(row, "turn") == 1])
    rows = [
        {
            "conversation": first.cell(row, "conversation"),
            "image": first.cell(row, "image"),
            "response": first.cell(row, "response"),
            "choices": WORDS,
        }
        for row in range(len(first))
    ]
    found = assistant.evaluate(read(rows, media_root=data))
    assert found["multiple_choice"] == {"n": 12, "accuracy": found["metrics"]["exact_match"]}
