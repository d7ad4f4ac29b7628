"""The command chat, with a scripted stdin."""

import io

import pytest

import oracles
import polymodal as pm
from command_line import in_process

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
