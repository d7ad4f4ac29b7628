"""Decoders that attend to their memory tell how much each step looks at each place."""

import keras
import numpy as np
import pytest

from polymodal.core.lookup import find

pytestmark = pytest.mark.engine
DECODERS = {
    "transformer": {},
    "recurrent_attention": {},
    "additive": {"attention": "additive"},
    "lstm": {"kind": "lstm"},
}
NAMES = {"additive": "recurrent_attention", "lstm": "recurrent_attention"}


def problem(name, seed=0):
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    decoder = find("decoders", NAMES.get(name, name))(8, 5, **DECODERS[name])
    mask = np.arange(6) < np.array([6, 3, 0])[:, None]
    batch = (
        rng.integers(0, 6, (3, 4)).astype("int32"),
        rng.normal(size=(3, 6, 8)).astype("float32"),
        mask,
    )
    decoder(*batch)
    return decoder, *batch


def weights(decoder, *batch):
    found = decoder.attention_weights(*map(keras.ops.convert_to_tensor, batch))
    return keras.ops.convert_to_numpy(found)


@pytest.mark.parametrize("name", DECODERS)
def test_rows_sum_to_one_over_real_places_and_no_other_gets_anything(name):
    decoder, previous, memory, mask = problem(name)
    found = weights(decoder, previous, memory, mask)
    assert found.shape == (3, 4, 6)
    np.testing.assert_allclose(found[:2].sum(axis=-1), 1, atol=1e-5)
    assert (found[~np.broadcast_to(mask[:, None], found.shape)] == 0).all()
    assert (found[:2] >= 0).all()


@pytest.mark.parametrize("name", DECODERS)
def test_what_is_not_looked_at_changes_nothing(name):
    """The weights are those that the outputs are made with."""
    decoder, previous, memory, mask = problem(name)
    for weight in decoder.weights:  # large opinions: nearly all attention on few places
        if len(weight.shape) == 2:
            weight.assign(weight * 4)
    found = weights(decoder, previous, memory, mask)[0]
    before = keras.ops.convert_to_numpy(decoder(previous, memory, mask))[0]
    least, most = (int(pick(found.sum(axis=0))) for pick in (np.argmin, np.argmax))
    changes = []
    for place in (least, most):
        hidden = mask.copy()
        hidden[0, place] = False
        after = keras.ops.convert_to_numpy(decoder(previous, memory, hidden))[0]
        changes.append(np.abs(after - before).mean())
    assert changes[0] < changes[1]


@pytest.mark.parametrize("name", DECODERS)
def test_a_step_looks_without_knowing_later_outputs(name):
    decoder, previous, memory, mask = problem(name)
    before = weights(decoder, previous, memory, mask)
    previous[:, 2:] = 0
    after = weights(decoder, previous, memory, mask)
    np.testing.assert_allclose(after[:, :2], before[:, :2], atol=1e-6)
