"""A published transformer for text: BERT and its relatives."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.distances import preference
from polymodal.layers.encoder_block import EncoderBlock
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Encoder
from polymodal.layers.sentence_pooling import POOLINGS, normalised, pooled

__all__ = ["TextTransformer"]

_FARTHEST = 128  # steps; pairs of tokens that are farther apart share one bias


class TextTransformer(Encoder):
    """Transformer for text, in the variants of BERT, RoBERTa and MPNet.

    Args:
        width: int, of the tokens; a model projects them to its own.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        vocabulary_size: int, how many ids there are.
        num_positions: int, positions that have a vector. Later ones share the last.
        num_types: int, kinds of segment in the checkpoint; all tokens are of the first. 0 for none.
        padding_id: int or None. Where given, positions count real tokens and start behind this
            number, as in RoBERTa; None counts all steps from 0, as in BERT.
        num_buckets: int, distances between tokens that have a bias of their own, as in MPNet; 0 for
            none.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
        pooling: str, none, first, mean, max or mean_sqrt_length: what one text becomes. None leaves
            its tokens.
        normalise: bool, whether the pooled vector has length 1.
        dropout: float.

    Call arguments:
        inputs: int32 (batch, time), or (batch, steps, pieces) for a text per step, whose ids are
            one higher and 0 where a text has ended.
        mask: bool (batch, time) or (batch, steps).

    Returns:
        (tokens (batch, time, width), mask (batch, time)); with a pooling one token for each text.

    Raises:
        RecipeError: an unknown pooling or activation; no pooling where it is needed.

    Source: Devlin et al., "BERT", 2019; Liu et al., "RoBERTa", 2019; Song et al., "MPNet", 2020;
    pooling: Reimers and Gurevych, "Sentence-BERT", 2019, section 3.
    """

    behind_blocks = ()
    reads_steps_alone = True

    def __init__(
        self,
        width: int = 384,
        num_layers: int = 6,
        num_heads: int = 12,
        hidden: int = 1536,
        vocabulary_size: int = 30_522,
        num_positions: int = 512,
        num_types: int = 2,
        padding_id: int | None = None,
        num_buckets: int = 0,
        activation: str = "gelu",
        epsilon: float = 1e-12,
        pooling: str = "none",
        normalise: bool = False,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check_pooling(pooling, normalise)
        policy = self.dtype_policy
        self.width = width
        self.num_heads, self.vocabulary_size = num_heads, vocabulary_size
        self.num_positions, self.num_types, self.padding_id = num_positions, num_types, padding_id
        self.num_buckets, self.pooling, self.normalise = num_buckets, pooling, normalise
        self.norm = LayerNorm(epsilon, dtype=policy)
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        self.blocks = [
            EncoderBlock(
                width, num_heads, hidden, activation, epsilon, dropout=dropout, dtype=policy
            )
            for _ in range(num_layers)
        ]

    def build(self, inputs_shape):
        one_text = len(inputs_shape) == 2
        if self.pooling == "none" and not one_text:
            raise RecipeError(
                'TextTransformer needs a pooling for a text per step. Got "none". '
                'Pass pooling="mean".'
            )
        self.num_tokens = 1 if one_text and self.pooling != "none" else None
        shape = (None, None, self.width)
        small = keras.initializers.RandomNormal(stddev=0.02)
        table = lambda name, rows, columns: self.add_weight(
            name=name, shape=(rows, columns), initializer=small
        )
        self.words = table("words", self.vocabulary_size, self.width)
        self.positions = table("positions", self.num_positions, self.width)
        self.types = self.distances = None
        if self.num_types:
            self.types = table("types", self.num_types, self.width)
        if self.num_buckets:
            self.distances = table("distances", self.num_buckets, self.num_heads)
        for layer in (self.norm, *self.blocks):
            layer.build(shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        if len(inputs.shape) == 3:
            return self._by_step(inputs, mask, training), mask
        if self.pooling == "none":
            return hide(self.hidden_states(inputs, mask, training), mask), mask
        vectors = self._vectors(inputs, mask, training)
        return ops.expand_dims(vectors, 1), ops.any(mask, axis=1, keepdims=True)

    def _by_step(self, inputs, mask, training):
        """Returns one vector for the text of each step, (batch, steps, width)."""
        steps, pieces = ops.shape(inputs)[1], inputs.shape[2]
        real = ops.logical_and(inputs > 0, ops.expand_dims(mask, -1))
        ids = ops.maximum(inputs - 1, 0)  # 0 fills up a step
        vectors = self._vectors(
            ops.reshape(ids, (-1, pieces)), ops.reshape(real, (-1, pieces)), training
        )
        return hide(ops.reshape(vectors, (-1, steps, self.width)), mask)

    def _vectors(self, ids, mask, training):
        """Returns one vector for each text, (texts, width)."""
        tokens = self.hidden_states(ids, mask, training)
        vectors = pooled(tokens, mask, self.pooling)
        if self.normalise:
            return normalised(vectors)
        return vectors

    def hidden_states(self, inputs, mask, training=None):
        """Returns the last block's tokens (batch, time, width), those of padding included."""
        tokens = ops.take(self.words, inputs, axis=0)
        if self.types is not None:
            tokens = tokens + self.types[0]
        tokens = tokens + ops.take(self.positions, self._steps(inputs, mask), axis=0)
        tokens = ops.cast(tokens, self.compute_dtype)
        tokens = self.drop(self.norm(tokens), training=training)
        preferred = self._preference(ops.shape(inputs)[1])
        for block in self.blocks:
            tokens = block(tokens, mask, preference=preferred, training=training)
        return tokens

    def _steps(self, inputs, mask):
        """Returns the position of each token, int32 (batch, time) or (time,)."""
        if self.padding_id is None:
            steps = ops.arange(ops.shape(inputs)[1], dtype="int32")
        else:
            real = ops.logical_and(mask, ops.not_equal(inputs, self.padding_id))
            real = ops.cast(real, "int32")
            steps = ops.cumsum(real, axis=1) * real + self.padding_id
        return ops.minimum(steps, self.num_positions - 1)

    def _preference(self, time):
        """Returns what each head adds to the score of two tokens by their distance, or None."""
        if self.distances is None:
            return None
        return preference(self.distances, time, _FARTHEST)


def _check_pooling(pooling, normalise):
    if pooling not in POOLINGS:
        raise RecipeError(
            f'TextTransformer needs pooling {", ".join(POOLINGS)}. Got "{pooling}". '
            "Use one of these."
        )
    if normalise and pooling == "none":
        raise RecipeError(
            "TextTransformer needs a pooling to normalise its result. Got "
            'pooling="none". Pass pooling="mean".'
        )
