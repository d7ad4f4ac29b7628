import keras
import numpy as np
import pytest

from polymodal.training.steps.schedule import WarmupCosine


def rates(schedule, steps):
    return np.array([float(schedule(step)) for step in range(steps)])


def test_the_rate_rises_then_falls_to_zero():
    found = rates(WarmupCosine(1.0, 100, warmup=0.1), 101)
    np.testing.assert_allclose(found[:10], np.arange(1, 11) / 10, rtol=1e-6)
    assert found.argmax() in (9, 10)
    assert (np.diff(found[10:]) < 0).all()
    assert found[-1] == pytest.approx(0, abs=1e-6)


def test_half_way_down_is_half_the_peak():
    assert float(WarmupCosine(0.2, 100)(50)) == pytest.approx(0.1)


def test_steps_that_only_accumulate_do_not_count():
    single = rates(WarmupCosine(1.0, 20, 0.2), 20)
    found = rates(WarmupCosine(1.0, 20, 0.2, accumulate=4), 80)
    np.testing.assert_array_equal(found, np.repeat(single, 4))


def test_a_run_of_one_update_has_a_rate():
    assert float(WarmupCosine(0.1, 1, warmup=0.5)(0)) == pytest.approx(0.1)


def test_config_round_trip():
    schedule = WarmupCosine(0.3, 10, 0.1, 2)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
