"""A convolutional network for pictures."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.dense import Dense
from polymodal.layers.image_trunk import ImageTrunk
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder
from polymodal.layers.positions import LearnedPositions

__all__ = ["ConvNet"]


class ConvNet(Encoder):
    """Residual convolutional network for images; its depth follows from their size.

    The image is halved until at most 7 positions per side are left. Each position becomes a token
    with a position embedding.

    Args:
        dim: int, width of the tokens.
        width: int, channels of the first stage; each further stage has twice as many.
        depth: int, residual blocks in each stage.
        num_stages: int, stages; None = by the size of the image.
        fine: bool, whether the first stage keeps the stem's size instead of halving it: more detail
            for about four times the work.
        dropout: float, rate on the tokens.
        stochastic_depth: float, share of the rows that skip the last block in training (Huang et
            al. 2016); fewer skip those before it.

    Call arguments:
        inputs: (batch, height, width, channels).
        mask: bool (batch,).

    Returns:
        (tokens (batch, positions, dim), mask (batch, positions)).

    Example:

    >>> import numpy as np
    >>> tokens, mask = ConvNet(dim=8)(np.zeros((2, 28, 28, 1), "float32"), np.ones(2, bool))
    >>> tuple(tokens.shape), tuple(mask.shape)
    ((2, 16, 8), (2, 16))

    Source: He et al., "Deep residual learning for image recognition", 2016; narrower, and batch
    normalisation ignores absent images.
    """

    def __init__(
        self,
        dim: int = 128,
        width: int = 32,
        depth: int = 1,
        num_stages: int | None = None,
        fine: bool = False,
        dropout: float = 0.1,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim = dim
        policy = self.dtype_policy
        self.trunk = ImageTrunk(
            width, depth, num_stages, fine, stochastic_depth, dtype=policy, name="trunk"
        )
        self.project = Dense(dim, dtype=policy, name="project")
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, inputs_shape):
        self.trunk.build(inputs_shape)
        *sides, channels = self.trunk.output_size
        self.grid = tuple(sides)  # positions down and across, row by row
        self.num_tokens = sides[0] * sides[1]
        self.project.build((None, self.num_tokens, channels))
        self.positions = LearnedPositions(self.num_tokens, dtype=self.dtype_policy)
        self.positions.build((None, self.num_tokens, self.dim))
        self.built = True

    def call(self, inputs, mask, training=None):
        features = self.trunk(inputs, mask, training=training)
        features = ops.reshape(features, (-1, self.num_tokens, features.shape[-1]))
        tokens = self.positions(self.project(features))  # (batch, places, dim)
        mask = repeat_mask(mask, self.num_tokens)
        return hide(self.drop(tokens, training=training), mask), mask
