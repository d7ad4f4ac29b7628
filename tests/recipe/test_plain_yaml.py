"""Broken and hostile YAML ends in one clear line, quickly; ordinary YAML is read as meant."""

from __future__ import annotations

import pytest

from polymodal.core.errors import RecipeError
from polymodal.recipe.written.plain_yaml import MAX_BYTES, parse, read_yaml

BOMB = "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", "r.yaml needs to be YAML. Got "),
        ("a: b: c", "in line 1, column 5"),
        ("a: 1\nb: 2\na: 3", 'r.yaml line 3 needs the key "a" once. Got it twice.'),
        ("a: .inf", "needs finite numbers. Got .inf"),
        ("x: 1\na: .nan", "r.yaml line 2 needs finite"),
        ("a: &a [*a]", "needs finite values. Got a value that contains itself"),
        ("inputs: &a {image: *a}", "needs finite values"),
        ("a: *b", "undefined alias"),
        ("a: &a [x, x, x, x, x, x, x, x, x]\n" + BOMB, "needs at most 100,000 values. Got more."),
        ("[" * 50 + "]" * 50, "at most 16 levels deep"),
        ("[" * 100_000, "r.yaml needs"),
        ("a: " + "9" * 6000, "needs numbers of a usual size"),
        ("a: !!python/name:os.system x", "tag"),
        ("a: !!binary aGk=", "needs plain values"),
        ("? [a]\n: 1", "needs texts as keys"),
        ("--- 1\n--- 2", "another document"),
        ("a: \x01", "control characters"),
        ("a:\n\t- b", "line 2"),
        ("<<: 3", "needs a mapping after <<"),
    ],
)
def test_what_is_no_recipe_ends_in_one_line(text, said):
    with pytest.raises(RecipeError) as found:
        parse(text, "r.yaml")
    assert said in str(found.value)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "target: café".encode("latin-1"),
            "needs to be text in UTF-8. Got the byte 0xe9 at position 12",
        ),
        ("target: x".encode("utf-16"), "needs to be text in UTF-8"),
        (b"#" * (MAX_BYTES + 1), "needs at most 1,048,576 bytes"),
    ],
)
def test_files_in_other_encodings_and_huge_ones_are_refused(tmp_path, content, said):
    (tmp_path / "r.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        read_yaml(tmp_path / "r.yaml")


def test_a_file_that_is_absent_or_a_folder_is_named(tmp_path):
    with pytest.raises(RecipeError, match="There is no recipe"):
        read_yaml(tmp_path / "r.yaml")
    with pytest.raises(RecipeError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)


def test_a_mark_at_the_start_of_a_file_is_no_part_of_it(tmp_path):
    (tmp_path / "r.yaml").write_bytes("target: größe".encode("utf-8-sig"))
    assert read_yaml(tmp_path / "r.yaml") == {"target": "größe"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("target: 3", {"target": "3"}),
        ("target: yes", {"target": "yes"}),
        ("order: 007", {"order": "007"}),
        ("group: 2023-01-01", {"group": "2023-01-01"}),
        ("group: null", {"group": None}),
        ("columns: [1, no, 1.50]", {"columns": ["1", "no", "1.50"]}),
        ("{1: {size: 2}}", {"1": {"size": 2}}),
        ("a: &a {x: 1}\nb: *a", {"a": {"x": 1}, "b": {"x": 1}}),
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}),
        ("a: 2023-01-01", {"a": "2023-01-01"}),
        ("a: 1e-3", {"a": "1e-3"}),
        ("", None),
    ],
)
def test_names_stay_as_they_are_written(text, value):
    assert parse(text, "r.yaml") == value


def test_the_value_of_one_setting_may_be_a_name():
    assert parse("3", "--set target", as_names=True) == "3"
    assert parse("3", "--set dim") == 3
