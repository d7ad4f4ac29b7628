"""Where no rows are held out, answers are chosen as asked."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.evaluation.trust.fit_decision import decision_words
from polymodal.training.imbalance.deciding import decision_alone, decision_before

TARGETS = np.array([0] * 90 + [1] * 10)


def prepared(**training):
    return SimpleNamespace(
        recipe=SimpleNamespace(training=training),
        task=task_named("classification"),
        target=SimpleNamespace(labels=["usual", "rare"], is_fed_back=False),
        train_targets=lambda: TARGETS,
    )


def test_logit_adjustment_without_validation_rows_has_tau_1():
    assert decision_alone(prepared(), None) is None
    found = decision_alone(prepared(decision="logit_adjustment"), None)
    assert found.tau == 1
    assert found.shift[1] - found.shift[0] == pytest.approx(np.log(9), abs=0.001)
    assert "as asked" in decision_words(found)[0]


def test_what_a_method_adds_is_known_before_anything_is_compared():
    assert decision_before(prepared(imbalance="focal")) is None
    for method, wanted in (("balanced_sampling", np.log(9)), ("logit_adjustment", np.log(9))):
        found = decision_before(prepared(imbalance=method))
        assert found.prior[1] - found.prior[0] == pytest.approx(wanted, abs=0.001)
        assert found.kind == "training"
    weighed = decision_before(prepared(imbalance="effective_number"))
    assert 0 < weighed.prior[1] - weighed.prior[0] < np.log(9) + 0.01
