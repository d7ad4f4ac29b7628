"""Feeds a decoder in training ever more of what it would have said itself."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError

__all__ = ["ScheduledSampling"]


class ScheduledSampling(keras.layers.Layer):
    """Replaces a share of the true previous outputs by the most likely ones of a first pass.

    The share rises linearly, from 0 at the first step of training to `share` at the last. How many
    steps were made is a variable, so a run that is resumed goes on with the share that it had.

    Args:
        share: float, the largest share, 0 <= share <= 1.
        seed: int, start of the layer's own random numbers.

    Attributes:
        num_steps: int, steps of the whole training; None for the full share from the first on.

    Call arguments:
        previous: int32 (batch, steps), the true outputs before each step. Starts, whose id is the
            number of outputs, stay, and so does the first.
        logits: (batch, steps, outputs), what the model says when it is fed these.

    Returns:
        int32 (batch, steps). No gradient goes through it.

    Raises:
        RecipeError: the share is out of range.

    Source: Bengio et al. 2015, https://arxiv.org/abs/1506.03099, section 2.4, a linear schedule; in
    two ignores all steps at once as Mihaylova and Martins 2019,
    https://arxiv.org/abs/1906.07651, section 3. Theirs also learns from the first pass.
    """

    def __init__(self, share: float = 0.5, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= share <= 1:
            raise RecipeError(
                f"ScheduledSampling needs 0 <= share <= 1. Got {share}. Use 0 to "
                "feed true outputs alone."
            )
        self.share, self.seed = share, seed
        self.num_steps: int | None = None
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps_done = self.add_weight(
            name="steps_done",
            shape=(),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            autocast=False,
        )
        self.autocast = False  # ids are not numbers
        self.built = True  # also where nothing but training calls it

    def call(self, previous, logits):
        said = ops.cast(ops.argmax(ops.stop_gradient(logits), axis=-1), previous.dtype)
        own = ops.concatenate([previous[:, :1], said[:, :-1]], axis=1)
        own = ops.where(previous == logits.shape[-1], previous, own)
        drawn = keras.random.uniform(ops.shape(previous), seed=self.seed_generator)
        mixed = ops.where(drawn < self.current_share(), own, previous)
        self.steps_done.assign(self.steps_done + 1.0)
        return mixed

    def current_share(self):
        """Returns the share at the present step, float32."""
        share = ops.convert_to_tensor(self.share, "float32")
        if self.num_steps is None:
            return share
        return share * ops.minimum(self.steps_done / max(1, self.num_steps - 1), 1.0)

    def get_config(self):
        return {**super().get_config(), "share": self.share, "seed": self.seed}
