"""Conversations: the answer to what was said, shown and spoken before."""

from __future__ import annotations

from typing import Any

from polymodal.model.heads.written import WritingHead

__all__ = ["ChatHead"]

_DECODER = "interleaved_transformer"


class ChatHead(WritingHead):
    """Writes an answer, token by token, after a conversation.

    Args:
        num_outputs: int, number of ids.
        dim: int, width of the decoder.
        start_id: int, last id of every prompt, after which an answer begins.
        end_id: int, id that ends an answer.
        max_length: int, most ids of an answer.
        decoder: str or mapping, interleaved_transformer; or a mapping of its arguments.
        label_smoothing: float, share of the target spread evenly over all ids, 0 <= s < 1.
        dropout: float, rate inside the decoder.

    Raises:
        RecipeError: a decoder that is aligned with its inputs.
    """

    textual = True
    monitor = ("exact_match", "max")

    def __init__(
        self,
        num_outputs: int,
        dim: int = 128,
        start_id: int = 0,
        end_id: int = 1,
        max_length: int = 64,
        decoder: str | dict = _DECODER,
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
    ):
        if not isinstance(decoder, str):
            decoder = {"name": _DECODER, **decoder}
        super().__init__(
            num_outputs, dim, False, end_id, max_length, decoder, label_smoothing, dropout
        )
        self.start_id = start_id
        self.decoder_settings: dict[str, Any] = {"has_start": False, **self.decoder_settings}
