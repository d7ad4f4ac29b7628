from collections import Counter
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.evaluation.captions.meteor import meteor_exact

WORDS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


def best(reference, said):
    """The score under the fewest runs, by trying every alignment with the most matches."""
    most = (Counter(reference) & Counter(said)).total()
    if not most:
        return 0.0
    fewest = min(
        1 + sum((b - a, y - x) != (1, 1) for (a, x), (b, y) in pairwise(pairs))
        for left in combinations(range(len(said)), most)
        for right in permutations(range(len(reference)), most)
        if all(said[i] == reference[j] for i, j in zip(left, right, strict=True))
        for pairs in [list(zip(left, right, strict=True))])
    precision, recall = most / len(said), most / len(reference)
    return 10 * precision * recall / (recall + 9 * precision) * (1 - 0.5 * (fewest / most) ** 3)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_longest_runs_first_come_close_to_the_fewest_runs(reference, said):
    found, expected = meteor_exact([reference], said), best(reference, said)
    assert expected * 0.75 <= found <= expected + 1e-12


@pytest.mark.parametrize(("reference", "said", "expected"), [
    ("the cat sat", "the cat sat", 1 - 0.5 / 27),
    ("the cats sat", "the cat sat", 1 - 0.5 / 27),
    ("the cat sat on the mat", "on the mat sat the cat", 1 - 0.5 * (3 / 6) ** 3),
    ("a b c d", "a b", 10 * 0.5 / (0.5 + 9) * (1 - 0.5 / 8)),
    ("a b", "c", 0),
])
def test_scores_follow_the_formula(reference, said, expected):
    assert meteor_exact([reference.split()], said.split()) == pytest.approx(expected)


def test_best_reference_counts_and_nothing_said_is_zero():
    said = ["a", "dog"]
    assert meteor_exact([["cat"], said], said) == meteor_exact([said], said)
    assert meteor_exact([["cat"]], []) == 0


def test_scores_are_those_of_nltk_where_it_needs_no_more_runs(people):
    from polymodal.evaluation.captions.scores import score_captions

    # nltk 3.10.4, meteor_score with its Porter stemmer and no synonyms; at 2 and 7 its greedy
    # alignment from the end has more runs.
    expected = [0.97441794, 0.72173913, 0.79642857, 0.12987013, 0.55, 0.71935484, 0.078125,
                0.6974658, 0.0, 0.52220395]
    found = score_captions(*people).per_item["meteor_exact"]
    for i, value in enumerate(expected):
        assert found[i] > value if i in (2, 7) else found[i] == pytest.approx(value, abs=1e-8)
