"""A run whose rows come in groups: its intervals, as the commands print them and keep them."""

from __future__ import annotations

import json

from command_line import in_process


def test_few_groups_are_named_where_an_interval_would_be(spoken):
    assert "for validation: all rows of 9 speakers (" in spoken.done.stderr
    assert "9 speakers: too few for an interval" in spoken.done.stdout
    found = spoken.metrics["splits"]["val"]
    assert (found["group"], found["num_groups"]) == ("speaker", 9)
    assert set(found["intervals"].values()) == {None}
    for single in spoken.metrics["singles"].values():
        assert single["difference"]["interval"] is None
        assert single["difference"]["num_groups"] == 9
    assert "9 speakers" in (spoken.run / "report.html").read_text()
    assert "9 speakers: too few for an interval" in (spoken.run / "MODEL_CARD.md").read_text()


def test_evaluate_draws_the_groups_that_the_run_was_split_by(spoken):
    data = spoken.write_rows(spoken.folder / "many.csv", 120, 24, seed=1)
    found = json.loads(in_process("evaluate", spoken.run, "--data", data, "--json").stdout)
    assert found["num_groups"] == 24
    assert found["intervals"]["accuracy"]
    printed = in_process("evaluate", spoken.run, "--data", data, "--slice", "speaker").stdout
    assert "intervals resample 24 speakers" in printed
    assert "1 speaker: too few for an interval" in printed


def test_a_table_without_the_column_has_independent_rows(spoken):
    data = spoken.write_rows(spoken.folder / "t2.csv", 60, 24, seed=1)
    data.write_text(data.read_text().replace("speaker", "who"))
    done = in_process("evaluate", spoken.run, "--data", data, "--json")
    assert 'has no column "speaker", which grouped the rows held out in training' in done.stderr
    found = json.loads(done.stdout)
    assert "num_groups" not in found
    assert found["intervals"]["accuracy"]


def test_the_verdict_has_the_number_of_the_headline(spoken):
    found = spoken.metrics
    accuracy = found["splits"]["val"]["metrics"]["accuracy"]
    used = found["splits"]["val"]["rows"]["used"]
    for single in found["singles"].values():
        assert single["difference"]["first"] == accuracy
        assert single["difference"]["second"] == single["metrics"]["accuracy"]
        assert single["difference"]["num_rows"] == single["rows"]["used"] == used
    assert f"Accuracy is {100 * accuracy:.1f}" in spoken.done.stdout
    assert f"on the {used} rows of val" in spoken.done.stdout


def test_a_column_of_groups_that_does_not_exist_is_named(spoken):
    done = in_process(
        "train",
        "--data",
        spoken.folder / "t.csv",
        "--target",
        "label",
        "--split-group",
        "speakr",
        "--out",
        spoken.folder / "other",
        check=False,
    )
    assert done.returncode == 1
    assert '--split-group: No column named "speakr"' in done.stderr
    assert 'Did you mean "speaker"?' in done.stderr
