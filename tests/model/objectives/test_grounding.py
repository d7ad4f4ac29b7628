"""Grounding: the same step by step and at once, texts apart, and directions that are found."""

import keras
import numpy as np
import pytest
from keras import ops

from polymodal.decoders.recurrent_attention import RecurrentAttentionDecoder
from polymodal.decoders.transformer import TransformerDecoder
from polymodal.model.objectives._grounded_decoder import GroundedDecoder
from polymodal.model.objectives._grounding_layer import GroundingLayer
from polymodal.model.objectives.word_spotting import WordSpotting

DIM, OUTPUTS = 8, 6  # 6 begins a text
SPOTS = [{"id": 1, "share": 0.3}, {"id": 0, "share": 0.1}, {"id": 4, "share": 0.2}]
GRID = (2, 3)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def memory_of(places=6, rows=3):
    rng = np.random.default_rng(1)
    mask = np.ones((rows, places), bool)
    mask[1] = False  # no picture
    return (rng.normal(size=(rows, places, DIM)) * mask[..., None]).astype("float32"), mask


def grounded(kind, first=0):
    keras.utils.set_random_seed(0)
    spotter = WordSpotting(SPOTS)
    decoder = kind(DIM, OUTPUTS, dropout=0.0)
    layer = GroundingLayer(DIM, OUTPUTS, spotter, GRID, first, num_heads=2)
    layer = GroundedDecoder(decoder, layer)
    memory, mask = memory_of()
    spotter(memory, mask)
    return layer


@pytest.mark.parametrize("kind", [TransformerDecoder, RecurrentAttentionDecoder])
def test_steps_give_what_the_whole_gives_also_behind_a_second_start(kind):
    layer, (memory, mask) = grounded(kind), memory_of()
    tokens = np.array(
        [
            [6, 1, 0, 3, 2, 6, 4, 5, 0, -1],
            [6, 0, 0, 1, 2, 3, 4, 5, 0, 1],
            [6, 5, 4, 4, 6, 6, 1, 2, 3, 0],
        ],
        "int32",
    )
    whole = numpy(layer(tokens, memory, mask))
    assert np.isfinite(whole).all()
    state = layer.initial_state(ops.convert_to_tensor(memory), ops.convert_to_tensor(mask), 10)
    for step in range(10):
        logits, state = layer.step(
            ops.convert_to_tensor(tokens[:, step]),
            state,
            ops.convert_to_tensor(memory),
            ops.convert_to_tensor(mask),
        )
        np.testing.assert_allclose(numpy(logits), whole[:, step], atol=2e-5)


def test_texts_behind_each_other_know_nothing_of_each_other():
    layer, (memory, mask) = grounded(TransformerDecoder), memory_of()
    texts = np.array([[6, 1, 0, 3], [6, 4, 4, 0]], "int32")
    both = numpy(layer(np.tile(texts.reshape(1, -1), (3, 1)), memory, mask))
    for which in (0, 1):
        alone = numpy(layer(np.tile(texts[which], (3, 1)), memory, mask))
        np.testing.assert_allclose(both[:, 4 * which : 4 * which + 4], alone, atol=1e-5)


@pytest.mark.parametrize("first", [2, -7])
def test_places_of_other_inputs_are_left_alone(first):
    """A picture of six places behind two of something else, in front of one more."""
    memory, mask = memory_of(9)
    layer = grounded(TransformerDecoder, first).grounding
    tokens = np.tile([6, 1, 0, 3], (3, 1)).astype("int32")
    want = numpy(layer(tokens, memory, mask)[0])
    other = memory.copy()
    other[:, :2] = other[:, 8:] = 7.0
    np.testing.assert_allclose(numpy(layer(tokens, other, mask)[0]), want, atol=1e-6)
    other[:, 2:8] = 7.0 * mask[:, 2:8, None]
    assert np.abs(numpy(layer(tokens, other, mask)[0]) - want)[0].max() > 0.01


def test_it_learns_what_lies_beside_what_was_named():
    """A row of three things: "thing, left (right)" is followed by the neighbour on that side.

    Which one it is depends on where the thing that was named lies, in a picture that changes.
    """
    keras.utils.set_random_seed(0)
    rng, things = np.random.default_rng(0), 6
    left, right, start = things, things + 1, things + 2
    spots = [{"id": i, "share": 0.5} for i in range(things)]
    spotter = WordSpotting(spots)
    layer = GroundingLayer(32, things + 2, spotter, (1, 3))

    def draw(rows):
        lies = np.argsort(rng.random((rows, things)))[:, :3]
        side = rng.integers(0, 2, rows)  # 0: what is to the right of the first or second
        at = rng.integers(0, 2, rows) + side
        every = np.arange(rows)
        tokens = np.stack([np.full(rows, start), lies[every, at], np.where(side, left, right)], 1)
        return (
            np.eye(things, 32, dtype="float32")[lies],
            tokens.astype("int32"),
            lies[every, at + 1 - 2 * side],
        )

    class Next(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def call(self, inputs):
            memory, tokens = inputs
            _, hidden = self.layer(tokens, memory, ops.ones_like(memory[..., 0], "bool"))
            return self.layer.likely(hidden[:, -1])

    memory, tokens, targets = draw(2048)
    spotter(memory, np.ones((2048, 3), bool))
    spotter.kernel.assign(4.0 * np.eye(32, things))  # each word is seen where its thing lies
    model = Next()
    model.compile(
        keras.optimizers.Adam(0.003), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit([memory, tokens], targets, batch_size=64, epochs=12, verbose=0)
    memory, tokens, targets = draw(512)
    found = model.predict([memory, tokens], verbose=0).argmax(-1)
    assert (found == targets).mean() > 0.95  # one of the other two, by chance: 0.5
