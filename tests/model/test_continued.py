"""A decoder that writes step by step, and keeps what it read and wrote."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from polymodal.decoders.causal_transformer import CausalTransformer
from polymodal.layers.engines.compiled import compiled
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.continued import ContinuedDecoder
from polymodal.model.generation.generate import generate

STEPS = 70  # more than are written before keys and values are moved


@pytest.fixture(scope="module")
def decoder():
    keras.utils.set_random_seed(0)
    made = CausalTransformer(
        8, 11, num_layers=3, num_heads=4, num_key_heads=2, windows=[0, 5, 0], has_start=False
    )
    made.build((None, None))
    rng = np.random.default_rng(0)
    for weight in made.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    return made


def prompt(decoder, size=9):
    ids = ops.convert_to_tensor(np.arange(size, dtype=np.int32)[None] % 11)
    mask = ops.convert_to_tensor((np.arange(size) > 1)[None])
    return decoder.embed(ids), mask, ops.convert_to_tensor(np.array([3], np.int32))


@pytest.mark.parametrize("choice", [{}, {"temperature": 1.0, "repetition_penalty": 1.5}])
def test_steps_give_what_the_loop_gives(decoder, choice):
    choice, noise = Choice(**choice), None
    if choice.temperature:
        noise = np.random.default_rng(1).random((1, 1, STEPS)).astype("float32")
        noise = ops.convert_to_tensor(noise)
    memory, mask, start = prompt(decoder)
    loop = lambda *asked: generate(decoder, *asked, STEPS, None, choice, noise).ids
    wanted = compiled(loop, decoder.variables)(memory, mask, start)
    found = list(ContinuedDecoder(decoder).steps(memory, mask, start, STEPS, choice, noise))
    assert found == ops.convert_to_numpy(wanted)[0, 0].tolist()
    assert len(set(found)) > 3


def test_logits_of_steps_are_those_of_the_whole_text(decoder):
    memory, mask, _ = prompt(decoder)
    kept = ContinuedDecoder(decoder)
    state = kept.initial_state(memory, mask)
    tokens = np.random.default_rng(2).integers(0, 11, (1, STEPS)).astype("int32")
    whole = ops.convert_to_numpy(decoder(ops.convert_to_tensor(tokens), memory, mask))[0]
    for place in range(STEPS):
        logits, state = kept.step(ops.convert_to_tensor(tokens[:, place]), state)
        np.testing.assert_allclose(ops.convert_to_numpy(logits)[0], whole[place], atol=1e-4)


def test_blocks_that_are_adapted_apart_keep_their_own_weights():
    other = CausalTransformer(8, 11, num_layers=2, num_heads=2, has_start=False)
    other.blocks[1].gate.adapt(2)
    other.build((None, None))
    for seed, weight in enumerate(other.weights):
        weight.assign(np.random.default_rng(seed).normal(size=weight.shape) * 0.5)
    memory, mask, start = prompt(other)
    kept = ContinuedDecoder(other)
    found, _ = kept.step(start, kept.initial_state(memory, mask))
    wanted = other(start[None], memory, mask)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), ops.convert_to_numpy(wanted)[:, 0], atol=1e-4
    )
