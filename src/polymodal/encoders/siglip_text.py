"""The text encoder of SigLIP."""

from __future__ import annotations

from keras import ops

from polymodal.encoders.clip_text import ClipText

__all__ = ["SiglipText"]


class SiglipText(ClipText):
    """Transformer whose tokens all see one another; the text's vector is that of its last token.

    It was trained with texts padded to one length, whose padding it reads as tokens. An imported
    tokenizer pads each text likewise.

    Args:
        inner_width: int, of the tokens inside.
        num_layers: int, transformer blocks.
        num_heads: int.
        hidden: int, width of the feed-forward parts.
        vocabulary_size: int, how many ids there are.
        num_positions: int, positions that have a vector. Later ones share the last.
        activation: str, a name of `layers.activations`.
        epsilon: float, of layer normalisation.
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

    Source: Zhai et al., "Sigmoid loss for language image pre-training", 2023; Tschannen et al.,
    "SigLIP 2", 2025.
    """

    projection_bias = True

    def __init__(
        self,
        inner_width: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        hidden: int = 3072,
        vocabulary_size: int = 32_000,
        num_positions: int = 64,
        activation: str = "gelu_pytorch_tanh",
        epsilon: float = 1e-6,
        projection: int = 768,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(
            inner_width,
            num_layers,
            num_heads,
            hidden,
            vocabulary_size,
            num_positions,
            activation,
            epsilon,
            0,
            projection,
            dropout,
            **kwargs,
        )

    def _end(self, ids, mask):
        """Returns the position of the last real token, int32 (texts,); 0 for an empty text."""
        steps = ops.arange(ops.shape(mask)[1], dtype="int32")
        return ops.max(ops.where(mask, steps, 0), axis=1)

    def _preference(self, time):
        """Returns None: nothing is out."""
        return
