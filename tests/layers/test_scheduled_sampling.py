import keras
import numpy as np
import pytest

from polymodal.bundle.names import seed_states
from polymodal.core.errors import RecipeError
from polymodal.layers.scheduled_sampling import ScheduledSampling


def example(rows=200, steps=50, outputs=4):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(rows, steps, outputs)).astype("float32")
    previous = np.full((rows, steps), outputs + 1, "int32")  # what the model never says
    return previous, logits, logits.argmax(-1)


def sampled(layer, previous, logits):
    return keras.ops.convert_to_numpy(layer(previous, logits))


def test_the_whole_share_is_what_the_model_says_one_step_before():
    previous, logits, said = example()
    found = sampled(ScheduledSampling(1.0), previous, logits)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found[:, 0], previous[:, 0])
    np.testing.assert_array_equal(found[:, 1:], said[:, :-1])


def test_each_start_stays():
    previous, logits, said = example()
    previous[:, ::7] = logits.shape[-1]
    found = sampled(ScheduledSampling(1.0), previous, logits)
    np.testing.assert_array_equal(found[:, ::7], previous[:, ::7])
    np.testing.assert_array_equal(found[:, 1:7], said[:, :6])


def test_no_share_changes_nothing():
    previous, logits, _ = example()
    np.testing.assert_array_equal(sampled(ScheduledSampling(0.0), previous, logits), previous)


def test_the_share_rises_evenly_to_its_end_and_stays_there():
    previous, logits, _ = example()
    layer = ScheduledSampling(0.8)
    layer.num_steps = 5
    shares = [(sampled(layer, previous, logits) != previous)[:, 1:].mean() for _ in range(7)]
    np.testing.assert_allclose(shares, [0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8], atol=0.02)


def test_the_state_says_where_it_goes_on():
    previous, logits, _ = example()
    layer, other = ScheduledSampling(0.8, seed=1), ScheduledSampling(0.8, seed=2)
    layer.num_steps = other.num_steps = 9
    first = [sampled(layer, previous, logits) for _ in range(4)]
    assert not np.array_equal(first[2], first[3])
    assert len(seed_states(layer)) == 1
    for variable, value in zip(other.variables, layer.variables, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(
        sampled(layer, previous, logits), sampled(other, previous, logits)
    )
    assert ScheduledSampling.from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_share_out_of_range_is_refused():
    with pytest.raises(RecipeError, match=r"needs 0 <= share <= 1. Got 1.5. Use 0"):
        ScheduledSampling(1.5)
