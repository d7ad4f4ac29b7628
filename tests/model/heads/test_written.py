"""Sequence to sequence: trained on true outputs, used with its own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.bundle.names import variable_names
from polymodal.core.contracts.batch import PREVIOUS
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.layers.parts import Encoder
from polymodal.model.heads.written import WritingHead
from polymodal.model.model import Model

K, STEPS, DIM = 3, 5, 24
JIT = keras.backend.backend() == "jax"  # compiling costs more than these few steps


class Look(Encoder):
    """An encoder of ids."""

    def __init__(self, dim, **kwargs):
        super().__init__(**kwargs)
        self.table = keras.layers.Embedding(K + 1, dim)

    def build(self, inputs_shape):
        self.table.build(inputs_shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        return self.table(inputs), mask


def model_and_data(task, rows=256, seed=0):
    """Answers are running sums of two id sequences, modulo K, from a random start."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, K, (2, rows, STEPS)).astype("int32")
    start = rng.integers(0, K, (rows, 1))
    answers = (start + np.cumsum(first + second, axis=1)) % K
    everywhere = np.ones((rows, STEPS), bool)
    inputs = {
        "input_0": first,
        "input_0_mask": everywhere,
        "input_1": second,
        "input_1_mask": everywhere,
        PREVIOUS: np.concatenate([start, answers[:, :-1]], axis=1).astype("int32"),
    }
    model = Model(
        {"a": Look(DIM), "b": Look(DIM)},
        {"a": "input_0", "b": "input_1"},
        find("fusion", "stepwise_concat")(DIM, dropout=0.0),
        task,
    )
    return model, inputs, answers.astype("int32")


def loop_in_python(model, inputs, steps, end_id=None):
    """Greedy decoding by calling the whole model again for every step."""
    rows = len(inputs["input_0"])
    fed = np.zeros((rows, steps + 1), "int32")
    fed[:, 0] = inputs[PREVIOUS][:, 0]
    for step in range(steps):
        logits = model({**inputs, PREVIOUS: fed[:, :steps]})
        fed[:, step + 1] = keras.ops.convert_to_numpy(logits)[:, step].argmax(-1)
        if end_id is not None:
            fed[:, step + 1][(fed[:, 1 : step + 1] == end_id).any(1)] = end_id
    return fed[:, 1:]


@pytest.mark.parametrize("aligned", [True, False])
def test_generation_equals_calling_the_model_step_by_step(aligned):
    end = None if aligned else 1
    task = WritingHead(K, dim=DIM, aligned=aligned, end_id=end, max_length=STEPS)
    model, inputs, _ = model_and_data(task, rows=7)
    model(inputs)
    found = task.generate(model, inputs, batch_size=4)
    assert found.ids.shape == (7, STEPS)
    assert found.logits.shape == (7, STEPS, K)
    assert found.ids.tolist() == loop_in_python(model, inputs, STEPS, end).tolist()


def test_texts_are_written_the_same_without_logits_of_their_steps():
    task, texts = (WritingHead(K, dim=DIM, aligned=False, end_id=1, max_length=4) for _ in "ab")
    texts.textual = True
    model, inputs, _ = model_and_data(task, rows=7)
    model(inputs)
    plain, found = task.generate(model, inputs), texts.generate(model, inputs)
    assert found.ids.tolist() == plain.ids.tolist()
    assert plain.logits.shape == (7, 4, K)
    assert found.logits.shape == (7, 0)


def test_a_loop_that_xla_compiles_writes_the_same():
    task = WritingHead(K + 1, dim=DIM, dropout=0.0)
    model, inputs, _ = model_and_data(task, rows=6)
    model(inputs)
    plain = task.generate(model, inputs)
    for rows in (6, 1):
        some = {key: value[:rows] for key, value in inputs.items()}
        found = task.generate(model, some, jit=True)
        assert found.ids.tolist() == plain.ids[:rows].tolist()
        np.testing.assert_allclose(found.logits, plain.logits[:rows], atol=1e-4)


