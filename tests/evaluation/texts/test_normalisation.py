import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import RecipeError
from polymodal.evaluation.texts.normalisation import describe, normalise

WORDS = (
    "a an and zero one two five ten thirteen nineteen twenty forty ninety hundred thousand million "
    "first second third fifth twentieth hundredth twenties oh o point half percent % $ £5 $5 ¢ 50¢ "
    "dollars pounds cents 5 20 1,000 3.5 2nd uh [noise] (x mr. gen. it's john's won't n't ' ’ "
    "colour organised 10:30 per cent -"
)


@pytest.mark.parametrize("name", ["none", "basic"])
@given(
    text=st.one_of(st.text(), st.lists(st.sampled_from(WORDS.split()), max_size=9).map(" ".join))
)
def test_normalising_twice_is_normalising_once(name, text):
    once = normalise(text, name)
    assert normalise(once, name) == once
    assert once == " ".join(once.split())


@given(st.text())
def test_case_and_full_stops_do_not_count(text):
    assert normalise(f"{text}.") == normalise(text)
    assert normalise(text.upper().lower()) == normalise(text.upper())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don’t STOP – ‘now’!", "don't stop now"),
        ("Ｆｕｌｌ ﬁne", "full fine"),
        ("两只猫。", "两只猫"),
        ("नमस्ते, दुनिया!", "नमस्ते दुनिया"),
        ("cafe\u0301 CAFÉ", "café café"),
        ("a_b\tc\n", "a b c"),
    ],
)
def test_basic_works_in_any_script(text, expected):
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("twenty-one", "21"),
        ("a hundred and five", "a 105"),
        ("two and a half", "2.5"),
        ("twenty first", "21st"),
        ("ten per cent", "10%"),
        ("five dollars", "$5"),
        ("They'll say it’s fine", "they will say it is fine"),
        ("I can't", "i can not"),
        ("Mr. Brown", "mister brown"),
        ("Uh, I, um, know", "i know"),
        ("[music] yes (no)", "yes"),
        ("colour, favourite neighbours", "color favorite neighbors"),
    ],
)
def test_english_is_written_in_one_way(text, expected):
    assert normalise(text, "english") == expected


def test_name_and_version_stand_together_and_unknown_names_are_refused():
    assert describe("english") == "english 2"
    with pytest.raises(RecipeError, match="one of none, basic, english"):
        describe("whisper")
