"""A convolutional network on each frame of a video, and a recurrent one over the frames."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.image_trunk import ImageTrunk
from polymodal.layers.masks import hide, repeat_mask
from polymodal.layers.parts import Encoder
from polymodal.layers.pooling import Pool
from polymodal.layers.positions import LearnedPositions
from polymodal.layers.recurrent import Recurrent

__all__ = ["FrameRnn"]


class FrameRnn(Encoder):
    """Convolutional network on each frame of a video, then a recurrent one over time.

    Args:
        dim: int, width of the tokens.
        width: int, channels of the first stage of the network on frames.
        depth: int, residual blocks in each of its stages.
        kind: "gru" or "lstm".
        bidirectional: bool, whether frames are also read backwards.
        dropout: float, rate before and after the recurrent part.

    Call arguments:
        inputs: (batch, time, height, width, channels).
        mask: bool (batch, time).

    Returns:
        (tokens (batch, time, dim), mask (batch, time)).

    Source: Donahue et al., "Long-term recurrent convolutional networks", 2015, trained as a whole.
    """

    def __init__(
        self,
        dim: int = 128,
        width: int = 32,
        depth: int = 1,
        kind: str = "gru",
        bidirectional: bool = True,
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, policy = dim, self.dtype_policy
        self.trunk = ImageTrunk(width, depth, dtype=policy, name="trunk")
        self.pool = Pool(dim, "attention", dtype=policy, name="pool")
        self.order = Recurrent(dim, kind, bidirectional, dtype=policy, name="order")
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, inputs_shape):
        frame_shape = (None, *inputs_shape[2:])
        self.trunk.build(frame_shape)
        down, across, channels = self.trunk.output_size
        self.num_places = down * across
        self.places = LearnedPositions(self.num_places, dtype=self.dtype_policy)
        self.places.build((None, self.num_places, channels))
        self.pool.build((None, self.num_places, channels))
        self.order.build((None, None, self.dim))
        self.built = True

    def call(self, inputs, mask, training=None):
        time = ops.shape(inputs)[1]
        frames = ops.reshape(hide(inputs, mask), (-1, *inputs.shape[2:]))
        real = ops.reshape(mask, (-1,))  # (batch * time,)
        features = self.trunk(frames, real, training=training)
        features = ops.reshape(features, (-1, self.num_places, features.shape[-1]))
        vectors = self.pool(self.places(features), repeat_mask(real, self.num_places))
        tokens = self.drop(ops.reshape(vectors, (-1, time, self.dim)), training=training)
        tokens = tokens + self.order(tokens, mask)
        return hide(self.drop(tokens, training=training), mask), mask
