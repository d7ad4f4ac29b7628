"""A published transformer for sound: the encoder of Whisper."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers import activations
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import every, hide
from polymodal.layers.parts import Encoder

__all__ = ["AudioTransformer"]

_SILENCE = -1.5  # a spectrogram's lowest value: no power at all
_RANGE = 2.0  # of a spectrogram's values below its largest


class AudioTransformer(Encoder):
    """Transformer over the spectrogram of a sound, as in Whisper.

    It always sees a spectrogram of its longest length, as it was trained with: silence fills up
    shorter ones. Tokens of that silence are not returned beyond the batch's longest sound.

    Args:
        width: int, of the tokens; a model projects them to its own.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        num_positions: int, tokens of the longest sound, each of two frames.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        dropout: float.

    Call arguments:
        inputs: (batch, frames, mels), Whisper's spectrogram; what is longer than
            two frames a position is not read.
        mask: bool (batch, frames).

    Returns:
        (tokens (batch, ceil(frames / 2), width), mask of them).

    Source: Radford et al., "Robust speech recognition via large-scale weak supervision", 2023,
    section 2.2.
    """

    time_stride = 2
    behind_blocks = ("norm",)

    def __init__(
        self,
        width: int = 384,
        num_layers: int = 4,
        num_heads: int = 6,
        hidden: int = 1536,
        num_positions: int = 1500,
        activation: str = "gelu",
        epsilon: float = 1e-5,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.width, self.num_positions = width, num_positions
        self.activation = activations.activation(activation)
        self.first = keras.layers.Conv1D(width, 3, dtype=policy, name="first")
        self.second = keras.layers.Conv1D(width, 3, strides=2, dtype=policy, name="second")
        self.blocks = [
            EncoderBlock(
                width,
                num_heads,
                hidden,
                activation,
                epsilon,
                norm_first=True,
                key_bias=False,
                dropout=dropout,
                dtype=policy,
            )
            for _ in range(num_layers)
        ]
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    @classmethod
    def preprocessing(cls, settings):
        return {"spectrogram": "whisper", "sample_rate": 16000}

    def build(self, inputs_shape):
        self.num_mels = inputs_shape[2]
        self.positions = self.add_weight(
            name="positions",
            shape=(self.num_positions, self.width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        self.first.build((None, None, self.num_mels))
        for layer in (self.second, *self.blocks, self.norm):
            layer.build((None, None, self.width))
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.hidden_states(inputs, mask, training)
        mask = every(mask, 2)
        steps = ops.arange(ops.shape(mask)[1], dtype="int32")
        mask = ops.logical_and(mask, steps < self.num_positions)
        beyond = ops.zeros_like(mask, dtype=tokens.dtype)[..., None]  # of padding, if any
        beyond = ops.repeat(beyond, self.width, axis=2)
        tokens = ops.concatenate([tokens, beyond], axis=1)[:, : ops.shape(mask)[1]]
        return hide(tokens, mask), mask

    def hidden_states(self, inputs, mask, training=None):
        """Returns the normalised tokens of the last block, (batch, num_positions, width)."""
        frames = self._filled(inputs, mask)
        tokens = self.activation(self.first(_with_borders(frames)))
        tokens = self.activation(self.second(_with_borders(tokens)))
        tokens = tokens + ops.cast(self.positions, tokens.dtype)
        tokens = self.drop(tokens, training=training)
        everything = ops.ones_like(tokens[..., 0], dtype="bool")
        for block in self.blocks:
            tokens = block(tokens, everything, training=training)
        return self.norm(tokens)

    def _filled(self, inputs, mask):
        """Returns the spectrogram of the longest length, its rest silent, (batch, frames, mels)."""
        real = ops.expand_dims(mask, -1)
        loudest = ops.max(
            ops.where(real, inputs, ops.full_like(inputs, _SILENCE)), axis=(1, 2), keepdims=True
        )
        silence = ops.maximum(loudest - _RANGE, _SILENCE)  # (batch, 1, 1)
        frames = ops.where(real, inputs, silence)
        length = 2 * self.num_positions
        rest = ops.repeat(ops.repeat(silence, length, axis=1), self.num_mels, axis=2)
        frames = ops.concatenate([frames, rest], axis=1)[:, :length]
        return ops.reshape(frames, (-1, length, self.num_mels))


def _with_borders(tensor):
    """Returns (batch, time + 2, channels), zero at both ends."""
    return ops.pad(tensor, ((0, 0), (1, 1), (0, 0)))
