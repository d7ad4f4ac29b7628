"""A recurrent model over the fused tokens."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.parts import SequenceModel
from polymodal.layers.pooling import pool_mean
from polymodal.layers.recurrent import Recurrent

__all__ = ["RecurrentSequence"]


class RecurrentSequence(SequenceModel):
    """Recurrent network over the fused tokens, bidirectional by default, with residual connections.

    Args:
        dim: int, width of the tokens; even if bidirectional.
        kind: str, "gru" or "lstm".
        num_layers: int, recurrent layers, each with a residual connection.
        bidirectional: bool, False if a step must not see later ones.
        summary: bool, whether each layer also adds a projection of the mean of all steps to every
            step, for what a whole sequence has in common; needs both directions. The projection
            starts at zero, so that order is learned as without it.
        dropout: float, rate on each residual branch.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        (tokens, mask) of the same shapes.

    Raises:
        RecipeError: a summary where a step must not see later ones.
    """

    def __init__(
        self,
        dim: int,
        kind: str = "gru",
        num_layers: int = 1,
        bidirectional: bool = True,
        summary: bool = False,
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if summary and not bidirectional:
            raise RecipeError(
                "RecurrentSequence takes a summary of all steps only where steps may see later "
                "ones. Got summary=True and bidirectional=False. Leave one of them out."
            )
        policy = self.dtype_policy
        self.norms = [LayerNorm(dtype=policy) for _ in range(num_layers)]
        self.layers = [Recurrent(dim, kind, bidirectional, dtype=policy) for _ in range(num_layers)]
        if summary:
            self.summaries = [
                keras.layers.Dense(dim, kernel_initializer="zeros", dtype=policy)
                for _ in range(num_layers)
            ]
        else:
            self.summaries = [None] * num_layers
        self.drop = keras.layers.Dropout(dropout, dtype=policy)

    def build(self, tokens_shape):
        for layer in (*self.norms, *self.layers):
            layer.build(tokens_shape)
        for summary in filter(None, self.summaries):
            summary.build((None, tokens_shape[-1]))
        self.built = True

    def call(self, tokens, mask, training=None):
        for norm, layer, summary in zip(self.norms, self.layers, self.summaries, strict=True):
            tokens = self._add(tokens, layer(norm(tokens), mask, training=training), training)
            if summary is not None:
                whole = summary(pool_mean(norm(tokens), mask))  # (batch, dim)
                tokens = self._add(tokens, ops.expand_dims(whole, 1), training)
        return tokens, mask

    def _add(self, tokens, found, training):
        return tokens + self.drop(found, training=training)
