"""Numbers, standardised and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.tasks.regression import NumberTarget

NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@given(st.lists(NUMBERS, min_size=2).filter(lambda values: max(values) - min(values) > 0.1))
def test_numbers_round_trip(values):
    target, other = NumberTarget(), NumberTarget()
    target.fit(values)
    other.restore(json.loads(json.dumps(target.state())))
    encoded = np.stack([other.encode(value) for value in values])
    assert encoded.shape == (len(values), 1)
    spread = max(values) - min(values) + max(map(abs, values))
    assert np.allclose(other.decode(encoded)[:, 0], values, atol=1e-5 * spread)


def test_train_is_standardised():
    target = NumberTarget()
    target.fit(["1", "3", None, "x"])
    assert (target.mean, target.std) == (2.0, 1.0)


@pytest.mark.parametrize("value", ["x", float("nan"), float("inf"), [1.0], None])
def test_what_is_no_number_is_an_error(value):
    target = NumberTarget()
    target.fit([0, 1])
    with pytest.raises(DataError, match=r"needs a number. Got") as caught:
        target.encode(value)
    assert caught.value.reason == "not_a_number"


def test_a_constant_cannot_be_learned():
    with pytest.raises(DataError, match="has no number but 5 in train"):
        NumberTarget().fit([5, 5.0])
    with pytest.raises(DataError, match="has no number in train"):
        NumberTarget().fit(["x"])


def test_cells_are_read_as_they_are_written():
    target = NumberTarget(decimal=",", thousands=".", unit="€", missing=["k.A."])
    target.fit(["1.000,00 €", "3.000,00", "k.A."])
    assert target.mean == 2000
    again = NumberTarget()
    again.restore(json.loads(json.dumps(target.state())))
    assert again.read("2.500,50 €") == 2500.5
    assert again.read(7) == 7
    assert again.is_empty("k.A.")
    assert again.is_empty("n/a")
    with pytest.raises(DataError, match='needs a number in "€"'):
        again.read("5 $")
    again.restore({"mean": 0.0, "std": 1.0})  # of runs that did not keep it


def test_percent_is_kept_as_it_is_written():
    assert NumberTarget(unit="%").read("10%") == 10
