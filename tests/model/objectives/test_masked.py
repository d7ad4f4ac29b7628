"""Hidden parts: which are hidden, what is asked of the rest, and that masks are kept."""

import keras
import numpy as np
import pytest
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.model.heads.classes import ClassHead
from polymodal.model.model import Model
from polymodal.model.objectives.masked import Masked, _Frames, _Numbers, _Places, _Words

pytestmark = pytest.mark.engine

DIM = 8


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def made():
    """A model of an image, frames, words and a vector, which was built on its batch."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    batch = {
        "input_0": rng.normal(size=(4, 8, 8, 1)).astype("float32"),
        "input_1": rng.normal(size=(4, 6, 5)).astype("float32"),
        "input_2": rng.integers(1, 9, (4, 7)).astype("int32"),
        "input_3": rng.normal(size=(4, 5)).astype("float32"),
    }
    batch |= {
        "input_0_mask": np.ones(4, bool),
        "input_1_mask": np.ones((4, 6), bool),
        "input_2_mask": np.ones((4, 7), bool),
        "input_3_mask": np.ones(4, bool),
    }
    encoders = {
        "image": find("encoders", "convnet")(DIM, width=4),
        "sound": find("encoders", "rnn")(DIM),
        "words": find("encoders", "rnn")(DIM, vocabulary_size=9),
        "numbers": find("encoders", "mlp")(DIM),
    }
    model = Model(
        encoders,
        {name: f"input_{i}" for i, name in enumerate(encoders)},
        find("fusion", "concat")(DIM),
        ClassHead(3),
        objectives={"masked": Masked(0.5, vocabularies={"words": 9})},
    )
    model(batch)
    return model, batch


def test_each_kind_of_input_is_restored_and_its_encoder_learns():
    model, batch = made()
    objective = model.objectives["masked"]
    kinds = {name: type(kind) for name, kind in objective.kinds.items()}
    assert kinds == {"image": _Places, "sound": _Frames, "words": _Words, "numbers": _Numbers}
    names = {variable.path for variable in model.variables}
    _, found = model(batch, training=True)
    assert {variable.path for variable in model.variables} == names
    losses = [float(numpy(one)) for one in found["masked"]]
    assert len(losses) == 4
    assert all(0.1 < one < 10 for one in losses)


def test_missing_inputs_and_unhidden_parts_are_not_asked_for():
    rng = np.random.default_rng(0)
    frames = _Frames(2, 3)
    values = rng.normal(size=(2, 5, 3)).astype("float32")
    mask = np.array([[True] * 5, [False] * 5])
    hidden = np.array([[True, False, True]] * 2)
    without = numpy(frames.without(values, hidden))
    np.testing.assert_array_equal(without[:, [0, 1, 4]], 0)
    np.testing.assert_array_equal(without[:, 2:4], values[:, 2:4])
    said = np.zeros((2, 3, 6), "float32")
    want = np.square(values[0, [0, 1, 4]]).mean()
    assert float(numpy(frames.loss(said, values, mask, hidden))) == pytest.approx(want, rel=1e-5)
    nothing = frames.loss(said, values, mask & False, hidden)
    assert float(numpy(nothing)) == 0.0


def test_a_hidden_position_of_an_image_is_asked_for_in_its_own_place():
    places = _Places((2, 2), (4, 4, 1))
    image = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    hidden = np.array([[False, True, False, False]])
    without = numpy(places.without(image, hidden))[0, ..., 0]
    assert (without[:2, 2:] == 0).all()
    assert without[2, 0] == 8
    said = np.zeros((1, 4, 4), "float32")
    said[0, 1] = [2, 3, 6, 7]
    said = ops.convert_to_tensor(said)
    assert float(numpy(places.loss(said, image, np.ones(1, bool), hidden))) < 1e-9


def test_a_hidden_word_is_the_unknown_one_and_padding_stays():
    words, ids = _Words(9), np.array([[5, 6, 0]], "int32")
    without = numpy(words.without(ids, np.array([[True, False, True]])))
    assert without.tolist() == [[1, 6, 0]]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(RecipeError, match=f"Masked needs 0 < share < 1. Got {share}"):
        Masked(share)


def test_pretraining_trains_what_needs_no_target_alone():
    model, batch = made()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model.compile(keras.optimizers.SGD(0.1), loss=loss)
    targets, weights = np.array([0, 1, 2, 0]), np.ones(4, "float32")

    def moved():
        before = {one.path: numpy(one) for one in model.trainable_variables}
        model.fit(batch, targets, sample_weight=weights, batch_size=4, verbose=0)
        return {
            one.path for one in model.trainable_variables if (numpy(one) != before[one.path]).any()
        }

    head = {one.path for one in model.head.trainable_variables}
    model.pretrain(True)
    assert not moved() & head
    assert moved()
    model.pretrain(False)
    assert head <= moved()
