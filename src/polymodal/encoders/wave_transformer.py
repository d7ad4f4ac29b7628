"""A published transformer for sound that reads samples: wav2vec 2.0 and its relatives."""

from __future__ import annotations

import math

import keras
from keras import ops

from polymodal.layers.dense import Dense
from polymodal.layers.distances import preference
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Encoder
from polymodal.layers.position_convolution import PositionConvolution
from polymodal.layers.wave_filters import WaveFilters
from polymodal.layers.x_vector import XVector

__all__ = ["WaveTransformer"]

_FILTERS = ([512, 10, 5], *([512, 3, 2],) * 4, *([512, 2, 2],) * 2)  # a token for 20 ms
_STRIDE = 320


class WaveTransformer(Encoder):
    """Transformer over a waveform, in the variants of wav2vec 2.0, HuBERT and WavLM.

    Args:
        width: int, of the tokens; a model projects them to its own.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        filters: list of [channels, kernel, stride], the convolutions that make frames of samples;
            None for those of wav2vec 2.0, whose frames are 320 samples apart.
        filter_norm: str, group or layer: what these normalise.
        filter_bias: bool, whether these have biases.
        filter_activation: str, a name of `layers.activations`: of these, and of the positions.
        filter_output_norm: bool, whether frames are normalised before they are projected.
        activation: str, a name of `layers.activations`: inside the blocks.
        epsilon: float, of layer normalisation.
        norm_first: bool, whether each part of a block is normalised before it, or after.
        position_kernel: int, tokens that tell a token its position.
        position_groups: int, parts of the width that do not mix there.
        num_buckets: int, distances between tokens that have a bias of their own, which each token
            gates, as in WavLM; 0 for none.
        farthest: int, tokens; pairs that are farther apart share one bias.
        speaker: list of [channels, kernel, dilation], the layers that make one vector for the voice
            of what the blocks give (x-vector); None for a token each 20 ms.
        speaker_width: int, of that vector.
        mixes_layers: bool, whether what all blocks give is added up, with learned weights.
        dropout: float.

    Call arguments:
        inputs: (batch, samples, 1).
        mask: bool (batch, samples).

    Returns:
        (tokens (batch, ceil(samples / stride), width), mask of them). A token is real where it sees
        real samples alone: those of a recording are as many in a batch as alone. Of a voice one
        token (batch, 1, speaker_width).

    Raises:
        RecipeError: unknown norms or activations, filters of another form.

    Source: Baevski et al., "wav2vec 2.0", 2020, section 2; Hsu et al., "HuBERT", 2021;
    Chen et al., "WavLM", 2022, section III-B.
    """

    time_stride = _STRIDE

    def __init__(
        self,
        width: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        hidden: int = 3072,
        filters: list | None = None,
        filter_norm: str = "group",
        filter_bias: bool = False,
        filter_activation: str = "gelu",
        filter_output_norm: bool = True,
        activation: str = "gelu",
        epsilon: float = 1e-5,
        norm_first: bool = False,
        position_kernel: int = 128,
        position_groups: int = 16,
        num_buckets: int = 0,
        farthest: int = 800,
        speaker: list | None = None,
        speaker_width: int = 512,
        mixes_layers: bool = False,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.width = speaker_width if speaker else width
        self.inner_width, self.norm_first, self.num_heads = width, norm_first, num_heads
        self.num_buckets, self.farthest = num_buckets, farthest
        self.filters = WaveFilters(
            [list(one) for one in filters or _FILTERS],
            filter_norm,
            filter_bias,
            filter_activation,
            dtype=policy,
        )
        self.time_stride = self.filters.stride
        self.frame_norm = LayerNorm(epsilon, dtype=policy) if filter_output_norm else None
        self.project = Dense(width, dtype=policy)
        self.positions = PositionConvolution(
            width, position_kernel, position_groups, filter_activation, dtype=policy
        )
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.behind_blocks = ("norm",) if norm_first else ()
        self.blocks = [
            EncoderBlock(
                width,
                num_heads,
                hidden,
                activation,
                epsilon,
                norm_first=norm_first,
                position_gate=bool(num_buckets),
                dropout=dropout,
                dtype=policy,
            )
            for _ in range(num_layers)
        ]
        self.speaker, self.mixes_layers = None, mixes_layers
        if speaker:
            self.speaker, self.num_tokens = XVector(speaker, speaker_width, dtype=policy), 1
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    @classmethod
    def stride_of(cls, settings):
        return math.prod(stride for *_, stride in settings.get("filters") or _FILTERS)

    @classmethod
    def preprocessing(cls, settings):
        return {"spectrogram": "waveform"}

    def build(self, inputs_shape):
        self.filters.build(inputs_shape)
        frames = (None, None, self.filters.filters[-1][0])
        if self.frame_norm is not None:
            self.frame_norm.build(frames)
        self.project.build(frames)
        for layer in (self.positions, self.norm, *self.blocks):
            layer.build((None, None, self.inner_width))
        self.distances = self.layer_weights = None
        if self.mixes_layers:
            self.layer_weights = self.add_weight(
                name="layer_weights", shape=(len(self.blocks) + 1,), initializer="zeros"
            )
        if self.speaker is not None:
            self.speaker.build((None, None, self.inner_width))
        if self.num_buckets:
            self.distances = self.add_weight(
                name="distances",
                shape=(self.num_buckets, self.num_heads),
                initializer=keras.initializers.RandomNormal(stddev=0.02),
            )
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens, mask = self._frames(inputs, mask)
        tokens = self.hidden_states(tokens, mask, training)
        if self.speaker is None:
            return hide(tokens, mask), mask
        vectors = self.speaker(hide(tokens, mask), mask)
        return ops.expand_dims(vectors, 1), ops.any(mask, axis=1, keepdims=True)

    def _frames(self, inputs, mask):
        """Returns (frames (batch, time, width), mask), those of padding zero."""
        frames, mask = self.filters(inputs, mask)
        if self.frame_norm is not None:
            frames = self.frame_norm(frames)
        return hide(self.project(frames), mask), mask

    def hidden_states(self, tokens, mask, training=None):
        """Returns the tokens of the last block, or the sum of those of all (batch, time, width),
        padding included."""
        tokens = tokens + self.positions(tokens)
        if not self.norm_first:
            tokens = self.norm(tokens)
        tokens = self.drop(tokens, training=training)
        preferred = None
        if self.distances is not None:
            preferred = preference(self.distances, ops.shape(tokens)[1], self.farthest)
        states = [tokens]
        for block in self.blocks:
            states.append(block(states[-1], mask, preference=preferred, training=training))
        if self.layer_weights is not None:
            shares = ops.softmax(ops.cast(self.layer_weights, "float32"))
            return sum(
                state * ops.cast(shares[place], state.dtype) for place, state in enumerate(states)
            )
        if self.norm_first:
            return self.norm(states[-1])
        return states[-1]
