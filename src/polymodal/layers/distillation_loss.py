"""The loss of a small model that learns from the probabilities of a larger one."""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["DistillationLoss"]


class DistillationLoss(keras.losses.Loss):
    """Cross-entropy with a teacher's softened probabilities, next to that with the label.

    Args:
        hard: keras.losses.Loss of labels, which also takes validation rows.
        temperature: float > 0, that softens both: of 1, probabilities are as they are.
        weight: float in 0..1, share of the teacher.

    Call arguments:
        y_true: (batch, classes + 1), the teacher's softened probabilities, then the class; or
            classes (batch,), for the hard loss alone.
        y_pred: logits (batch, classes).

    Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015),
    https://arxiv.org/abs/1503.02531, section 2, with the square of the temperature as there.
    """

    def __init__(
        self, hard, temperature=2.0, weight=0.7, reduction="sum", name="distillation_loss", **kwargs
    ):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.hard, self.temperature, self.weight = hard, temperature, weight

    def call(self, y_true, y_pred):
        if len(y_true.shape) < 2 or y_true.shape[-1] != y_pred.shape[-1] + 1:
            return self.hard.call(y_true, y_pred)
        y_pred = ops.cast(y_pred, "float32")
        teacher, label = y_true[..., :-1], ops.cast(y_true[..., -1], "int32")
        logits = y_pred / self.temperature
        surprise = logits - ops.logsumexp(logits, axis=-1, keepdims=True)
        soft = -ops.sum(teacher * surprise, axis=-1) * self.temperature**2  # (batch,)
        return self.weight * soft + (1 - self.weight) * self.hard.call(label, y_pred)

    def get_config(self):
        return {
            **super().get_config(),
            "hard": keras.losses.serialize(self.hard),
            "temperature": self.temperature,
            "weight": self.weight,
        }
