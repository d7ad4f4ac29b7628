"""The command chat, with a scripted stdin."""

import io

import pytest

import oracles
import polymodal as pm
from command_line import in_process
from polymodal.cli import chat

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("chat")
    oracles.save_language_model(oracles.language_model("llama"), place / "source")
    done = in_process("import", place / "source", "--out", place / "tiny")
    assert "continues texts of up to 120 tokens" in done.stdout
    return place / "tiny"


def talk(monkeypatch, model, text, *options):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return in_process("chat", model, "--max-tokens", "8", *options)


def test_lines_are_answered_in_one_conversation_until_reset(model, monkeypatch):
    loaded = pm.load_language_model(model)
    user = lambda content: {"role": "user", "content": content}
    first = loaded.write([user("the inn")], max_tokens=8)
    second = loaded.write(
        [user("the inn"), {"role": "assistant", "content": first}, user("on")], max_tokens=8
    )
    fresh = loaded.write([user("on")], max_tokens=8)
    assert fresh != second
    done = talk(monkeypatch, model, "the inn\non\n/reset\n\non\n/exit\nthe\n")
    assert done.stdout == f"{as_printed(first)}\n{as_printed(second)}\n{as_printed(fresh)}\n"
    assert "The conversation is forgotten" in done.stderr


def as_printed(text):
    from polymodal.core.printed.visible import visible

    return visible(text)


def test_help_is_shown_and_a_conversation_that_is_too_long_goes_on(model, monkeypatch):
    done = talk(monkeypatch, model, "/help\n" + "x" * 200 + "\nthe\n", "--system", "in")
    assert done.stderr.count("/exit ends it") == 2
    assert "Shorten it. /reset forgets the conversation." in done.stderr
    assert len(done.stdout) > 1


def test_media_that_a_model_does_not_take_is_refused_by_name(model, monkeypatch):
    done = talk(monkeypatch, model, "", "--video", "a.mp4", "--image", "a.png", "--image", "b.png")
    assert done.stderr.count("This model takes text alone. Got image. Leave it out.") == 2
    assert "This model takes text alone. Got video." in done.stderr
    assert "/video" not in done.stderr


def test_help_names_the_media_that_a_model_takes(tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"")
    asked = []

    class Speaker:
        def stream(self, messages, **options):
            asked.append(messages[-1]["content"])
            yield "yes"

    found = chat._Talk(Speaker(), ("image", "video"), None, {}, 0)
    for line in ("/help", f"/video {tmp_path / 'a.mp4'}", "video in words", "again"):
        found.take(line)
    said = capsys.readouterr().err
    assert "/video FILE goes with the next message" in said
    assert "/audio" not in said
    words = {"type": "text", "text": "video in words"}
    assert asked == [[{"type": "video", "video": str(tmp_path / "a.mp4")}, words], "again"]
