"""What is printed is read back, whatever a column is called."""

import shlex

import pytest

from polymodal.core.advice import column_named, option, set_option, split_pair, split_setting
from polymodal.core.errors import RecipeError
from polymodal.core.printed.visible import visible

NASTY = [
    "note",
    "note.text",
    "my note",
    "a=b",
    "a.b=c.d",
    '"quoted"',
    'in"side',
    "it's",
    "[x]",
    "-n",
    "--set",
    "*",
    "größe",
    "語",
    "$HOME",
    "`id`",
    "a\\b",
    " edge ",
    ".x",
    "x.",
    "..",
    "a\nb",
    "\x1b[31m",
    "\u202e",
    "tab\t",
    "inputs.a",
    "a.modality",
    '."',
    "#",
    "%s",
    "{}",
    "a;b",
    "!",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_setting_of_any_input_is_read_back(name):
    printed = visible(set_option("inputs", name, "modality", value="text"))
    assert "\n" not in printed
    flag, text = shlex.split(printed)
    path, value, _ = split_setting(text)
    assert (flag, path, value) == ("--set", ["inputs", name, "modality"], "text")


@pytest.mark.parametrize("name", NASTY)
def test_the_name_of_any_column_is_read_back(name):
    words = shlex.split(visible(option("--ignore", name)))
    text = words[1] if len(words) == 2 else words[0].removeprefix("--ignore=")
    assert column_named(text, NASTY) == name
    assert column_named(name, NASTY) == name  # as a person would type it


@pytest.mark.parametrize("name", NASTY)
def test_an_input_of_any_name_is_read_back(name):
    words = shlex.split(visible(option("--input", name, "x=y.png")))
    text = words[1] if len(words) == 2 else words[0].removeprefix("--input=")
    assert split_pair(text, NASTY) == (name, "x=y.png")
    assert split_pair(f"{name}=z", NASTY) == (name, "z")


def test_the_longest_name_that_is_known_is_meant():
    assert split_pair("a=b=c", ["a", "a=b"]) == ("a=b", "c")
    assert split_pair("a=b=c", ["a"]) == ("a", "b=c")


@pytest.mark.parametrize("text", ["epochs", "=5", '"a', 'inputs."a.size=3', '"a"b=c', ""])
def test_what_is_no_setting_is_refused(text):
    with pytest.raises(RecipeError, match=r"needs (name=value|a second quote)"):
        split_setting(text)


def test_an_unknown_input_is_refused_with_the_nearest():
    with pytest.raises(RecipeError, match=r'No input named "imge".*Did you mean "image"'):
        split_pair("imge=a.png", ["image", "note"])
    with pytest.raises(RecipeError, match="--input needs name=value"):
        split_pair("image", ["image"])
