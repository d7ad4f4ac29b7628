"""The text encoder of CLIP."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.layers.dense import Dense
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Encoder

__all__ = ["ClipText"]

_NEVER = -1e9  # added to the score of a later token


class ClipText(Encoder):
    """Transformer whose tokens see those before them; the text's vector is that of its end.

    Args:
        inner_width: int, of the tokens inside.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        vocabulary_size: int, how many ids there are.
        num_positions: int, positions that have a vector. Later ones share the last.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        end_id: int, id of the token that ends a text. The first of a text counts.
        projection: int, width that the vector is projected to; 0 leaves it.
        dropout: float.

    Call arguments:
        inputs: int32 (batch, time), or (batch, steps, pieces) for a text per step, whose ids are
            one higher and 0 where a text has ended.
        mask: bool (batch, time) or (batch, steps).

    Returns:
        (tokens (batch, 1, width), mask (batch, 1)), or one token for each step.

    Raises:
        RecipeError: an unknown activation.

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021, section 2.4.
    """

    projection_bias = False
    behind_blocks = ("norm", "projection")
    reads_steps_alone = True

    def __init__(
        self,
        inner_width: int = 512,
        num_layers: int = 12,
        num_heads: int = 8,
        hidden: int = 2048,
        vocabulary_size: int = 49_408,
        num_positions: int = 77,
        activation: str = "quick_gelu",
        epsilon: float = 1e-5,
        end_id: int = 49_407,
        projection: int = 0,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.inner_width, self.width = inner_width, projection or inner_width
        self.vocabulary_size, self.num_positions = vocabulary_size, num_positions
        self.end_id = end_id
        self.blocks = [
            EncoderBlock(
                inner_width,
                num_heads,
                hidden,
                activation,
                epsilon,
                norm_first=True,
                dropout=dropout,
                dtype=policy,
            )
            for _ in range(num_layers)
        ]
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.projection = None
        if projection:
            self.projection = Dense(projection, use_bias=self.projection_bias, dtype=policy)

    def build(self, inputs_shape):
        if len(inputs_shape) == 2:
            self.num_tokens = 1
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.words = self.add_weight(
            name="words", shape=(self.vocabulary_size, self.inner_width), initializer=small
        )
        self.positions = self.add_weight(
            name="positions", shape=(self.num_positions, self.inner_width), initializer=small
        )
        for layer in (*self.blocks, self.norm):
            layer.build((None, None, self.inner_width))
        if self.projection is not None:
            self.projection.build((None, self.inner_width))
        self.built = True

    def call(self, inputs, mask, training=None):
        if len(inputs.shape) == 2:
            there = ops.any(mask, axis=1, keepdims=True)
            return hide(self._vectors(inputs, mask, training)[:, None], there), there
        steps, pieces = ops.shape(inputs)[1], inputs.shape[2]
        real = ops.logical_and(inputs > 0, ops.expand_dims(mask, -1))
        ids = ops.maximum(inputs - 1, 0)  # 0 fills up a step
        vectors = self._vectors(
            ops.reshape(ids, (-1, pieces)), ops.reshape(real, (-1, pieces)), training
        )
        return hide(ops.reshape(vectors, (-1, steps, self.width)), mask), mask

    def hidden_states(self, inputs, mask, training=None):
        """Returns the normalised tokens of the last block, (batch, time, inner width)."""
        time = ops.shape(inputs)[1]
        steps = ops.minimum(ops.arange(time, dtype="int32"), self.num_positions - 1)
        tokens = ops.take(self.words, inputs, axis=0) + ops.take(self.positions, steps, axis=0)
        tokens = self.drop(ops.cast(tokens, self.compute_dtype), training=training)
        preference = self._preference(time)
        for block in self.blocks:
            tokens = block(tokens, mask, preference=preference, training=training)
        return self.norm(tokens)

    def _vectors(self, ids, mask, training):
        """Returns one vector for each text, (texts, width)."""
        tokens = self.hidden_states(ids, mask, training)
        place = self._end(ids, mask)[:, None, None]
        vectors = ops.take_along_axis(tokens, place, axis=1)[:, 0]
        if self.projection is not None:
            vectors = self.projection(vectors)
        return vectors

    def _end(self, ids, mask):
        """Returns the position of the first end in each text, int32 (texts,); 0 where it has
        none."""
        ends = ops.logical_and(ops.equal(ids, self.end_id), mask)
        return ops.cast(ops.argmax(ops.cast(ends, "int32"), axis=1), "int32")

    def _preference(self, time):
        """Returns what is added to the score (1, 1, query, key) of a token: later ones are out."""
        steps = ops.arange(time, dtype="int32")
        later = ops.expand_dims(steps, 1) < steps
        return ops.where(later, _NEVER, 0.0)[None, None]
