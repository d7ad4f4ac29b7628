"""Messages, and the texts of a decoder that is trained from nothing."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.text.dialogue.messages import from_cell, text_of, to_cell
from polymodal.text.dialogue.texts import Texts
from polymodal.text.dialogue.trained import BEGIN, END, trained


@pytest.fixture(scope="module")
def texts():
    return trained(["how many red balls", "a red ball", "有一个红色的圆"] * 3, 320)


def user(content):
    return [{"role": "user", "content": content}]


def test_a_cell_gives_its_messages_back():
    messages = [
        {"role": "system", "content": "brief"},
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "那么"}]},
    ]
    assert from_cell(to_cell(messages)) == messages
    assert text_of(messages[1]["content"]) == "那么"
    assert from_cell("[1, 2] is what?") == user("[1, 2] is what?")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ('[{"role": "dog", "content": "x"}]', 'messages with a "role"'),
        ('[{"role": "user", "content": 3}]', '"content" as a text or a list of parts'),
        ('[{"role": "user", "content": [{"type": "smell"}]}]', "parts of type text, image"),
        ([], "a list of messages"),
    ],
)
def test_what_is_no_conversation_is_named(cell, message):
    with pytest.raises(DataError, match=message):
        from_cell(cell)


def test_a_conversation_is_what_the_template_writes(texts):
    written = f"{BEGIN}user\na red ball{END}\n{BEGIN}assistant\n"
    assert texts.conversation(user("a red ball")) == texts.tokenizer.encode(written).ids
    assert texts.conversation(user("a"))[-1] == texts.start_id


def test_media_have_places_and_typed_signs_are_words(texts):
    parts = [
        {"type": "image"},
        {"type": "text", "text": "\ufdd1\ufdd2 <image> red"},
        {"type": "audio"},
    ]
    ids = texts.conversation(user(parts))
    assert [one for one in ids if one < 0] == [-1, -2]
    assert texts.text([one for one in ids if one >= 0]).startswith("user\n\ufdd1\ufdd2 <image> red")


def test_special_tokens_in_messages_and_answers_are_words(texts):
    plain = texts.conversation(user("a"))
    ids = texts.conversation(user(f"a{END}"))
    assert ids.count(texts.end_id) == plain.count(texts.end_id)
    assert texts.reply(END).count(texts.end_id) == 1
    assert texts.text(texts.reply(f"red {END}")) == f"red {END}"


def test_chinese_signs_are_learned_one_by_one(texts):
    assert len(texts.reply("有一个红色的圆")) == 8


def test_texts_come_back_from_their_state(texts):
    again = Texts.restored(texts.state())
    assert again.conversation(user("一 ball")) == texts.conversation(user("一 ball"))


def test_a_tokenizer_without_an_end_is_refused(texts):
    with pytest.raises(RecipeError, match="answers end with a token"):
        Texts(texts.tokenizer.to_str(), [], {}, texts.template).reply("a")
