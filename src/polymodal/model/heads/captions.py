"""Captioning: a text about images, video or any other inputs."""

from __future__ import annotations

from polymodal.model.heads.written import WritingHead

__all__ = ["CaptionHead"]


class CaptionHead(WritingHead):
    """Generates a text about the inputs, word by word.

    Args:
        num_outputs: int, number of words. The start token is the next id.
        dim: int, width of the decoder.
        end_id: int, output that ends a text.
        max_length: int, most words of a text.
        decoder: str or mapping, name in `decoders`: transformer or recurrent_attention; or
            `{name: ..., argument: ...}`.
        label_smoothing: float, share of the target spread evenly over all words, 0 <= s < 1.
        dropout: float, rate inside the decoder.
        scheduled_sampling: float, share of the model's own previous words at the end of training, 0
            <= s <= 1; it rises from 0.

    Raises:
        RecipeError: no `end_id`, a decoder that is aligned with its inputs.
    """

    textual = True
    monitor = ("cider_d", "max")

    def __init__(
        self,
        num_outputs: int,
        dim: int = 128,
        end_id: int | None = None,
        max_length: int = 64,
        decoder: str | dict = "transformer",
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
        scheduled_sampling: float = 0.0,
    ):
        super().__init__(
            num_outputs,
            dim,
            False,
            end_id,
            max_length,
            decoder,
            label_smoothing,
            dropout,
            scheduled_sampling,
        )
