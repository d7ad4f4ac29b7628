"""A convolutional network for spectrograms."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import Dense
from polymodal.layers.masked_batch_norm import MaskedBatchNorm
from polymodal.layers.masks import every, hide, silence
from polymodal.layers.parts import Encoder
from polymodal.layers.recurrent import Recurrent
from polymodal.layers.residual import PaddedConv, ResidualBlock, normed
from polymodal.layers.stochastic_depth import depth_rates

__all__ = ["ConvAudio"]


class ConvAudio(Encoder):
    """Residual convolutional network for sound, given as a log-mel spectrogram.

    Frequencies are halved at every stage, time until `time_stride` frames make one token.

    Args:
        dim: int, width of the tokens.
        width: int, channels of the first stage; each further stage has twice as many.
        depth: int, residual blocks in each stage.
        num_stages: int.
        time_stride: int, frames that make one token: 2, 4, 8, ... up to 2 ** (num_stages + 1).
        recurrent: bool, whether a bidirectional GRU follows, for sounds whose order matters.
        dropout: float, rate on the tokens.
        stochastic_depth: float, share of the rows that skip the last block in training (Huang et
            al. 2016); fewer skip those before it.

    Call arguments:
        inputs: (batch, frames, mels).
        mask: bool (batch, frames).

    Returns:
        (tokens (batch, ceil(frames / time_stride), dim), mask of them).

    Raises:
        RecipeError: a time stride that the stages cannot make.
    """

    def __init__(
        self,
        dim: int = 128,
        width: int = 32,
        depth: int = 1,
        num_stages: int = 3,
        time_stride: int = 8,
        recurrent: bool = False,
        dropout: float = 0.1,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        strides = [2**k for k in range(1, num_stages + 2)]
        if time_stride not in strides:
            raise RecipeError(
                f"ConvAudio needs time_stride {', '.join(map(str, strides))} with num_stages="
                f"{num_stages}. Got {time_stride}. Use one of these, or more stages."
            )
        self.dim, self.width, policy = dim, width, self.dtype_policy
        self.time_stride = time_stride
        self.stem = PaddedConv(width // 2, 3, (2, 2), dtype=policy, name="stem")
        self.stem_norm = MaskedBatchNorm(dtype=policy, name="stem_norm")
        halvings = strides.index(time_stride)  # behind the stem
        rates = iter(depth_rates(stochastic_depth, num_stages * depth))
        self.blocks = [
            ResidualBlock(
                width * 2**stage,
                self._strides(stage, block, halvings),
                True,
                next(rates),
                dtype=policy,
            )
            for stage in range(num_stages)
            for block in range(depth)
        ]
        self.project = Dense(dim, dtype=policy, name="project")
        self.order = Recurrent(dim, "gru", True, dtype=policy) if recurrent else None
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    @staticmethod
    def _strides(stage, block, halvings):
        if block:
            return (1, 1)
        return (2 if stage < halvings else 1, 2)

    def build(self, inputs_shape):
        mels = -(-inputs_shape[2] // 2)
        self.stem.build((None, None, inputs_shape[2], 1))
        self.stem_norm.build((None, None, mels, self.width // 2))
        shape = (None, None, mels, self.width // 2)
        for block in self.blocks:
            block.build(shape)
            shape = (None, None, -(-shape[2] // block.strides[1]), block.filters)
        self.num_features = shape[2] * shape[3]
        self.project.build((None, None, self.num_features))
        if self.order is not None:
            self.order.build((None, None, self.dim))
        self.built = True

    def call(self, inputs, mask, training=None):
        inputs, mask = ops.expand_dims(hide(inputs, mask), -1), every(mask, 2)
        tensor = ops.relu(normed(self.stem, self.stem_norm, inputs, mask, training))
        tensor = silence(tensor, mask)
        for block in self.blocks:
            tensor, mask = block(tensor, mask, training=training)
        steps = ops.shape(tensor)[1]  # (batch, steps, mels / 2 ** stages, channels)
        tokens = self.project(ops.reshape(tensor, (-1, steps, self.num_features)))
        if self.order is not None:
            tokens = tokens + self.order(tokens, mask)
        return hide(self.drop(tokens, training=training), mask), mask
