"""One step of Adam on TensorFlow as one operation for each weight."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

__all__ = ["update"]


def update(
    weight: Any,
    gradient: Any,
    momentum: Any,
    velocity: Any,
    steps_before: Any,
    learning_rate: Any,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Moves a weight and its two averages, in place.

    Args:
        weight, momentum, velocity: tf.Variable of one shape.
        gradient: tensor of that shape, or tf.IndexedSlices.
        steps_before: int tensor, steps that were made so far.
        learning_rate: float tensor.
        beta_1, beta_2: float, how much of each average stays.
        epsilon: float, added to the root of `velocity`.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), section 2, with
    epsilon before the correction of bias.
    """
    step = tf.cast(steps_before + 1, weight.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=weight.handle,
        m=momentum.handle,
        v=velocity.handle,
        beta1_power=tf.pow(tf.cast(beta_1, weight.dtype), step),
        beta2_power=tf.pow(tf.cast(beta_2, weight.dtype), step),
        lr=tf.cast(learning_rate, weight.dtype),
        beta1=beta_1,
        beta2=beta_2,
        epsilon=epsilon,
        grad=tf.cast(tf.convert_to_tensor(gradient), weight.dtype),
    )
