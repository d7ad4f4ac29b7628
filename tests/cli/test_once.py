"""A second value of an option that holds one is refused, before anything is loaded."""

import pytest

from command_line import in_process, polymodal


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ["--target", "red", "--target", "blue"],
            '--target needs to be given once. Got "red" and "blue". A run predicts one column.',
        ),
        (["--target=red", "--target=blue"], 'Got "red" and "blue"'),
        (["--target", "a", "--task", "regression", "--task", "caption"], "--task needs"),
        (["--target", "a", "--val", "b.csv", "--val", "c.csv"], "--val needs"),
        (["--target", "a", "--out", "b", "--out", "c"], "--out needs"),
        (["--target", "a", "--data", "other.csv"], "--data needs"),
        (["--target", "a", "--baselines", "--no-baselines"], "--no-baselines needs"),
    ],
)
def test_two_values_of_one_option_are_refused(tmp_path, given, said):
    done = in_process("train", "--data", tmp_path / "t.csv", *given, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "|" in done.stderr or "--target needs" not in done.stderr


@pytest.mark.parametrize(
    "given",
    [
        ["--target", "a", "--target", "a"],
        ["--target", "a", "--ignore", "b", "--ignore", "c"],
        ["--target", "a", "--slice", "--target"],
        ["--target", "a", "--set", "x.y=1", "--set", "z=2"],
    ],
)
def test_the_same_again_and_what_may_be_repeated_is_taken(tmp_path, given):
    done = in_process("train", "--data", tmp_path / "t.csv", *given, check=False)
    assert "needs to be given once" not in done.stderr


def test_other_commands_are_as_strict():
    for words in (
        ["predict", "run", "--out", "a.csv", "--out", "b.csv"],
        ["evaluate", "run", "--data", "a.csv", "--data", "b.csv"],
        ["report", "run", "--browser", "--no-browser"],
        ["transcribe", "run", "a.wav", "--format", "srt", "--format", "vtt"],
    ):
        assert "needs to be given once" in in_process(*words, check=False).stderr


def test_it_is_said_before_an_engine_is_loaded():
    done = polymodal("train", "--data", "t.csv", "--target", "a", "--target", "b", check=False)
    assert done.returncode == 1
    assert "tensorflow" not in done.stderr.lower()
    assert done.stderr.count("\n") == 1