@pytest.mark.parametrize("choice", [{}, {"top_p": 0.9, "num": 2}])
def test_a_row_alone_is_written_as_among_longer_ones(choice):
    task = WritingHead(K, dim=DIM, aligned=False, end_id=1, max_length=STEPS)
    model, inputs, _ = model_and_data(task, rows=4)
    model(inputs)
    lengths = np.array([STEPS, 2, 4, 2])
    shown = np.arange(STEPS) < lengths[:, None]
    inputs = {key: shown if key.endswith("_mask") else value for key, value in inputs.items()}
    together = task.generate(model, inputs, **choice).results.ids
    for row, length in enumerate(lengths):
        alone = {
            key: value[row : row + 1, : None if key == PREVIOUS else length]
            for key, value in inputs.items()
        }
        found = task.generate(model, alone, **choice).results.ids
        assert found[0].tolist() == together[row].tolist()


def test_a_start_that_is_not_given_is_the_id_behind_the_outputs():
    task = WritingHead(K, dim=DIM)
    model, inputs, _ = model_and_data(task, rows=7)
    model(inputs)
    inputs[PREVIOUS][:, 0] = task.start_id
    expected = task.generate(model, inputs).ids
    inputs.pop(PREVIOUS)
    assert task.generate(model, inputs).ids.tolist() == expected.tolist()


def test_weights_that_change_change_what_is_generated():
    task = WritingHead(K, dim=DIM)
    model, inputs, _ = model_and_data(task, rows=7)
    model(inputs)
    task.generate(model, inputs)
    model.head.logits.bias.assign([-100.0, -100.0, 100.0])
    assert (task.generate(model, inputs).ids == 2).all()


def test_the_aligned_model_learns_and_needs_its_own_outputs():
    task = WritingHead(K, dim=DIM, dropout=0.0)
    model, inputs, answers = model_and_data(task)
    model(inputs)
    weights = np.full(answers.shape, 1 / (64 * STEPS), "float32")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=task.loss(), jit_compile=JIT)
    model.fit(inputs, answers, sample_weight=weights, batch_size=64, epochs=15, verbose=0)
    assert (task.generate(model, inputs).ids == answers).mean() > 0.98
    wrong = {**inputs, PREVIOUS: (inputs[PREVIOUS] + 1) % K}
    assert (task.generate(model, wrong).ids == answers).mean() < 0.1


def test_with_the_whole_share_the_decoder_sees_what_it_says():
    task = WritingHead(K, dim=DIM, dropout=0.0, scheduled_sampling=1.0)
    model, inputs, _ = model_and_data(task, rows=7)
    said = keras.ops.convert_to_numpy(model(inputs)).argmax(-1)
    seen, head = [], model.head.call
    model.head.call = lambda previous, *rest, **more: (
        seen.append(keras.ops.convert_to_numpy(previous)),
        head(previous, *rest, **more),
    )[1]
    model(inputs, training=True)
    first, second = seen
    np.testing.assert_array_equal(first, inputs[PREVIOUS])
    np.testing.assert_array_equal(second[:, 0], inputs[PREVIOUS][:, 0])
    np.testing.assert_array_equal(second[:, 1:], said[:, :-1])
    model(inputs, training=False)
    np.testing.assert_array_equal(seen[2], inputs[PREVIOUS])
    assert len(seen) == 3


def test_without_a_share_nothing_is_added():
    model, inputs, _ = model_and_data(WritingHead(K, dim=DIM, scheduled_sampling=0.0), rows=7)
    model(inputs)
    other, _, _ = model_and_data(WritingHead(K, dim=DIM), rows=7)
    other(inputs)
    assert set(variable_names(model)) == set(variable_names(other))
    assert not any("sampling" in name for name in variable_names(model))


def test_a_model_that_saw_its_own_outputs_learns_as_well():
    task = WritingHead(K, dim=DIM, dropout=0.0, scheduled_sampling=0.5)
    model, inputs, answers = model_and_data(task)
    model(inputs)
    model.plan_training(4 * 20)
    weights = np.full(answers.shape, 1 / (64 * STEPS), "float32")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=task.loss(), jit_compile=JIT)
    model.fit(inputs, answers, sample_weight=weights, batch_size=64, epochs=20, verbose=0)
    assert float(model.sampling.current_share()) == pytest.approx(0.5)
    assert (task.generate(model, inputs).ids == answers).mean() > 0.95


def test_a_share_out_of_range_is_refused():
    with pytest.raises(RecipeError, match=r"0 <= scheduled_sampling <= 1. Got 2. Use 0 to train"):
        WritingHead(K, scheduled_sampling=2)
