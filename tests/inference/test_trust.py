"""The answer that an explanation asks for is the one that is predicted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.trust.decision import Decision
from polymodal.evaluation.trust.temperature import Pattern, Temperatures
from polymodal.inference.trust import leaning, trusted

PRESENT = np.array([[True, True], [True, False]] * 50)
HOT = Temperatures(("a", "b"), (3.0,), (Pattern((True, False), (0.3,), 100),))


def stated(task="classification"):
    rng = np.random.default_rng(1)
    outputs = rng.dirichlet(np.ones(3), 100).astype("float32")
    return Predictions(
        task_named(task),
        ["x", "y", "z"],
        np.arange(100),
        outputs,
        None,
        np.zeros(100, bool),
        ["a", "b"],
        PRESENT,
        num_rows=100,
    )


@pytest.mark.parametrize("task", ["classification", "multilabel"])
@pytest.mark.parametrize(
    "decision",
    [
        None,
        Decision("most_probable", (0.0, 0.0, 0.0), (0.5, 0.0, -1.0)),
        Decision("thresholds", (0.0, 1.0, 2.0)),
        Decision("logit_adjustment", (0.0, 1.0, 2.0), (0.5, 0.0, -1.0)),
        Decision("training", (0.5, 0.0, -1.0), (0.5, 0.0, -1.0)),
    ],
)
def test_what_leans_most_is_what_is_answered(task, decision):
    found = stated(task)
    predictor = SimpleNamespace(task=found.task, temperatures=HOT, decision=decision)
    answers = trusted(predictor, found).answers
    leans = leaning(predictor, found.outputs, PRESENT)
    if answers.ndim == 2:
        np.testing.assert_array_equal(leans >= 0.5, answers)
    else:
        np.testing.assert_array_equal(leans.argmax(axis=1), answers)
    assert leans.dtype == found.outputs.dtype
    steps = np.repeat(found.outputs[:, None], 4, axis=1)  # of a sequence each step alike
    np.testing.assert_array_equal(leaning(predictor, steps, PRESENT)[:, 2], leans)
    if decision is None:
        calibrated = HOT(replace(found, outputs=found.outputs)).outputs
        np.testing.assert_allclose(leans, calibrated)
