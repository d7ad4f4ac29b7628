"""The learning rate schedule: linear warm-up, then cosine decay."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("polymodal")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rate with linear warm-up to `peak`, then cosine decay to 0.

    Args:
        peak: float, the highest learning rate.
        num_updates: int, updates of the weights in the whole run.
        warmup: float in 0..1, share of the updates in which it rises.
        accumulate: int, steps whose gradients make one update. Keras counts steps, so without
            it the rate would fall `accumulate` times too fast.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017),
    equation 5 without restarts; ours starts with a linear rise.
    """

    def __init__(self, peak, num_updates, warmup=0.0, accumulate=1):
        super().__init__()
        self.peak = float(peak)
        self.num_updates = int(num_updates)
        self.warmup = float(warmup)
        self.accumulate = int(accumulate)

    def __call__(self, step):
        updates = ops.floor_divide(ops.cast(step, "int32"), self.accumulate)
        update: Any = ops.cast(updates, "float32")
        rising = 0.0
        if self.warmup:
            rising = max(1.0, round(self.warmup * self.num_updates))
        falling = max(1.0, self.num_updates - rising)
        progress: Any = ops.clip((update - rising) / falling, 0.0, 1.0)
        wave: Any = ops.cos(math.pi * progress)
        rate = 0.5 * self.peak * (1.0 + wave)
        if not rising:
            return rate
        # The first update moves too: a rate of exactly 0 would waste its gradient.
        return ops.minimum(rate, self.peak * (update + 1.0) / rising)

    def get_config(self):
        return {
            "peak": self.peak,
            "num_updates": self.num_updates,
            "warmup": self.warmup,
            "accumulate": self.accumulate,
        }
