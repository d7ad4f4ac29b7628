"""Several streams: each group of inputs is encoded and fused into its own vector."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.bundle.names import weight_names
from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.layers.heads import StepHead
from polymodal.layers.losses import CrossEntropy
from polymodal.layers.parts import Encoder
from polymodal.model.model import Model
from polymodal.model.towers import Towers

DIM, ROWS, TIME = 8, 5, 3
GROUPS = {"query": ["text"], "answer": ["image", "sound"]}
NAMES = ("image", "sound", "text")


class Compare(Head):
    """A task of two streams; its head gives a vector for each of them."""

    groups = GROUPS

    def head(self, pooling="attention"):
        return StepHead(DIM, 0.0)

    def loss(self):
        return CrossEntropy()


class Plain(Encoder):
    """An encoder of vectors per step."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(DIM)

    def build(self, inputs_shape):
        self.dense.build(inputs_shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        return self.dense(inputs), mask


def make(fusion="concat", groups=GROUPS, sequences=None, **given):
    fusions = {group: find("fusion", fusion)(DIM, dropout=0.0) for group in groups}
    model = Model(
        {name: Plain() for name in NAMES},
        {name: f"input_{i}" for i, name in enumerate(NAMES)},
        Towers(DIM, groups, fusions, sequences),
        Compare(),
        **given,
    )
    model(batch())
    return model


def batch(seed=0, without=(), rows=ROWS):
    rng, inputs = np.random.default_rng(seed), {}
    for index, name in enumerate(NAMES):
        mask = np.full((rows, TIME), name not in without)
        values = rng.normal(size=(rows, TIME, 4)).astype("float32")
        inputs |= {f"input_{index}": values * mask[..., None], f"input_{index}_mask": mask}
    return inputs


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("fusion", ["concat", "attention", "gated"])
def test_each_group_has_a_vector_that_only_its_own_inputs_change(fusion):
    model, inputs = make(fusion), batch()
    query, answer = np.moveaxis(numpy(model(inputs)), 1, 0)
    assert query.shape == answer.shape == (ROWS, DIM)
    other = batch(seed=1)
    changed = numpy(model({**inputs, "input_2": other["input_2"]}))
    np.testing.assert_allclose(changed[:, 1], answer, atol=1e-6)
    assert np.abs(changed[:, 0] - query).max() > 0.01
    changed = numpy(model({**inputs, "input_1": other["input_1"]}))
    np.testing.assert_allclose(changed[:, 0], query, atol=1e-6)
    assert np.abs(changed[:, 1] - answer).max() > 0.01


def test_a_group_without_any_input_is_masked_and_leaves_the_other_as_it_is():
    model = make()
    whole, alone = numpy(model(batch())), numpy(model(batch(without=("text",))))
    np.testing.assert_allclose(alone[:, 1], whole[:, 1], atol=1e-6)
    _, mask = model.encode(batch(without=("text",)))
    assert numpy(mask).tolist() == [[False, True]] * ROWS


def test_training_never_hides_all_inputs_of_a_group():
    model = make(modality_dropout=0.9)
    _, mask = model.encode(batch(rows=64), training=True)
    assert numpy(mask).all()


def test_groups_may_have_a_sequence_model_each():
    model = make("attention", sequences={g: find("sequence", "recurrent")(DIM) for g in GROUPS})
    names = weight_names(model)
    assert {name.split(".")[2] for name in names if ".sequences." in name} == set(GROUPS)
    assert tuple(model(batch()).shape) == (ROWS, 2, DIM)


@pytest.mark.parametrize(
    "groups",
    [
        {"query": ["text"], "answer": ["image"]},
        {"query": ["text"], "answer": ["image", "sound", "text"]},
        {"query": [], "answer": ["image", "sound", "text"]},
    ],
)
def test_each_input_needs_to_be_in_one_group(groups, monkeypatch):
    monkeypatch.setattr(Compare, "groups", groups)
    with pytest.raises(RecipeError, match="each input in exactly one of its groups"):
        make(groups=groups)


def test_each_group_needs_a_fusion():
    with pytest.raises(RecipeError, match="a fusion for each group"):
        Towers(DIM, GROUPS, {"query": find("fusion", "concat")(DIM)})
