"""Alignment finds the best of all paths, says where tokens lie, and makes words of them."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polymodal.speech.decoding.align import align
from polymodal.speech.decoding.ctc_search import greedy
from polymodal.speech.transcripts.transcript import TokenSpan
from polymodal.speech.transcripts.words import words_from_spans


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def collapse(path, blank):
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != blank)


def path_of(spans, num_frames, blank):
    path = [blank] * num_frames
    for span in spans:
        path[span.start_frame : span.end_frame] = [span.id] * (span.end_frame - span.start_frame)
    return path


@settings(max_examples=80)
@given(
    arrays(np.float64, (6, 3), elements=st.floats(-4, 4)),
    st.lists(st.sampled_from([0, 1]), max_size=6),
)
def test_the_best_of_all_paths_is_found(logits, tokens):
    assume(len(tokens) + sum(a == b for a, b in itertools.pairwise(tokens)) <= 6)
    log_probs = log_softmax(logits)
    best = max(
        log_probs[range(6), path].sum()
        for path in itertools.product(range(3), repeat=6)
        if collapse(path, 2) == tuple(tokens)
    )
    spans = align(log_probs, tokens, blank=2)
    path = path_of(spans, 6, 2)
    assert [span.id for span in spans] == tokens
    assert collapse(path, 2) == tuple(tokens)
    assert np.isclose(log_probs[range(6), path].sum(), best)


@settings(max_examples=40)
@given(arrays(np.float64, (30, 5), elements=st.floats(-4, 4)))
def test_what_greedy_reads_is_aligned_where_greedy_read_it(logits):
    log_probs = log_softmax(logits)
    spans = greedy(log_probs, 4)
    aligned = align(log_probs, [span.id for span in spans], 4)
    best = log_probs.max(axis=1).sum()
    assert np.isclose(log_probs[range(30), path_of(aligned, 30, 4)].sum(), best)


def test_a_long_recording_needs_little_memory():
    import tracemalloc

    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 29, 800)
    path = np.repeat(np.stack([tokens, np.full(800, 29)], 1).ravel(), 2)  # 3,200 frames
    logits = rng.normal(size=(len(path), 30))
    logits[range(len(path)), path] += 6
    log_probs = log_softmax(logits)
    tracemalloc.start()
    spans = align(log_probs, tokens, 29)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6  # all back-pointers would take 5.1 MB, all scores 41 MB
    found = np.array([span.start_frame for span in spans])
    assert np.mean(found == np.arange(800) * 4) > 0.99
    assert np.mean([span.confidence for span in spans]) > 0.8


def test_errors_say_what_is_needed():
    flat = np.log(np.full((3, 3), 1 / 3))
    assert align(flat, [], 2) == []
    with pytest.raises(ValueError, match=r"at least 4 frames for 3 tokens\. Got 3\."):
        align(flat, [0, 0, 1], 2)
    with pytest.raises(ValueError, match=r"not the blank 2\. Got 2\."):
        align(flat, [0, 2], 2)
    with pytest.raises(ValueError, match=r"tokens below 3 .* Got 7\."):
        align(flat, [7], 2)
    flat[:, 1] = -np.inf
    with pytest.raises(ValueError, match="allow the tokens"):
        align(flat, [1], 2)


def test_words_have_the_times_of_their_tokens():
    symbols = ["a", "b", " ", " b", "两", ""]
    spans = [
        TokenSpan(id, 2 * place, 2 * place + 1, 1.0)
        for place, id in enumerate([2, 0, 1, 2, 2, 0, 3, 4, 4, 0])
    ]
    words = words_from_spans(spans, symbols, frame_seconds=0.1, start_seconds=10.0)
    assert [word.text for word in words] == ["ab", "a", "b", "两", "两", "a"]
    assert words[0].start_seconds == pytest.approx(10.2)
    assert words[0].end_seconds == pytest.approx(10.5)
    assert all(word.confidence == 1.0 for word in words)
