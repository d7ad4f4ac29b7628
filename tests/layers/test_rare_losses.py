"""Losses that make up for rare classes have the values of their papers' equations."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.layers.losses import BinaryCrossEntropy, CrossEntropy
from polymodal.layers.rare_losses import AdjustedLoss, FocalLoss, LabelWeightedLoss

pytestmark = pytest.mark.engine

LOGITS = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 0.0]], "float32")
TARGETS = np.array([0, 2])
LABELS = np.array([[1, 0, 1], [0, 0, 1]], "float32")


def values(loss, targets, logits):
    import keras

    return keras.ops.convert_to_numpy(loss.call(targets, keras.ops.convert_to_tensor(logits)))


def chances(logits):
    powers = np.exp(logits)
    return powers / powers.sum(1, keepdims=True)


def test_logit_adjustment_offsets_the_logits():
    offsets = np.log([0.7, 0.2, 0.1])
    found = values(AdjustedLoss(CrossEntropy(), offsets), TARGETS, LOGITS)
    wanted = -np.log(chances(LOGITS + offsets)[[0, 1], TARGETS])
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_focal_loss_weighs_by_what_is_missing():
    right = chances(LOGITS)[[0, 1], TARGETS]
    found = values(FocalLoss(CrossEntropy(), 2.0), TARGETS, LOGITS)
    np.testing.assert_allclose(found, -((1 - right) ** 2) * np.log(right), rtol=1e-4)
    right = np.where(LABELS > 0, 1 / (1 + np.exp(-LOGITS)), 1 / (1 + np.exp(LOGITS)))
    found = values(FocalLoss(BinaryCrossEntropy(), 2.0, True), LABELS, LOGITS)
    np.testing.assert_allclose(found, (-((1 - right) ** 2) * np.log(right)).mean(1), rtol=1e-4)


def test_weights_of_labels_count_where_the_label_is():
    plain = values(BinaryCrossEntropy(), LABELS, LOGITS)
    even = values(LabelWeightedLoss(BinaryCrossEntropy(), np.ones(3)), LABELS, LOGITS)
    np.testing.assert_allclose(even, plain, rtol=1e-5)
    more = values(LabelWeightedLoss(BinaryCrossEntropy(), np.array([1, 1, 3.0])), LABELS, LOGITS)
    assert (more > plain).all()


def test_sure_answers_have_finite_values():
    logits = np.array([[80.0, -80.0, 0.0]], "float32")
    found = values(FocalLoss(CrossEntropy(), 0.5), np.array([0]), logits)
    assert np.isfinite(found).all()
