"""Sequences written by a decoder: greedy, drawn by chance, and by beam search."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.generate import generate
from polymodal.model.generation.loop import repeat

NUM, STEPS, END = 5, 4, 4
DECODERS = {
    "recurrent_attention": {},
    "transformer": {},
    "additive": {"attention": "additive"},
    "lstm": {"kind": "lstm"},
    "causal_transformer": {},
}
NAMES = {"additive": "recurrent_attention", "lstm": "recurrent_attention"}


def numpy(found):
    return [ops.convert_to_numpy(part) for part in found]


def problem(name="transformer", rows=3, seed=0):
    """Returns a decoder with weights that have opinions, and something to decode."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    decoder = find("decoders", NAMES.get(name, name))(8, NUM, **DECODERS[name])
    memory = rng.normal(size=(rows, 3, 8)).astype("float32")
    mask = np.arange(3) < np.array([3, 2, 0])[:rows, None]
    decoder(np.zeros((rows, 2), "int32"), memory, mask)
    for weight in decoder.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    start = np.full(rows, NUM, "int32")
    return decoder, *map(ops.convert_to_tensor, (memory, mask, start))


def log_probabilities(decoder, memory, mask, ids):
    """Returns those of the outputs of `ids` (rows, steps), all steps at once; 0 behind the end."""
    before = np.concatenate([np.full((len(ids), 1), NUM), ids[:, :-1]], axis=1).astype("int32")
    logits = decoder(ops.convert_to_tensor(before), memory, mask)
    each = np.take_along_axis(numpy([ops.log_softmax(logits)])[0], ids[..., None], -1)[..., 0]
    over = np.cumsum(ids == END, axis=1) - (ids == END) > 0
    return np.where(over, 0, each)


class Counter:
    """A decoder that counts up from the start and says 4, the end, after 3."""

    num_outputs = 5

    def initial_state(self, memory, memory_mask, max_length):
        return (ops.zeros_like(memory[:, 0]),)

    def step(self, tokens, state, memory, memory_mask):
        return 10 * ops.one_hot(ops.minimum(tokens + 1, 4), 5), state


def count(starts, **choice):
    start = ops.convert_to_tensor(np.array(starts, "int32"))
    memory = ops.zeros((len(starts), 2, 1))
    return numpy(
        generate(
            Counter(), memory, ops.ones((len(starts), 2), "bool"), start, 6, END, Choice(**choice)
        )
    )


