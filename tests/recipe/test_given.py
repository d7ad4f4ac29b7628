"""Settings are checked before anything is read or loaded, and name any column."""

from __future__ import annotations

import shlex

import pytest

from command_line import polymodal
from polymodal.core.advice import option, set_option
from polymodal.core.errors import RecipeError
from polymodal.core.printed.visible import visible
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.recipe.written.given import check_given, load, need_target, override
from polymodal.tables.table import read

NAMES = [
    "note.text",
    "my note",
    "a=b",
    '"quoted"',
    "it's",
    "[x]",
    "-n",
    "größe",
    "$(id)",
    "a\nb",
    "\x1b[31m",
    "a\u202eb",
    ".x",
    "x..",
    "modality",
    "inputs.a",
    '."',
    "a: b",
    "null",
]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("task=3", "recipe.task needs a text or a mapping. Got 3."),
        ("task=clasification", 'Did you mean "classification"?'),
        (
            "dim=1000000000",
            "dim needs 1 to 65,536. Got 1000000000. One layer of that width has 1e+18 "
            "parameters, which take 16,000,000,000 GB",
        ),
        ("dim=1e9", "recipe.dim needs a whole number"),
        ("dim=0", "dim needs 1 to 65,536"),
        ("dim=true", "needs a whole number"),
        ("dim=99999999999999999999", "from -4,294,967,295 to"),
        ("dropout=.inf", "--set dropout needs finite numbers"),
        ("dropout=nan", "a number that is finite"),
        ("dropout=2", "dropout needs 0 <= dropout < 1"),
        ("order=x", "needs group"),
        ("inputs=3", "recipe.inputs needs a mapping"),
        ("inputs.a=[b]", "inputs.a needs a mapping"),
        ("inputs.a.modality=imag", 'Did you mean "image"?'),
        ("inputs.a.modality=3", "No modality named"),
        ("inputs.a.modality=[a]", "No modality named"),
        ("inputs.a.encoder=convnt", 'Did you mean "convnet"?'),
        ("inputs.a.columns=3", "needs a list"),
        ("inputs.a={modality: image, size: 9999}", "1 to 4096"),
        ("inputs.a={modality: text, max_length: -1}", "max_length from 1"),
        ("inputs.a={modality: text, lowercase: 3}", "needs true or false"),
        ("inputs.a.num_layers=100000000", "inputs.a.num_layers needs 1 to 1,000"),
        ("target=[a, b]", "recipe.target needs a text"),
        ("training=5", "recipe.training needs a mapping"),
        ("fusoin=concat", 'Did you mean "fusion"?'),
        ("a..b=c", 'No setting named "a"'),
        ("inputs.a.modality=...", "--set inputs.a.modality needs a value instead of the dots"),
        ("target=" + "[" * 5000, "needs to be YAML"),
        ("dim", "--set needs name=value"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_line(setting, said):
    with pytest.raises(RecipeError) as found:
        check_given(override({"target": "digit"}, [setting]))
    assert said in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ("seed=-1", "training.seed needs 0 to 4,294,967,295"),
        ("epochs=[1]", "needs a whole number"),
        ("learning_rate=nan", "needs a number that is finite"),
        ("epoch=3", 'Did you mean "epochs"?'),
        ("learning_rate=1e999", "needs a number that is finite"),
        ("warmup=1e400", "that is finite"),
    ],
)
def test_training_is_checked_before_the_table_is_read(training, said):
    done = polymodal(
        "train",
        "--data",
        "absent.csv",
        "--target",
        "y",
        "--set",
        f"training.{training}",
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert said in done.stderr


def test_two_values_of_one_setting_are_refused():
    with pytest.raises(RecipeError, match=r'--set dim needs one value. Got "3" and "4"'):
        override({}, ["dim=3", "dim=4"])
    assert override({}, ["dim=3", "dim=3"]) == {"dim": 3}


def test_a_recipe_of_another_form_is_refused(tmp_path):
    (tmp_path / "r.yaml").write_text("- target")
    with pytest.raises(RecipeError, match="needs a mapping such as 'target: digit'"):
        load(tmp_path / "r.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_printed_advice_works_for_a_column_of_any_name(name):
    """The advice is split as a shell does, and put in as the command does."""
    words = ["a loud animal barks", "the small animal purrs", "no animal is here", "rain all day"]
    table = read(
        {name: [f"{words[i % 4]} {i}" for i in range(24)], "y": [i % 2 for i in range(24)]}
    )
    printed = visible("\n".join(infer(table, {"target": "y"}).reasons))
    change = visible(set_option("inputs", name, "modality"))
    assert change in printed
    assert visible(option("--ignore", name)) in printed
    _, setting = shlex.split(change)
    setting = setting.removesuffix("...") + "tabular"
    found = infer(table, override({"target": "y"}, [setting])).values
    assert found["inputs"][name]["modality"] == "tabular"
    again = from_dict(load_text(from_dict(found).to_yaml()))
    assert again.inputs == from_dict(found).inputs


def load_text(text):
    from polymodal.recipe.written.plain_yaml import parse

    return parse(text, "recipe.yaml")


def test_an_input_with_dots_takes_a_whole_mapping_too():
    assert override({}, ["inputs.note.text={modality: text}"])["inputs"]["note.text"] == {
        "modality": "text"
    }
    assert override({}, ['inputs."note.text".size=3'])["inputs"]["note.text"] == {"size": 3}


@pytest.mark.parametrize("values", [{}, {"target": None}, {"target": ""}])
def test_a_run_without_a_target_is_told_before_tables_are_read(values):
    with pytest.raises(RecipeError, match=r"A run needs the column to predict\. Got none\."):
        need_target(values)
