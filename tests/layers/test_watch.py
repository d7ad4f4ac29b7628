"""What looks at variables sees each before it is made, and can refuse it."""

import keras
import numpy as np
import pytest

from polymodal.layers.watch import before_variables, without_random_values


class Pair(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.first, self.second = keras.layers.Dense(3), keras.layers.Dense(width)

    def call(self, inputs):
        return self.second(self.first(inputs))


def refuse_wide(shape):
    if max(shape) > 1000:
        raise ValueError(f"too wide: {shape}")


def test_each_variable_is_seen_and_none_after_the_block():
    seen = []
    with before_variables(seen.append):
        Pair(4)(np.zeros((2, 5), "float32"))
    assert sorted(seen) == [(3,), (3, 4), (4,), (5, 3)]
    Pair(4)(np.zeros((2, 5), "float32"))
    assert len(seen) == 4


@pytest.mark.filterwarnings("error")
def test_what_is_refused_is_not_made_and_said_as_it_is():
    with pytest.raises(ValueError, match="too wide") as found, before_variables(refuse_wide):
        Pair(10**11)(np.zeros((2, 5), "float32"))
    assert str(found.value) == "too wide: (3, 100000000000)"


def test_other_errors_stay_as_they_are():
    with pytest.raises(ZeroDivisionError), before_variables(refuse_wide):
        raise ZeroDivisionError


def test_what_would_be_random_is_zero_in_the_block_and_nothing_else_changes():
    def values(make):
        layer = make()
        layer.build((None, 3))
        return [keras.ops.convert_to_numpy(weight) for weight in layer.weights]

    makes = [
        lambda: keras.layers.Dense(2, bias_initializer="ones"),
        lambda: keras.layers.LSTMCell(2, unit_forget_bias=True),
        lambda: keras.layers.Embedding(4, 2),
    ]
    for make in makes:
        with without_random_values():
            found = values(make)
        assert not found[0].any()
        if make is not makes[2]:
            assert found[-1].any()  # ones of a bias stay
        assert values(make)[0].any()
