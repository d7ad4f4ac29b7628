"""An attention model over the fused tokens."""

from __future__ import annotations

from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.parts import SequenceModel
from polymodal.layers.transformer_block import TransformerBlock

__all__ = ["AttentionSequence"]


class AttentionSequence(SequenceModel):
    """Lets each fused token attend to all others, with rotary positions.

    Args:
        dim: int, width of the tokens; a multiple of `2 * num_heads`.
        num_layers: int, number of transformer blocks.
        num_heads: int, attention heads of a block.
        causal: bool, True if a step must not see later ones.
        dropout: float, rate inside the blocks.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        (tokens, mask) of the same shapes.
    """

    keeps_places = True  # the token at its own position, whatever it has gathered

    def __init__(
        self,
        dim: int,
        num_layers: int = 1,
        num_heads: int = 4,
        causal: bool = False,
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.blocks = [
            TransformerBlock(
                dim, num_heads, dropout=dropout, causal=causal, rotary=True, dtype=policy
            )
            for _ in range(num_layers)
        ]
        self.output_norm = LayerNorm(dtype=policy)

    def build(self, tokens_shape):
        for layer in (*self.blocks, self.output_norm):
            layer.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        tokens = hide(tokens, mask)
        for block in self.blocks:
            tokens = block(tokens, mask, training=training)
        return self.output_norm(tokens), mask
