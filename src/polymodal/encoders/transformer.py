"""A transformer for text and other sequences."""

from __future__ import annotations

from polymodal.core.errors import RecipeError
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import Encoder
from polymodal.layers.positions import LearnedPositions
from polymodal.layers.sequence_input import SequenceInput
from polymodal.layers.stochastic_depth import depth_rates
from polymodal.layers.transformer_block import TransformerBlock

__all__ = ["Transformer"]


class Transformer(Encoder):
    """Transformer for text and other sequences.

    Args:
        dim: int, width of the tokens.
        num_layers: int, transformer blocks.
        num_heads: int.
        vocabulary_size: int, how many ids there are; None for sequences of vectors.
        positions: "rotary" (relative, any length) or "learned" (absolute, up to `max_length`).
        max_length: int, number of learned positions.
        causal: bool, whether a token attends only to itself and earlier ones.
        dropout: float.
        stochastic_depth: float, share of the rows that skip the last block in training (Huang et
            al. 2016); fewer skip those before it.

    Call arguments:
        inputs: int32 (batch, time), or float (batch, time, features).
        mask: bool (batch, time).

    Returns:
        (tokens (batch, time, dim), mask (batch, time)).

    Raises:
        RecipeError: unknown positions.

    Source: Vaswani et al., "Attention is all you need", 2017, pre-norm.
    """

    behind_blocks = ("norm",)

    def __init__(
        self,
        dim: int = 128,
        num_layers: int = 2,
        num_heads: int = 4,
        vocabulary_size: int | None = None,
        positions: str = "rotary",
        max_length: int = 512,
        causal: bool = False,
        dropout: float = 0.1,
        stochastic_depth: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if positions not in ("rotary", "learned"):
            raise RecipeError(
                f'Transformer needs positions rotary or learned. Got "{positions}". Use one of '
                "these."
            )
        policy = self.dtype_policy
        self.dim = dim
        self.embed = SequenceInput(dim, vocabulary_size, dropout, dtype=policy, name="embed")
        self.places = LearnedPositions(max_length, dtype=policy) if positions == "learned" else None
        self.blocks = [
            TransformerBlock(
                dim,
                num_heads,
                dropout=dropout,
                causal=causal,
                rotary=positions == "rotary",
                stochastic_depth=rate,
                dtype=policy,
            )
            for rate in depth_rates(stochastic_depth, num_layers)
        ]
        self.norm = LayerNorm(dtype=policy)

    def build(self, inputs_shape):
        shape = (*inputs_shape[:2], self.dim)
        self.embed.build(inputs_shape)
        if self.places is not None:
            self.places.build(shape)
        for layer in (*self.blocks, self.norm):
            layer.build(shape)
        self.built = True

    def call(self, inputs, mask, training=None):
        tokens = self.embed(inputs, mask, training=training)
        if self.places is not None:
            tokens = self.places(tokens)
        for block in self.blocks:
            tokens = block(tokens, mask, training=training)
        return hide(self.norm(tokens), mask), mask
