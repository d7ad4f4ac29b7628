import numpy as np

from polymodal.evaluation.evaluation import evaluate
from polymodal.evaluation.report.sentences import (
    describe_run,
    far_above,
    perfect_words,
    split_notes,
    trust_words,
)


def test_run_is_told_in_plain_sentences(make):
    found = describe_run(
        make.classes(),
        "digit",
        {"image": "", "audio": ""},
        {"train": 1600, "val": 200, "test": 200},
        "low_rank",
        1,
        81,
        "JAX",
    )
    assert " ".join(found) == (
        "This model reads image and audio, joined by low rank fusion, and predicts digit, one of 4 "
        "classes, for each row. It was trained on 1,600 rows, with 200 for val and 200 for test "
        "held out. Training ran for 1 epoch in 81 seconds on JAX."
    )


def test_what_is_unknown_is_not_told(make):
    found = describe_run(make.regression(), "price", {"text": ""}, {}, "concat")
    assert found == ["This model reads text and predicts price, a number, for each row."]


def test_trust_says_too_sure_too_modest_or_kept(make):
    one = make.classes(num_classes=2)
    one.outputs = np.tile([0.9, 0.1], (300, 1))
    one.targets = (np.arange(300) >= 150).astype(int)
    assert trust_words(one).startswith("It is overconfident")
    one.targets = np.zeros(300, int)
    assert trust_words(one).startswith("It is underconfident")
    one.targets = (np.arange(300) >= 270).astype(int)
    assert trust_words(one).startswith("Its probabilities are well calibrated")
    assert trust_words(make.regression()) == ""


def test_faultless_result_still_names_what_is_open(make):
    one = make.classes(n=40)
    one.outputs = np.eye(4)[one.targets]
    assert (
        "With 40 independent rows or groups, the true accuracy could still be as low as 92.8"
        in perfect_words(one)
    )
    assert perfect_words(make.classes()) == ""
    assert perfect_words(make.regression()) == ""


def test_steps_of_one_row_count_once(make):
    assert evaluate(make.seq2seq(num_sequences=7)).num_rows == 7


def test_what_scores_are_compared_with_is_told_of_each_split(make):
    assert split_notes({"val": evaluate(make.classes())}) == {}
    assert split_notes({"val": evaluate(make.captions(5))}) == {
        "cider_d": "document frequencies of these 5 rows' references"
    }
    assert split_notes({"test": evaluate(make.captions(7)), "val": evaluate(make.captions(1))}) == {
        "cider_d": "test: document frequencies of these 7 rows' references; val: needs two rows or "
        "more for document frequencies"
    }


def test_rows_and_sequences_are_told_apart(make):
    said = describe_run(
        make.seq2seq(),
        "answer",
        {"frame": ""},
        {"train": 600, "val": 20},
        sequences={"train": 30, "val": 1},
    )
    assert said[1] == (
        "It was trained on 600 rows in 30 sequences, with 20 rows in 1 sequence for val held out."
    )


def test_a_validation_far_above_the_test_is_told(make):
    good, poor = make.classes(num_classes=2), make.classes(num_classes=2)
    good.outputs = np.eye(2)[good.targets] * 0.8 + 0.1
    poor.outputs = np.eye(2)[np.where(np.arange(300) < 210, poor.targets, 1 - poor.targets)]
    found = far_above({"val": evaluate(good), "test": evaluate(poor)}, has_vectors=True)
    assert found.startswith("Validation promises far more than the test holds: accuracy is 100.0")
    assert "70.0" in found
    assert "trained on train's labels" in found
    assert "vectors" not in far_above({"val": evaluate(good), "test": evaluate(poor)}, False)
    assert far_above({"val": evaluate(poor), "test": evaluate(poor)}, True) == ""
    assert far_above({"val": evaluate(good)}, True) == ""


def test_a_validation_of_few_groups_is_compared_too(make):
    """Its score has no interval: that of the test says how much scores vary."""
    good, poor = make.classes(num_classes=2), make.classes(num_classes=2)
    good.outputs = np.eye(2)[good.targets] * 0.8 + 0.1
    good.groups, good.group_column = np.arange(len(good)) % 5, "video"
    poor.outputs = np.eye(2)[np.where(np.arange(300) < 210, poor.targets, 1 - poor.targets)]
    few = evaluate(good)
    assert few.intervals["accuracy"] is None
    assert "accuracy is 100.0" in far_above({"val": few, "test": evaluate(poor)}, True)
    near = make.classes(num_classes=2)
    near.outputs = np.eye(2)[np.where(np.arange(300) < 285, near.targets, 1 - near.targets)]
    assert far_above({"val": few, "test": evaluate(near)}, True) == ""
