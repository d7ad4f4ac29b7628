"""Stochastic depth: skips what a residual block adds, for some rows of a batch in training."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError

__all__ = ["StochasticDepth", "depth_rates"]


def depth_rates(rate: float, num_blocks: int) -> list[float]:
    """Returns the rate of each block, rising evenly to `rate` at the last.

    Example:

    >>> depth_rates(0.2, 2)
    [0.1, 0.2]
    """
    return [rate * (block + 1) / num_blocks for block in range(num_blocks)]


class StochasticDepth(keras.layers.Layer):
    """Drops a residual branch for whole rows in training, and scales it up where it stays.

    Args:
        rate: float, 0 <= rate < 1, share of the rows that lose the branch.

    Call arguments:
        branch: (batch, ...), what a block adds to what came in.

    Raises:
        RecipeError: a rate out of range.

    Source: Huang et al. 2016, "Deep networks with stochastic depth"; by row and scaled in training,
    as in Touvron et al. 2021, "Training data-efficient image transformers".
    """

    def __init__(self, rate: float = 0.0, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise RecipeError(
                f"StochasticDepth needs 0 <= rate < 1. Got {rate}. Try 0.1, or 0 to "
                "keep all blocks."
            )
        self.rate, self.seed = rate, seed
        if rate:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, branch_shape):
        self.built = True

    def call(self, branch, training=None):
        if not training or not self.rate:
            return branch
        shape = (ops.shape(branch)[0], *[1] * (len(branch.shape) - 1))
        drawn = keras.random.uniform(shape, seed=self.seed_generator)
        kept = ops.cast(drawn >= self.rate, branch.dtype)
        return branch * kept / (1 - self.rate)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
