"""Rows in groups, such as those of one speaker: intervals are drawn from groups, if there are
enough."""

import json
from dataclasses import replace

import numpy as np
import pytest

from polymodal.evaluation.comparing.compare import compare
from polymodal.evaluation.evaluation import evaluate, evaluate_run
from polymodal.evaluation.groups import count_groups, group_words, too_few_words
from polymodal.evaluation.report import ReportContent, fusion_verdict, write_report
from polymodal.evaluation.report.model_card import model_card
from polymodal.evaluation.report.sentences import perfect_words
from polymodal.evaluation.resampling.intervals import intervals
from polymodal.evaluation.store import read_predictions, write_predictions


def spoken(one, num_speakers):
    """Returns predictions whose rows are of so many speakers."""
    return replace(one, groups=np.arange(len(one)) % num_speakers, group_column="speaker")


def alike(make, num_speakers, copies=10):
    """Returns predictions in which a speaker's rows are all the same."""
    one = make.classes(n=num_speakers)
    rows = np.repeat(np.arange(num_speakers), copies)
    return replace(
        one.take(rows),
        rows=np.arange(len(rows)),
        groups=rows,
        group_column="speaker",
        num_rows=len(rows),
    )


def test_groups_are_drawn_whole(make):
    one = alike(make, 30)
    plain = replace(one, groups=None, group_column="")
    assert np.ptp(intervals(one)["accuracy"]) > 2 * np.ptp(intervals(plain)["accuracy"])
    other = alike(make, 30)
    other.outputs = np.roll(other.outputs, 10, axis=0)  # the next speaker's
    together = compare(one, replace(other, groups=None, group_column=""))
    alone = compare(plain, replace(other, groups=None, group_column=""))
    assert np.ptp(together.interval) > 2 * np.ptp(alone.interval)
    assert (together.group, together.num_groups) == ("speaker", 30)
    assert "num_groups" not in alone.to_json()


@pytest.mark.parametrize(
    "kind", ["classes", "multilabel", "regression", "written_down", "captions"]
)
def test_ten_groups_have_intervals_and_nine_have_their_number(make, kind):
    one = getattr(make, kind)()
    enough = evaluate(spoken(one, 10)).to_json()
    assert (enough["group"], enough["num_groups"]) == ("speaker", 10)
    assert all(low <= high for low, high in enough["intervals"].values())
    few = evaluate(spoken(one, 9)).to_json()
    assert few["num_groups"] == 9
    assert set(few["intervals"]) == set(enough["intervals"])
    assert set(few["intervals"].values()) == {None}
    assert few["metrics"] == enough["metrics"] == evaluate(one).to_json()["metrics"]


def test_parts_count_their_own_groups(make):
    one = spoken(make.classes(), 20)
    half = ["a" if i % 20 < 15 else "b" for i in range(300)]
    parts = evaluate(one, {"half": half}).to_json()["slices"]["half"]
    assert (parts["a"]["num_groups"], parts["b"]["num_groups"]) == (15, 5)
    assert parts["a"]["intervals"]["accuracy"]
    assert parts["b"]["intervals"]["accuracy"] is None


def test_nothing_is_added_where_rows_are_independent(make):
    found = json.dumps(evaluate(make.classes(), {"half": ["a", "b"] * 150}).to_json())
    assert "num_groups" not in found
    assert count_groups(make.classes(group_size=6)) is None  # the steps of a row are no group


def test_without_mistakes_few_groups_promise_nothing(make):
    one = make.classes(n=60)
    one.outputs = np.eye(one.outputs.shape[1])[one.targets]
    assert (
        perfect_words(spoken(one, 3)) == "No mistake was made. 3 speakers: too few for an interval."
    )
    assert "With 20 independent rows or groups" in perfect_words(spoken(one, 20))
    assert intervals(spoken(one, 20))["accuracy"] == [pytest.approx(0.05 ** (1 / 20)), 1.0]


def test_a_comparison_over_few_groups_cannot_tell(make):
    a = spoken(make.classes(sharpness=4.0), 3)
    singles = {"image": make.classes(seed=1, sharpness=1.0)}
    found = compare(a, singles["image"])
    assert (found.better, found.interval, found.num_groups) == ("cannot tell", None, 3)
    assert found.to_json()["interval"] is None
    verdict = fusion_verdict(evaluate_run({"test": a}, singles=singles))
    assert verdict.kind == "cannot tell"
    assert verdict.sentence.endswith("3 speakers: too few for an interval.")


def test_report_and_card_name_the_groups(make, tmp_path):
    few = ReportContent(
        "run", {"val": spoken(make.classes(), 3)}, "label", blind=spoken(make.classes(seed=3), 3)
    )
    page = write_report(tmp_path / "few", few).read_text()
    assert page.count("3 speakers: too few for an interval") >= 3  # figures, bars, table
    assert "rows of 3 speakers" in page
    assert "interval, resampled" not in page
    card = model_card(few)
    assert "val (3 speakers: too few for an interval)" in card
    assert "300 rows of val (3 speakers)" in card
    many = ReportContent(
        "run", {"val": spoken(make.classes(), 30)}, "label", blind=spoken(make.classes(seed=3), 30)
    )
    page = write_report(tmp_path / "many", many).read_text()
    assert "resampled over 30 speakers" in page


def test_groups_are_kept_with_the_predictions(make, tmp_path):
    write_predictions(tmp_path / "p.npz", spoken(make.classes(), 3))
    assert (
        too_few_words(read_predictions(tmp_path / "p.npz")) == "3 speakers: too few for an interval"
    )


def test_numbers_of_groups_read_well():
    assert group_words("speaker", 1) == "1 speaker"
    assert group_words("video", 1200) == "1,200 videos"
    assert group_words("client_id", 2) == '2 values of "client_id"'
    assert group_words("bus", 1) == '1 value of "bus"'
