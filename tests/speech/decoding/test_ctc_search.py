"""The search finds what summing over all paths finds, and stays fast."""

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polymodal.speech.decoding.ctc_search import beam_search, greedy

EXACT = {"skip_blank": 1.0, "least": 0.0, "margin": float("inf")}


def collapse(path, blank):
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != blank)


def brute_force(log_probs, blank):
    sums = defaultdict(float)
    frames, num_symbols = log_probs.shape
    for path in itertools.product(range(num_symbols), repeat=frames):
        sums[collapse(path, blank)] += np.exp(sum(log_probs[range(frames), path]))
    return sums


@st.composite
def tables(draw):
    shape = draw(st.tuples(st.integers(1, 5), st.integers(2, 4)))
    logits = draw(arrays(np.float64, shape, elements=st.floats(-6, 6)))
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return log_probs, draw(st.integers(0, shape[1] - 1))


@settings(max_examples=60)
@given(tables())
def test_a_wide_beam_equals_the_sum_over_all_paths(table):
    log_probs, blank = table
    sums = brute_force(log_probs, blank)
    found = beam_search(log_probs, blank, beam_width=2000, num_best=2000, **EXACT)
    assert {one.ids for one in found} == set(sums)
    for one in found:
        assert np.isclose(np.exp(one.score), sums[one.ids], rtol=1e-9)
    assert np.isclose(sums[found[0].ids], max(sums.values()))


@settings(max_examples=60)
@given(tables(), st.integers(1, 6))
def test_a_narrow_beam_never_claims_more_than_there_is(table, width):
    log_probs, blank = table
    sums = brute_force(log_probs, blank)
    found = beam_search(log_probs, blank, beam_width=width, num_best=width, **EXACT)
    assert len({one.ids for one in found}) == len(found) <= width
    for one in found:
        assert np.exp(one.score) <= sums[one.ids] * (1 + 1e-9)


@settings(max_examples=60)
@given(tables())
def test_greedy_is_the_best_path(table):
    log_probs, blank = table
    spans = greedy(log_probs, blank)
    best = log_probs.argmax(axis=1)
    assert tuple(span.id for span in spans) == collapse(best, blank)
    for span in spans:
        assert (best[span.start_frame : span.end_frame] == span.id).all()
        assert 0 < span.confidence <= 1


def spelled(ids, num_symbols, blank, gap=3, sure=0.99):
    frames = [blank]
    for symbol in ids:
        frames += [symbol, symbol] + [blank] * gap
    table = np.full((len(frames), num_symbols), (1 - sure) / (num_symbols - 1))
    table[range(len(frames)), frames] = sure
    return np.log(table)


def test_certain_blanks_are_skipped_and_still_part_repeats():
    log_probs = spelled([1, 1, 2], 4, blank=3, sure=0.9999)
    (skipped,) = beam_search(log_probs, 3)
    (whole,) = beam_search(log_probs, 3, **EXACT)
    assert skipped.ids == whole.ids == (1, 1, 2)
    assert abs(skipped.score - whole.score) < 1e-2


def test_no_frames_spell_nothing():
    assert greedy(np.zeros((0, 3)), 2) == []
    (best,) = beam_search(np.zeros((0, 3)), 2)
    assert (best.ids, best.score) == ((), 0)


def test_impossible_frames_do_not_stop_a_search():
    log_probs = np.full((3, 3), -np.inf)
    log_probs[0, 0] = 0
    (best,) = beam_search(log_probs, 2)
    assert best.ids == (0,)


def test_a_wider_beam_finds_no_less_in_a_long_recording():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(500, 30)) * 3
    log_probs = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
    wide = beam_search(log_probs, 29, beam_width=64)[0]
    narrow = beam_search(log_probs, 29, beam_width=16)[0]
    assert narrow.score <= wide.score + 1e-6
    assert len(narrow.ids) > 100


class PreferTwo:
    name = "two"

    def start(self):
        return 0

    def read(self, state, symbol):
        return 1.5 * (symbol == 2), state + (symbol == 2)

    def finish(self, state):
        return -0.25 * state


@settings(max_examples=40)
@given(arrays(np.float64, (4, 4), elements=st.floats(-3, 3)))
def test_scorers_add_to_the_sum_over_paths(logits):
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    sums = brute_force(log_probs, 3)
    expected = {ids: np.log(total) + 1.25 * ids.count(2) for ids, total in sums.items()}
    found = beam_search(log_probs, 3, beam_width=500, num_best=500, **EXACT, scorers=[PreferTwo()])
    assert np.isclose(expected[found[0].ids], max(expected.values()))
    for one in found:
        assert np.isclose(one.score, expected[one.ids])
        assert np.isclose(one.parts["two"], 1.25 * one.ids.count(2))


@pytest.mark.parametrize("search", [greedy, beam_search])
def test_errors_say_what_is_needed(search):
    with pytest.raises(ValueError, match=r"shape \(frames, num_symbols\). Got \(2, 3, 4\)"):
        search(np.zeros((2, 3, 4)), 0)
    with pytest.raises(ValueError, match=r"Got 4\. Apply a log-softmax"):
        search(np.full((2, 3), 4.0), 0)
    with pytest.raises(ValueError, match=r"blank to be one of 3 symbols\. Got 3"):
        search(np.full((2, 3), -1.0), 3)


def test_beam_numbers_are_checked():
    with pytest.raises(ValueError, match=r"beam_width of at least 1\. Got 0"):
        beam_search(np.full((2, 3), -1.0), 2, beam_width=0)