def test_rows_end_by_themselves_and_then_only_repeat_the_end():
    ids, each, _ = count([0, 2, 3])
    assert ids[:, 0].tolist() == [[1, 2, 3, 4, 4, 4], [3, 4, 4, 4, 4, 4], [4, 4, 4, 4, 4, 4]]
    assert (each[:, 0] == 0).tolist() == [
        [False] * 4 + [True] * 2,
        [False] * 2 + [True] * 4,
        [False] + [True] * 5,
    ]


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("choice", [{}, {"beam": 3, "num": 2}])
def test_scores_are_what_the_decoder_says_of_the_whole(name, choice):
    decoder, memory, mask, start = problem(name)
    ids, each, scores = numpy(generate(decoder, memory, mask, start, STEPS, END, Choice(**choice)))
    for result in range(ids.shape[1]):
        expected = log_probabilities(decoder, memory, mask, ids[:, result])
        np.testing.assert_allclose(each[:, result], expected, atol=1e-5)
        length = np.minimum((ids[:, result] != END).sum(1) + 1, STEPS)
        whole = expected.sum(1) / (length if choice else 1)
        np.testing.assert_allclose(scores[:, result], whole, atol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("penalty", [1.0, 0.5])
def test_what_is_drawn_comes_best_first_with_scores_as_a_beam_has_them(name, penalty):
    decoder, memory, mask, start = problem(name)
    noise = np.random.default_rng(0).random((3, 6, STEPS)).astype("float32")
    ids, each, scores = numpy(
        generate(
            decoder,
            memory,
            mask,
            start,
            STEPS,
            END,
            Choice(temperature=5.0, num=6, length_penalty=penalty),
            ops.convert_to_tensor(noise),
        )
    )
    assert (np.diff(scores, axis=1) <= 0).all()
    assert len({tuple(row) for row in ids.reshape(-1, STEPS).tolist()}) > 3
    for result in range(6):
        expected = log_probabilities(decoder, memory, mask, ids[:, result])
        np.testing.assert_allclose(each[:, result], expected, atol=1e-5)
        length = np.minimum((ids[:, result] != END).sum(1) + 1, STEPS)
        np.testing.assert_allclose(scores[:, result], expected.sum(1) / length**penalty, atol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
def test_a_wide_beam_finds_the_best_of_all_sequences(name):
    decoder, memory, mask, start = problem(name)
    every = [
        (*body, *[END] * (STEPS - len(body)))
        for length in range(STEPS)
        for body in itertools.product(range(END), repeat=length)
    ]  # all that end
    best = np.array(
        [
            log_probabilities(
                decoder,
                ops.repeat(memory[row : row + 1], len(every), axis=0),
                ops.repeat(mask[row : row + 1], len(every), axis=0),
                np.array(every),
            ).sum(1)
            for row in range(3)
        ]
    )
    ids, _, scores = numpy(
        generate(
            decoder, memory, mask, start, STEPS, END, Choice(beam=200, num=3, length_penalty=0.0)
        )
    )
    np.testing.assert_allclose(scores, -np.sort(-best, axis=1)[:, :3], atol=1e-4)
    assert [tuple(row) for row in ids[:, 0].tolist()] == [every[i] for i in best.argmax(1)]


@pytest.mark.parametrize("name", ["additive", "transformer"])
@pytest.mark.parametrize("choice", [{}, {"beam": 3}, {"repetition_penalty": 1.5}])
def test_a_batch_gives_what_its_rows_give_alone(name, choice):
    decoder, memory, mask, start = problem(name)
    together = numpy(generate(decoder, memory, mask, start, STEPS, END, Choice(**choice)))
    for row in range(3):
        part = slice(row, row + 1)
        alone = numpy(
            generate(decoder, memory[part], mask[part], start[part], STEPS, END, Choice(**choice))
        )
        assert alone[0].tolist() == together[0][part].tolist()
        np.testing.assert_allclose(alone[2], together[2][part], atol=1e-5)


def test_only_allowed_outputs_are_said():
    decoder, memory, mask, start = problem()
    for choice in (Choice(allowed=[1, 2]), Choice(beam=3, allowed=[1, 2])):
        ids = numpy(generate(decoder, memory, mask, start, STEPS, END, choice))[0]
        assert set(ids.ravel().tolist()) <= {1, 2, END}


def test_a_penalty_on_repetition_changes_what_comes_next():
    ids = count([1, 1], repetition_penalty=1.0)[0]
    assert ids[0, 0].tolist() == [2, 3, 4, 4, 4, 4]

    class Stutterer(Counter):
        def step(self, tokens, state, memory, memory_mask):
            row = ops.convert_to_tensor(np.array([[3.0, 2.0, 1.0, 0.5, 0.0]], "float32"))
            return row + 0.0 * state[0], state

    start, memory = ops.zeros((1,), "int32"), ops.zeros((1, 1, 1))
    said = lambda penalty: numpy(
        generate(
            Stutterer(),
            memory,
            ops.ones((1, 1), "bool"),
            start,
            3,
            END,
            Choice(repetition_penalty=penalty),
        )
    )[0][0, 0].tolist()
    assert said(1.0) == [0, 0, 0]
    assert said(2.0) == [0, 1, 0]


def drawn(num_rows, seed=0, **choice):
    class Fixed(Counter):
        def step(self, tokens, state, memory, memory_mask):
            row = np.log(np.array([[0.5, 0.3, 0.15, 0.05, 1e-9]], "float32"))
            return ops.convert_to_tensor(row) + 0.0 * state[0], state

    rng = np.random.default_rng(seed)
    noise = ops.convert_to_tensor(rng.random((num_rows, 1, 1)).astype("float32"))
    found = generate(
        Fixed(),
        ops.zeros((num_rows, 1, 1)),
        ops.ones((num_rows, 1), "bool"),
        ops.zeros((num_rows,), "int32"),
        1,
        None,
        Choice(**choice),
        noise,
    )
    return np.bincount(numpy(found)[0].ravel(), minlength=5) / num_rows


def test_outputs_are_drawn_as_often_as_they_are_likely():
    np.testing.assert_allclose(drawn(4000, temperature=1.0), [0.5, 0.3, 0.15, 0.05, 0], atol=0.03)
    hotter = np.array([0.5, 0.3, 0.15, 0.05]) ** 0.5
    np.testing.assert_allclose(drawn(4000, temperature=2.0)[:4], hotter / hotter.sum(), atol=0.03)


def test_unlikely_outputs_are_never_drawn_below_top_k_and_top_p():
    np.testing.assert_allclose(
        drawn(4000, temperature=1.0, top_k=2), [0.625, 0.375, 0, 0, 0], atol=0.03
    )
    np.testing.assert_allclose(
        drawn(4000, temperature=1.0, top_p=0.75), [0.625, 0.375, 0, 0, 0], atol=0.03
    )
    np.testing.assert_allclose(drawn(4000, top_p=0.75), [0.625, 0.375, 0, 0, 0], atol=0.03)
    np.testing.assert_allclose(drawn(4000, top_k=2), [0.625, 0.375, 0, 0, 0], atol=0.03)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"beam": 0}, "beam"),
        ({"beam": 2, "temperature": 1.0}, "beam or sampling"),
        ({"num": 2}, "beam=2"),
        ({"beam": 2, "top_p": 0.6}, "beam or sampling"),
        ({"top_p": 0.6, "temperature": 0.0}, "above 0"),
        ({"top_p": 0.0}, "top_p"),
        ({"repetition_penalty": 0.5}, "repetition_penalty"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice, message):
    with pytest.raises(RecipeError, match=message):
        Choice(**choice)


class Counted(NamedTuple):
    step: Any
    kept: Any


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others know every shape")
def test_a_state_may_have_any_number_of_rows_and_any_length():
    import tensorflow as tf

    def advance(state):
        forgotten = tf.compat.v1.placeholder_with_default(2 * state.kept, (None, 4, None, None))
        return Counted(state.step + 1, forgotten)

    @tf.function(input_signature=[tf.TensorSpec((None, 4, None, 2))])
    def doubled(kept):
        first = Counted(tf.constant(0), kept)
        return repeat(lambda step, kept: step < 3, advance, first).kept

    assert np.array_equal(doubled(tf.ones((3, 4, 5, 2))), np.full((3, 4, 5, 2), 8.0))
