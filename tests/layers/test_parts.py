"""What an encoder states is checked when a model is built."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find, names
from polymodal.layers.parts import Encoder, Fusion, SequenceModel
from polymodal.model.heads.classes import ClassHead
from polymodal.model.model import Model

DIM = 8


class Plain(Encoder):
    """Returns its inputs, and a mask, as a test asks."""

    def __init__(self, num_tokens=None, time_stride=1, grid=None, flat=False, floats=False):
        super().__init__()
        self.num_tokens, self.time_stride, self.grid = num_tokens, time_stride, grid
        self.flat, self.floats = flat, floats

    def call(self, inputs, mask, training=None):
        tokens = inputs[:, 0] if self.flat else inputs
        return tokens, keras.ops.cast(mask, "float32") if self.floats else mask


def build(**stated):
    model = Model(
        {"a": Plain(**stated)}, {"a": "input_0"}, find("fusion", "concat")(DIM), ClassHead(2)
    )
    return model(
        {"input_0": np.zeros((2, 4, DIM), "float32"), "input_0_mask": np.ones((2, 4), bool)}
    )


@pytest.mark.parametrize("stated", [{}, {"num_tokens": 4}, {"num_tokens": 4, "grid": (2, 2)}])
def test_a_true_statement_passes(stated):
    assert build(**stated).shape == (2, 2)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"num_tokens": 3}, r"states 3 tokens for inputs of shape \(4, 8\)\. Got 4"),
        ({"time_stride": 2}, r"states 2 tokens for inputs of shape \(4, 8\)\. Got 4"),
        (
            {"num_tokens": 4, "grid": (3, 2)},
            r"one token for each position of its grid .*Got num_tok",
        ),
        ({"flat": True}, r"needs to return tokens \(batch, time, dim\)"),
        ({"floats": True}, r"needs to return a bool mask, True = real\. Got float32"),
    ],
)
def test_a_false_statement_is_refused(stated, message):
    with pytest.raises(RecipeError, match=message):
        build(**stated)


@pytest.mark.parametrize(
    ("package", "contract"),
    [("encoders", Encoder), ("fusion", Fusion), ("sequence", SequenceModel)],
)
def test_every_part_of_the_package_keeps_the_contract(package, contract):
    assert all(issubclass(find(package, name), contract) for name in names(package))
