"""Whatever was said comes back from the words of overlapping chunks, each word once."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.speech.segmenting.merge import merge_words
from polymodal.speech.transcripts.transcript import Word


@st.composite
def recordings(draw, shortest_overlap=0.8):
    """Words of a small vocabulary and chunks; every word is whole in at least one chunk."""
    said, time = [], 0.0
    for text, gap, length in draw(
        st.lists(
            st.tuples(st.sampled_from(["no", "a", "yes"]), st.floats(0, 0.6), st.floats(0.1, 0.7)),
            min_size=6,
            max_size=30,
        )
    ):
        said.append(Word(text, time + gap, time + gap + length))
        time += gap + length
    spans, start, earliest = [], 0.0, 0.0
    while True:
        end = max(start, earliest) + draw(st.floats(shortest_overlap + 0.1, 8))
        spans.append((start, end))
        if end >= time:
            return said, spans
        earliest = end
        start = max(start + 0.05, end - draw(st.floats(shortest_overlap, shortest_overlap + 1)))
        if len(spans) > 1:
            start = max(start, spans[-2][1])
        if end - start < shortest_overlap:
            spans[-1] = (spans[-1][0], start + shortest_overlap)
            earliest = start + shortest_overlap


def heard(draw, said, span, jitter=0.0):
    """What a model makes of a chunk: whole words, and cut ones as garbage or not at all."""
    start, end = span
    words = []
    for place, word in enumerate(said):
        if word.end_seconds <= start or word.start_seconds >= end:
            continue
        if start <= word.start_seconds and word.end_seconds <= end:
            moved = draw(st.floats(-jitter, jitter)) if jitter else 0.0
            words.append(
                dataclasses.replace(
                    word,
                    start_seconds=word.start_seconds + moved,
                    end_seconds=word.end_seconds + moved,
                )
            )
        elif draw(st.booleans()):
            words.append(
                Word(
                    f"garbage {place} {start}",
                    max(start, word.start_seconds),
                    min(end, word.end_seconds),
                )
            )
    return words


@settings(max_examples=400)
@given(st.data())
def test_any_chunks_merge_to_what_was_said(data):
    said, spans = data.draw(recordings())
    parts = [heard(data.draw, said, span) for span in spans]
    assert merge_words(parts, spans) == said


@settings(max_examples=300)
@given(st.data())
def test_times_may_differ_between_chunks(data):
    said, spans = data.draw(recordings(shortest_overlap=3.0))
    parts = [heard(data.draw, said, span, jitter=0.02) for span in spans]
    merged = merge_words(parts, spans)
    assert [word.text for word in merged] == [word.text for word in said]


@pytest.mark.parametrize("moved", [-0.05, 0.05])
def test_a_word_in_the_middle_of_an_overlap_is_there_once(moved):
    left = [Word("so", 0.0, 0.4), Word("yes", 1.4 + moved, 1.6 + moved)]
    right = [Word("yes", 1.4 - moved, 1.6 - moved), Word("no", 2.0, 2.4)]
    merged = merge_words([left, right], [(0.0, 2.0), (1.0, 3.0)])
    assert [word.text for word in merged] == ["so", "yes", "no"]


def test_the_surer_of_a_pair_is_kept_and_marks_and_case_do_not_matter():
    left = [Word("so", 0.0, 0.4), Word("yes", 1.3, 1.5, 0.5)]
    right = [Word("Yes,", 1.28, 1.48, 0.9), Word("no", 2.0, 2.4)]
    merged = merge_words([left, right], [(0.0, 2.0), (1.0, 3.0)])
    assert [word.text for word in merged] == ["so", "Yes,", "no"]


def test_the_pair_nearest_to_the_middle_is_where_chunks_meet():
    left = [Word("two", 1.8, 2.0), Word("thee", 2.3, 2.5), Word("four", 2.7, 2.9)]
    right = [
        Word("too", 1.1, 1.3),
        Word("two", 1.8, 2.0),
        Word("three", 2.3, 2.5),
        Word("four", 2.7, 2.9),
    ]
    merged = merge_words([left, right], [(0.0, 3.0), (1.0, 5.0)])
    assert [word.text for word in merged] == ["two", "three", "four"]


def test_the_same_word_twice_is_not_taken_for_one():
    left, right = [Word("no", 0.9, 1.25)], [Word("no", 1.3, 1.7)]  # each is cut in the other
    assert merge_words([left, right], [(0.0, 1.6), (1.2, 3.0)]) == [*left, *right]


def test_chunks_without_overlap_are_put_together():
    parts = [[Word("a", 0.0, 1.0)], [], [Word("a", 1.0, 1.5)]]
    assert merge_words(parts, [(0, 1), (1, 1), (1, 2)]) == [*parts[0], *parts[2]]
    assert merge_words([], []) == []


def test_a_long_misheard_word_does_not_take_others_with_it():
    left = [Word("one", 0.5, 0.9), Word("tuothreefo", 1.2, 1.95)]
    right = [Word("two", 1.2, 1.4), Word("three", 1.5, 1.7), Word("four", 1.8, 2.2)]
    merged = merge_words([left, right], [(0.0, 2.0), (1.0, 3.0)])
    assert [word.text for word in merged] == ["one", "two", "three", "four"]


def test_words_that_overlap_by_the_last_digit_touch():
    left = [Word("a", 1.4, 2.1 + 1e-12), Word("n", 2.1, 2.5)]
    right = [Word("o", 1.5, 2.1 + 1e-12), Word("no", 2.1, 2.6)]
    merged = merge_words([left, right], [(0.0, 2.5), (1.5, 4.5)])
    assert [word.text for word in merged] == ["a", "no"]


def test_misheard_overlaps_are_cut_in_the_middle():
    left = [Word("one", 0.0, 0.5), Word("too", 1.1, 1.4), Word("tree", 1.6, 1.9)]
    right = [Word("to", 1.1, 1.4), Word("three", 1.6, 1.9), Word("four", 2.2, 2.6)]
    merged = merge_words([left, right], [(0.0, 2.0), (1.0, 3.0)])
    assert [word.text for word in merged] == ["one", "too", "three", "four"]


def test_errors_say_what_is_needed():
    with pytest.raises(ValueError, match=r"one span for each part, in order\. Got 1 parts"):
        merge_words([[]], [])
    with pytest.raises(ValueError, match="in order"):
        merge_words([[], []], [(1.0, 2.0), (0.0, 1.0)])
