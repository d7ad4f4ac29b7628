import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.evaluation.captions.rouge import rouge_l

WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=7)


def longest(left, right):
    """Longest common subsequence by its definition."""
    if not left or not right:
        return 0
    if left[0] == right[0]:
        return 1 + longest(left[1:], right[1:])
    return max(longest(left[1:], right), longest(left, right[1:]))


@given(WORDS, WORDS)
def test_one_reference_is_the_f_value_of_the_common_subsequence(reference, said):
    common = longest(reference, said)
    precision, recall = common / len(said), common / len(reference)
    expected = 2.44 * precision * recall / (recall + 1.44 * precision) if common else 0
    assert rouge_l([reference], said) == pytest.approx(expected)


@given(st.lists(WORDS, min_size=1, max_size=3), WORDS, WORDS)
def test_further_references_never_lower_the_score(references, more, said):
    assert rouge_l([*references, more], said) >= rouge_l(references, said)


def test_nothing_said_or_written_is_zero():
    assert rouge_l([["a"]], []) == rouge_l([[]], ["a"]) == 0
