import pytest

from polymodal.evaluation.words import gap, gap_interval, interval_text, listed, value_text


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("accuracy", 0.975, "97.5\u202f%"),
        ("f1_macro", 0.9134, "0.913"),
        ("mae", 12345.6, "12,346"),
        ("mae", 12.34, "12.3"),
        ("r2", -0.5, "\u22120.500"),
        ("auroc", None, "–"),
        ("auroc", float("nan"), "–"),
        ("recall@10", 0.6458, "64.6\u202f%"),
        ("reverse_recall@1", 0.5, "50.0\u202f%"),
    ],
)
def test_values_are_written_as_a_person_would(metric, value, text):
    assert value_text(metric, value) == text


def test_intervals_name_the_unit_once():
    assert interval_text("accuracy", [0.952, 0.99]) == "95.2 to 99.0\u202f%"
    assert interval_text("accuracy", None) == "–"


def test_differences_of_shares_are_points():
    assert gap("accuracy", -0.031) == "3.1 points"
    assert gap_interval("accuracy", [-0.01, 0.03]) == "\u22121.0 to +3.0 points"
    assert gap_interval("mae", [float("-inf"), float("inf")]) == "without bounds"


def test_words_are_listed_with_and():
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"]), listed([])] == [
        "a",
        "a and b",
        "a, b and c",
        "nothing",
    ]
