"""Rows are mixed with their neighbours, labels alike; rows with other inputs stay as they are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import polymodal as pm
from polymodal.core.disk.files import sha256
from polymodal.core.errors import RecipeError
from polymodal.layers.losses import CrossEntropy
from polymodal.model.objectives.cutmix import CutMix
from polymodal.model.objectives.gradient_modulation import GradientModulation
from polymodal.model.objectives.mixup import Mixup
from polymodal.model.objectives.single_modality import SingleModality

pytestmark = pytest.mark.engine

KEYS = {"picture": "input_0", "words": "input_1", "sound": "input_2", "numbers": "input_3"}
HAS = np.array([True, True, False, True, True, True])  # a sound; the last row only fills the batch


def numpy(value):
    import keras

    return keras.ops.convert_to_numpy(value)


def batch():
    rng = np.random.default_rng(0)
    real = np.array([True] * 5 + [False])
    steps = np.arange(8)[None] < np.array([8, 6, 8, 4, 8, 8])[:, None]
    row = np.arange(1.0, 7.0)
    return {
        "input_0": np.ones((6, 16, 16, 1), "float32") * row[:, None, None, None].astype("float32"),
        "input_0_mask": real,
        "input_1": np.repeat(np.arange(1, 7)[:, None], 8, 1).astype("int32") * steps,
        "input_1_mask": steps & real[:, None],
        "input_2": (np.ones((6, 8, 3)) * row[:, None, None] * steps[..., None]).astype("float32"),
        "input_2_mask": steps & (real & HAS)[:, None],
        "input_3": rng.normal(size=(6, 40)).astype("float32"),
        "input_3_mask": np.repeat(real[:, None], 40, 1),
    }


def mixed(kind):
    import keras

    objective = kind(rows=1.0)
    objective.attach(SimpleNamespace(keys=KEYS))
    given = batch()
    tensors = {key: keras.ops.convert_to_tensor(value) for key, value in given.items()}
    changed = {key: numpy(value) for key, value in objective.inputs(tensors).items()}
    return objective, given, changed, numpy(objective.share)


@pytest.mark.parametrize("kind", [Mixup, CutMix])
def test_rows_without_a_neighbour_of_the_same_inputs_stay(kind):
    _, given, changed, share = mixed(kind)
    assert (share[[1, 4]] > 0).all()
    assert share.max() <= 0.5
    for row in (0, 2, 3, 5):  # the neighbour fills the batch, or has a sound and the row has none
        assert share[row] == 0
        for key in given:
            np.testing.assert_array_equal(changed[key][row], given[key][row])


def test_mixup_averages_media_and_what_encoders_make_of_words():
    import keras

    objective, given, changed, share = mixed(Mixup)
    for row in (1, 4):
        np.testing.assert_allclose(changed["input_0"][row], row + 1 - share[row], rtol=1e-5)
    np.testing.assert_array_equal(changed["input_1"], given["input_1"])
    assert changed["input_2_mask"][1].all()  # the longer of both
    tokens = np.arange(6, dtype="float32")[:, None, None] * np.ones((6, 8, 2), "float32")
    stream = tuple(map(keras.ops.convert_to_tensor, (tokens, given["input_1_mask"])))
    streams = dict.fromkeys(KEYS, stream)
    found = objective.views(streams, {})
    np.testing.assert_allclose(numpy(found["words"][0])[4, 0, 0], 4 - share[4], rtol=1e-5)
    np.testing.assert_array_equal(numpy(found["picture"][0]), tokens)


def test_cutmix_takes_a_part_as_large_as_the_share():
    _, given, changed, share = mixed(CutMix)
    for row in (1, 4):
        gone = (changed["input_0"][row] != given["input_0"][row]).mean()
        assert gone == pytest.approx(share[row], abs=0.12)
        words = changed["input_1"][row]
        length = given["input_1_mask"][row].sum()
        assert set(words[:length]) <= {row, row + 1}
        assert (words == row).sum() == pytest.approx(share[row] * length, abs=1)
        assert set(np.unique(changed["input_2"][row])) <= {0, row, row + 1}
        taken = (changed["input_3"][row] != given["input_3"][row]).mean()
        assert taken == pytest.approx(share[row], abs=0.25)


def test_the_loss_is_that_of_both_labels_by_their_share():
    import keras

    objective, _, _, share = mixed(Mixup)
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(6, 3)).astype("float32"), np.array([0, 1, 2, 0, 2, 0])
    weights = np.array([1, 1, 1, 1, 1, 0], "float32")
    own = CrossEntropy()
    _, found = objective.split({}, keras.ops.convert_to_tensor(logits))
    tensors = map(keras.ops.convert_to_tensor, (targets, weights))
    added = numpy(objective.loss(next(tensors), found, next(tensors), own))
    each = numpy(own.call(targets, keras.ops.convert_to_tensor(logits)))
    other = numpy(own.call(np.roll(targets, 1), keras.ops.convert_to_tensor(logits)))
    wanted = (weights * ((1 - share) * each + share * other)).sum()
    assert added + (weights * each).sum() == pytest.approx(wanted, rel=1e-4)
    assert objective.share is None


def test_the_input_that_answers_best_alone_gets_less_gradient():
    objective = GradientModulation(alpha=0.5)
    objective.attach(SimpleNamespace(encoders={"a": None, "b": None}))
    assert numpy(objective.factors()).tolist() == [1.0, 1.0]
    objective.alone.assign([0.8, 0.2])
    first, second = numpy(objective.factors())
    assert first == pytest.approx(1 - np.tanh(0.5 * 3), rel=1e-4)
    assert second == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Mixup(weight=0.5), "Mixup needs weight 1, or 0"),
        (lambda: CutMix(rows=0), "CutMix needs 0 < rows <= 1"),
        (lambda: GradientModulation(alpha=0), "GradientModulation needs alpha above 0"),
    ],
)
def test_settings_out_of_range_are_refused(make, said):
    with pytest.raises(RecipeError, match=said):
        make()


class Stop(Exception):
    """Raised to end a run as a failure would."""


def stop_after_1(entry):
    if entry["epoch"] == 1:
        raise Stop


def train(folder, on_epoch=None):
    rng = np.random.default_rng(0)
    rows = [
        {
            "size": float(rng.normal()),
            "words": " ".join(rng.choice(["a", "b", "c"], 3)),
            "label": str(rng.choice(["x", "y"])),
        }
        for _ in range(48)
    ]
    model = pm.Classifier(
        "label",
        dim=8,
        inputs={
            "size": {"modality": "tabular", "columns": ["size"]},
            "words": {
                "modality": "text",
                "encoder": {"name": "transformer", "num_layers": 2, "stochastic_depth": 0.3},
            },
        },
        objectives={"mixup": {}, "cutmix": {}, "gradient_modulation": {}},
        training={
            "epochs": 2,
            "learning_rate": 0.02,
            "batch_size": 16,
            "jit": False,
            "precision": "float32",
            "checkpoint_steps": 1,
            "average": 0.9,
        },
    )
    model.fit(pm.read(rows[:32]), val=pm.read(rows[32:]), out=folder, on_epoch=on_epoch)
    return model


@pytest.mark.slow
def test_a_run_with_all_of_them_resumes_to_the_same_weights(tmp_path):
    whole = train(tmp_path / "whole")
    with pytest.raises(Stop):
        train(tmp_path / "cut", stop_after_1)
    train(tmp_path / "cut")
    assert sha256(tmp_path / "whole" / "weights.safetensors") == sha256(
        tmp_path / "cut" / "weights.safetensors"
    )
    loaded = pm.load(tmp_path / "whole")
    row = [{"size": 0.5, "words": "a b c"}, {"size": None, "words": "c"}]
    assert loaded.predict(row) == whole.predict(row)


def test_answers_from_one_input_are_taught_both_labels_too():
    import keras

    mixup, single = Mixup(rows=1.0), SingleModality()
    model = SimpleNamespace(keys=KEYS, objectives={"single_modality": single, "mixup": mixup})
    for one in (single, mixup):
        one.attach(model)
    mixup.share = keras.ops.convert_to_tensor(np.array([0.3, 0.0], "float32"))
    tokens = keras.ops.ones((2, 1, 4))
    streams = {"a": (tokens, np.ones((2, 1), bool)), "b": (tokens, np.ones((2, 1), bool))}
    single.views(streams, {})
    logits = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    _, found = single.split(streams, keras.ops.convert_to_tensor(logits))
    entropy, targets = CrossEntropy(), keras.ops.convert_to_tensor([0, 2])
    each = [
        numpy(entropy.call(np.array(labels), keras.ops.convert_to_tensor(part)))
        for part in (logits[2:4], logits[4:6])
        for labels in ([0, 2], [2, 0])
    ]
    wanted = 0.0
    for own_label, other_label in (each[:2], each[2:]):
        wanted += 0.7 * own_label[0] + 0.3 * other_label[0] + own_label[1]
    loss = numpy(single.loss(targets, found, None, entropy))
    assert loss == pytest.approx(wanted / 2, rel=1e-5)
