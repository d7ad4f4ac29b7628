"""Temperatures: what they change, and files that hold others."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.errors import BundleError
from polymodal.evaluation.trust.temperature import Pattern, Temperatures, tempered
from stated_answers import predictions

STATE = Temperatures(
    ("image", "sound"),
    (1.5,),
    (Pattern((True, False), (2.0,), 120, "own"),),
    "val",
    200,
    "speaker",
    {"log_loss": [0.5, 0.4]},
)


def test_a_file_gives_the_same_temperatures():
    assert Temperatures.from_json(STATE.to_json(), ["image", "sound"], 3) == STATE


def test_each_pattern_of_inputs_has_its_temperature():
    outputs = [[0.7, 0.2, 0.1]] * 2
    present = np.array([[True, True], [True, False]])
    found = predictions(outputs, [0, 1], present=present)
    calibrated = STATE(found)
    for row, value in enumerate((1.5, 2.0)):
        wanted = np.power(outputs[row], 1 / value)
        np.testing.assert_allclose(calibrated.outputs[row], wanted / wanted.sum(), rtol=1e-5)
    np.testing.assert_allclose(STATE.undone(calibrated).outputs, outputs, rtol=1e-4)


def test_a_temperature_of_one_changes_no_bit():
    found = predictions([[0.7, 0.2, 0.1]], [0])
    assert Temperatures(("image", "sound"), (1.0,))(found) is found


def test_labels_of_a_set_have_temperatures_of_their_own():
    found = tempered(np.array([[0.9, 0.2]]), np.array([[2.0, 1.0]]), True)
    np.testing.assert_allclose(found, [[0.75, 0.2]], rtol=1e-6)


def test_certain_answers_stay_finite():
    for label_sets in (False, True):
        found = tempered(np.array([[1.0, 0.0]], "float32"), np.array([[20.0]]), label_sets)
        assert np.isfinite(found).all()
        assert found.argmax() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shared": [0.0]}, 'needs "shared" to be finite numbers above 0'),
        ({"shared": [float("nan")]}, 'needs "shared" to be finite numbers'),
        ({"shared": [1e9]}, 'needs "shared" to be 1 or 3 numbers from 0.05 to 20'),
        ({"shared": [1.0, 1.0]}, 'needs "shared" to be 1 or 3 numbers'),
        ({"inputs": ["sound", "image"]}, 'needs "inputs" to be those of the model, image, sound'),
        (
            {"patterns": [{"present": [1], "values": [1.0], "num_rows": 1, "source": "own"}]},
            'needs "present" to be 2 numbers',
        ),
        (
            {"patterns": [{"present": [1, 0], "values": [1.0], "num_rows": 1, "source": "x"}]},
            'needs "source" to be one of',
        ),
        ({"figures": {"log_loss": [1.0]}}, 'needs "log_loss" to be 2 numbers'),
        ({"figures": [1]}, 'needs "figures" to be a mapping'),
    ],
)
def test_what_is_no_temperature_is_refused(change, said):
    with pytest.raises(BundleError) as found:
        Temperatures.from_json(STATE.to_json() | change, ["image", "sound"], 3)
    assert said in str(found.value)
