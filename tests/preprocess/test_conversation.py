"""Prompts as ids, and what is left out of those that are too long."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.preprocess.conversation import Conversation
from polymodal.text.dialogue.messages import to_cell
from polymodal.text.dialogue.trained import trained

WORDS = ["red", "ball", "box", "blue"]


@pytest.fixture
def prompts():
    made = Conversation(32)
    made.take(trained([" ".join(WORDS)] * 4, 320))
    return made


def talk(*texts, system="red"):
    found = [{"role": "system", "content": system}]
    for place, text in enumerate(texts):
        found.append({"role": ("user", "assistant")[place % 2], "content": text})
    return found


def test_a_prompt_ends_before_the_token_that_an_answer_starts_after(prompts):
    ids = prompts.encode(prompts.decode(to_cell(talk("box"))))
    whole = prompts.texts.conversation(talk("box"))
    assert ids.dtype == np.int32
    assert ids.tolist() == whole[:-1]


def test_whole_turns_are_left_out_but_no_system_message(prompts):
    long = talk("red " * 12, "blue", "box ball", "no", "ball")
    ids, left_out = prompts.kept(long)
    assert left_out == 2
    assert ids == prompts.texts.conversation([long[0], *long[3:]])[:-1]
    assert prompts.truncated(to_cell(long))
    assert not prompts.truncated(to_cell(talk("box")))


def test_no_place_of_media_is_cut(prompts):
    parts = [{"type": "image"}, {"type": "text", "text": "red " * 60}, {"type": "audio"}]
    ids, left_out = prompts.kept([{"role": "user", "content": parts}])
    assert (len(ids), left_out) == (32, 0)
    assert [one for one in ids if one < 0] == [-1, -2]
    whole = prompts.texts.conversation([{"role": "user", "content": parts}])[:-1]
    assert ids[1:] == whole[-31:]


def test_it_tells_what_is_cut(prompts):
    seen = [{"type": "image"}, {"type": "text", "text": "red " * 12}]
    talks = [
        {"role": "user", "content": seen},
        {"role": "assistant", "content": "blue"},
        *talk("ball"),
    ]
    assert prompts.what_is_cut(to_cell(talks)) == (
        "its oldest 2 messages are left out, with 1 image"
    )
    long = to_cell([{"role": "user", "content": "red " * 60}])
    assert prompts.what_is_cut(long) == "the beginning of its last message is cut off"


def test_the_longest_prompt_of_train_is_the_limit(prompts):
    open_ended = Conversation()
    open_ended.take(prompts.texts)
    cells = [to_cell(talk("red " * 30)), to_cell(talk("box"))]
    open_ended.fit(cells)
    assert open_ended.limit == open_ended.length(cells[0])
    again = Conversation()
    again.restore(open_ended.state())
    assert again.encode(cells[1]).tolist() == open_ended.encode(cells[1]).tolist()


def test_it_needs_the_tokenizer_of_the_decoder():
    with pytest.raises(RecipeError, match="Conversation needs a tokenizer"):
        Conversation().encode(to_cell(talk("a")))
