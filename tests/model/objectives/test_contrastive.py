"""Contrast between inputs: who belongs to whom, whatever is missing, equal or not labelled."""

import keras
import numpy as np
import pytest
from keras import ops

from polymodal.model.objectives.contrastive import Contrastive

pytestmark = pytest.mark.engine

ROWS, DIM = 6, 4


def streams(seed=0, rows=ROWS):
    rng = np.random.default_rng(seed)
    return {
        name: (rng.normal(size=(rows, 3, DIM)).astype("float32"), np.ones((rows, 3), bool))
        for name in ("image", "sound", "text")
    }


def made(inputs):
    keras.utils.set_random_seed(0)
    objective = Contrastive(dim=4)
    objective.make({}, inputs, None, None)
    return objective


def loss_of(objective, inputs):
    _, found = objective.split(inputs, None)
    return float(ops.convert_to_numpy(objective.loss(None, found, None, None)))


def test_each_pair_of_inputs_has_vectors_of_its_own():
    objective = made(streams())
    assert sorted(objective.vectors) == ["image_sound", "image_text", "sound_text"]
    assert len(objective.trainable_variables) == 3 * 2 + 3 * (2 * 4 + 1)


def test_rows_with_one_input_and_filler_change_nothing():
    inputs = streams()
    objective = made(inputs)
    want = loss_of(
        objective, {name: (tokens[:4], mask[:4]) for name, (tokens, mask) in inputs.items()}
    )
    for name, (_, mask) in inputs.items():
        mask[5] = False
        mask[4] = name == "text"
    assert loss_of(objective, inputs) == pytest.approx(want, rel=1e-5)


def test_rows_with_the_same_image_are_no_negatives_of_each_other():
    inputs = streams()
    objective = made(inputs)
    for name in ("image", "sound", "text"):
        inputs[name][0][1:] = inputs[name][0][:1]  # nobody can say which row is which
    assert loss_of(objective, inputs) == pytest.approx(0.0, abs=1e-5)


def test_a_batch_without_any_pair_is_finite():
    inputs = {name: (tokens, mask & (name == "text")) for name, (tokens, mask) in streams().items()}
    assert loss_of(made(inputs), inputs) == 0.0
