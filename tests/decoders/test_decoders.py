"""What every decoder that is fed its own outputs promises, and what each adds."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import check_layer as harness
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find, names

ALL = [
    "causal_transformer",
    "positional_transformer",
    "recurrent",
    "recurrent_attention",
    "transformer",
]
VARIANTS = {
    "additive": ("recurrent_attention", {"attention": "additive"}),
    "lstm": ("recurrent_attention", {"kind": "lstm"}),
}
DIM, NUM_OUTPUTS = 8, 5


def make_decoder(name):
    name, settings = VARIANTS.get(name, (name, {}))
    return find("decoders", name)(DIM, NUM_OUTPUTS, **settings)


def arrays(rows=4, steps=6, time=6, seed=0):
    rng = np.random.default_rng(seed)
    mask = np.arange(time) < np.linspace(time, 0, rows).astype(int)[:, None]
    return {
        "previous": rng.integers(0, NUM_OUTPUTS + 1, (rows, steps)).astype("int32"),
        "memory": rng.normal(size=(rows, time, 3)).astype("float32") * mask[..., None],
        "memory_mask": mask,
    }


def call_decoder(layer, batch, training=False):
    return layer(batch["previous"], batch["memory"], batch["memory_mask"], training=training)


def tensors(batch):
    return {key: keras.ops.convert_to_tensor(array) for key, array in batch.items()}


def stepped(decoder, batch):
    """Returns logits from repeated steps, and the last state."""
    memory, mask = batch["memory"], batch["memory_mask"]
    state, found = decoder.initial_state(memory, mask, 8), []
    for step in range(batch["previous"].shape[1]):
        logits, state = decoder.step(batch["previous"][:, step], state, memory, mask)
        found.append(keras.ops.convert_to_numpy(logits))
    return np.stack(found, axis=1), state


def test_every_decoder_here_is_found_by_name():
    assert set(ALL) <= set(names("decoders"))


@pytest.mark.parametrize("name", [*ALL, *VARIANTS])
@pytest.mark.parametrize(("steps", "time"), [(6, 6), (4, 6), (6, 3)])
def test_all_steps_at_once_equal_repeated_steps(name, steps, time):
    decoder, batch = make_decoder(name), tensors(arrays(4, steps, time))
    at_once = keras.ops.convert_to_numpy(call_decoder(decoder, batch))
    np.testing.assert_allclose(stepped(decoder, batch)[0], at_once, atol=1e-5)


@pytest.mark.parametrize("name", [*ALL, *VARIANTS])
def test_every_leaf_of_the_state_has_the_batch_first(name):
    decoder, batch = make_decoder(name), tensors(arrays())
    call_decoder(decoder, batch)
    assert all(leaf.shape[0] == 4 for leaf in keras.tree.flatten(stepped(decoder, batch)[1]))


@pytest.mark.parametrize("name", [*ALL, *VARIANTS])
def test_rows_may_be_reordered_between_steps(name):
    decoder, batch = make_decoder(name), tensors(arrays())
    call_decoder(decoder, batch)
    order = [2, 0, 3, 1]

    def pick(tree):
        return keras.tree.map_structure(lambda leaf: keras.ops.take(leaf, order, axis=0), tree)

    memory, mask, fed = batch["memory"], batch["memory_mask"], batch["previous"]
    _, state = decoder.step(fed[:, 0], decoder.initial_state(memory, mask, 8), memory, mask)
    expected, _ = decoder.step(fed[:, 1], state, memory, mask)
    found, _ = decoder.step(pick(fed[:, 1]), pick(state), pick(memory), pick(mask))
    found, expected = (keras.ops.convert_to_numpy(logits) for logits in (found, expected))
    np.testing.assert_allclose(found, expected[order], atol=1e-5)


@pytest.mark.parametrize("name", [*ALL, *VARIANTS])
def test_an_output_depends_on_no_later_one(name):
    decoder, batch = make_decoder(name), arrays()
    before = harness.outputs(call_decoder, decoder, batch)[0]
    batch["previous"][:, 4:] = 0
    after = harness.outputs(call_decoder, decoder, batch)[0]
    np.testing.assert_allclose(after[:, :4], before[:, :4], atol=1e-6)
    assert np.abs(after[:, 4:] - before[:, 4:]).max() > 1e-3


@pytest.mark.parametrize("name", [*ALL, *VARIANTS])
def test_an_unknown_previous_output_counts_as_a_start(name):
    decoder, batch = make_decoder(name), arrays()
    batch["previous"][:, 0] = NUM_OUTPUTS
    expected = harness.outputs(call_decoder, decoder, batch)[0]
    batch["previous"][:, 0] = -1
    found = harness.outputs(call_decoder, decoder, batch)[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", [*ALL, *VARIANTS])
def test_decoder_passes_the_harness(name):
    make, batch = lambda: make_decoder(name), arrays()
    layer, expected = harness.check_unmasked(make, batch, call_decoder)
    dirty = {**batch, "memory": np.where(batch["memory_mask"][..., None], batch["memory"], 9.0)}
    harness.assert_same(expected, harness.outputs(call_decoder, layer, dirty), 1e-4, "garbage")
    alone = harness.outputs(call_decoder, layer, {k: v[1:2] for k, v in batch.items()})
    harness.assert_same(harness.pick(expected, slice(1, 2)), alone, 1e-4, "a row alone")


def test_an_unknown_attention_is_refused():
    with pytest.raises(RecipeError, match=r'attention "dot" or "additive". Got "aditive"'):
        find("decoders", "recurrent_attention")(DIM, NUM_OUTPUTS, attention="aditive")


def test_an_unknown_kind_is_refused():
    with pytest.raises(RecipeError, match=r'kind "gru" or "lstm". Got "ltsm"'):
        find("decoders", "recurrent_attention")(DIM, NUM_OUTPUTS, kind="ltsm")


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_with_each_start_another_sequence_begins(kind):
    """A text behind another gets what it gets alone."""
    decoder = find("decoders", "recurrent_attention")(DIM, NUM_OUTPUTS, kind=kind)
    batch = arrays(steps=8)
    batch["previous"][:, [0, 4]] = NUM_OUTPUTS
    both = harness.outputs(call_decoder, decoder, batch)[0]
    alone = harness.outputs(call_decoder, decoder, {**batch, "previous": batch["previous"][:, 4:]})[
        0
    ]
    np.testing.assert_allclose(both[:, 4:], alone, atol=1e-5)


def test_the_aligned_decoder_reads_only_the_present_step():
    decoder, batch = find("decoders", "recurrent")(DIM, NUM_OUTPUTS), arrays()
    before = harness.outputs(call_decoder, decoder, batch)[0]
    batch["memory"] = batch["memory"].copy()
    batch["memory"][:, 3:] += 1
    after = harness.outputs(call_decoder, decoder, batch)[0]
    np.testing.assert_allclose(after[:, :3], before[:, :3], atol=1e-6)
