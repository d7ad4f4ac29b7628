import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.core.errors import RecipeError
from polymodal.evaluation.texts.normalisation import NORMALISATIONS, describe, normalise

WORDS = (
    "a an and zero one two five ten thirteen nineteen twenty forty ninety hundred thousand million "
    "first second third fifth twentieth hundredth twenties oh o point half percent % $ £5 $5 ¢ 50¢ "
    "dollars pounds cents 5 20 1,000 3.5 2nd uh [noise] (x mr. gen. it's john's won't n't ' ’ "
    "colour organised 10:30 per cent -")


@pytest.mark.parametrize("name", list(NORMALISATIONS))
@settings(deadline=None)
@given(text=st.one_of(
    st.text(), st.lists(st.sampled_from(WORDS.split()), max_size=9).map(" ".join)))
def test_normalising_twice_is_normalising_once(name, text):
    once = normalise(text, name)
    assert normalise(once, name) == once
    assert once == " ".join(once.split())


@settings(deadline=None)
@given(st.text())
def test_case_and_full_stops_do_not_count(text):
    assert normalise(f"{text}.") == normalise(text)
    assert normalise(text.upper().lower()) == normalise(text.upper())


@pytest.mark.parametrize(("text", "expected"), [
    ("Don’t STOP – ‘now’!", "don't stop now"),
    ("Ｆｕｌｌ ﬁne", "full fine"),
    ("两只猫。", "两只猫"),
    ("नमस्ते, दुनिया!", "नमस्ते दुनिया"),
    ("cafe\u0301 CAFÉ", "café café"),
    ("a_b\tc\n", "a b c"),
])
def test_basic_works_in_any_script(text, expected):
    assert normalise(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("twenty-one", "21"), ("one hundred and five", "105"), ("a thousand", "1000"),
    ("two million three hundred thousand and five", "2300005"), ("1.5 million", "1500000"),
    ("one point five million", "1500000"), ("three point one four", "3.14"),
    ("two and a half", "2.5"), ("a million and a half", "1500000"),
    ("nineteen eighty four", "1984"), ("nineteen oh five", "1905"),
    ("twenty twenty one", "2021"), ("ten thirty", "10 30"), ("10:30", "10 30"),
    ("the nineteen eighties", "the 1980s"), ("in the twenties", "in the 20s"),
    ("one oh one", "1 0 1"), ("five five five one two", "5 5 5 1 2"), ("oh no", "oh no"),
    ("between one hundred and two hundred", "between 100 and 200"),
    ("one thousand and two thousand", "1000 and 2000"), ("1,000,000", "1000000"),
    ("twenty first", "21st"), ("one hundred fifth", "105th"), ("two hundredth", "200th"),
    ("five hundred thousandth", "500000th"),
    ("the twelfth", "the 12th"), ("wait a second", "wait a second"), ("the 2nd", "the second"),
    ("ten per cent", "10%"), ("10 %", "10%"), ("fifty percent", "50%"),
    ("five dollars", "$5"), ("$5", "$5"), ("$20 million", "$20000000"), ("5 €", "€5"),
    ("five dollars and fifty cents", "$5.50"), ("$5.50", "$5.50"), ("a hundred pounds", "£100"),
])
def test_numbers_are_written_in_one_way(text, expected):
    assert normalise(text, "english") == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("They'll say it's fine", "they will say it is fine"), ("I can't, won't", "i can not will not"),
    ("John's dog", "john's dog"), ("I'm gonna go", "i am going to go"),
    ("Mr. and Mrs Brown", "mister and missus brown"), ("Gen. Lee", "general lee"),
    ("the next gen", "the next gen"), ("Uh, I, um, know", "i know"),
    ("Hmm. [music] yes (no)", "yes"),
    ("colour, favourite neighbours", "color favorite neighbors"),
    ("organising realisation", "organizing realization"), ("promise, rise, four, hour", None),
    ("cancelled centres", "canceled centers"), ("analysed a grey tyre", "analyzed a gray tire"),
])
def test_english_words_are_written_in_one_way(text, expected):
    expected = expected or "promise rise 4 hour"
    assert normalise(text, "english") == expected


def test_name_and_version_stand_together_and_unknown_names_are_refused():
    assert describe("english") == "english 1"
    with pytest.raises(RecipeError, match="one of none, basic, english"):
        describe("whisper")
