"""Losses that make up for rare classes, each around the loss of a task. All are summed."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

__all__ = ["AdjustedLoss", "FocalLoss", "LabelWeightedLoss"]


class _Around(keras.losses.Loss):
    """A loss around another one, whose values it changes.

    Args:
        own: keras.losses.Loss on logits, summed.
    """

    def __init__(self, own, name, **kwargs):
        super().__init__(name=name, reduction="sum", **kwargs)
        self.own = own

    def get_config(self):
        return {**super().get_config(), "own": keras.saving.serialize_keras_object(self.own)}


class AdjustedLoss(_Around):
    """A loss whose logits are offset by the frequency of their classes, so that the model learns
    what tells classes apart, and not how frequent they are.

    Args:
        own: keras.losses.Loss on logits, summed.
        offsets: (classes,) float, added to the logits: tau times the log frequency.

    Call arguments:
        y_true: as `own` takes it.
        y_pred: logits (batch, classes) or (batch, time, classes).

    Source: Menon et al. 2021, "Long-tail learning via logit adjustment", equation 10; for several
    labels the log odds of each.
    """

    def __init__(self, own, offsets, name="adjusted", **kwargs):
        super().__init__(own, name, **kwargs)
        self.offsets = np.asarray(offsets, "float32")

    def call(self, y_true, y_pred):
        offsets = ops.convert_to_tensor(self.offsets)
        return self.own.call(y_true, ops.cast(y_pred, "float32") + offsets)

    def get_config(self):
        return {**super().get_config(), "offsets": self.offsets.tolist()}


class FocalLoss(_Around):
    """A loss in which rows count less that are answered well.

    Args:
        own: keras.losses.Loss on logits, summed.
        gamma: float > 0, how much less.
        label_sets: bool, whether a row may have several labels, each with a probability of its own.

    Call arguments:
        y_true: whole numbers (batch,) or (batch, time), negative ones with weight 0; of label sets
            0 or 1, (batch, labels).
        y_pred: logits (batch, classes), (batch, time, classes) or (batch, labels).

    Source: Lin et al. 2017, "Focal loss for dense object detection", equation 4, without alpha.
    """

    def __init__(self, own, gamma=2.0, label_sets=False, name="focal", **kwargs):
        super().__init__(own, name, **kwargs)
        self.gamma, self.label_sets = gamma, label_sets

    def call(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, "float32")
        if self.label_sets:
            y_true = ops.cast(y_true, "float32")
            signed = ops.where(y_true > 0.5, y_pred, -y_pred)
            losses = ops.softplus(-signed)  # of each label by itself
            return ops.mean(ops.sigmoid(-signed) ** self.gamma * losses, axis=-1)  # (batch,)
        losses = self.own.call(y_true, y_pred)  # (batch,) or (batch, time)
        wrong = -ops.expm1(-ops.maximum(losses, 1e-7))  # 1 - probability of the class
        return wrong**self.gamma * losses

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "label_sets": self.label_sets}


class LabelWeightedLoss(_Around):
    """Binary cross-entropy in which a label that a row has weighs more where it is rare.

    Args:
        own: keras.losses.Loss on logits, summed; its label smoothing counts.
        weights: (labels,) float, of the rows that have each label.

    Call arguments:
        y_true: 0 or 1, (batch, labels).
        y_pred: logits (batch, labels).
    """

    def __init__(self, own, weights, name="label_weighted", **kwargs):
        super().__init__(own, name, **kwargs)
        self.weights = np.asarray(weights, "float32")

    def call(self, y_true, y_pred):
        y_pred, y_true = ops.cast(y_pred, "float32"), ops.cast(y_true, "float32")
        y_true = y_true + getattr(self.own, "label_smoothing", 0.0) * (0.5 - y_true)
        yes, no = ops.softplus(-y_pred), ops.softplus(y_pred)
        weights = ops.convert_to_tensor(self.weights)
        return ops.mean(y_true * weights * yes + (1 - y_true) * no, axis=-1)  # (batch,)

    def get_config(self):
        return {**super().get_config(), "weights": self.weights.tolist()}
