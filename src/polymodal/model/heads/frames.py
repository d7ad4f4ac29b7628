"""Transcription: what is said in a recording, as text."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.decoders.ctc import CTC
from polymodal.decoders.ctc_attention import CTCAttention
from polymodal.layers.losses import CTCAttentionLoss, CTCLoss

__all__ = ["FrameHead"]


class FrameHead(Head):
    """Transcribes speech: a character or blank for each frame (CTC).

    Args:
        num_outputs: int, characters and, as the last of them, blank.
        dim: int, width of the frames.
        dropout: float, rate before the logits.
        ctc_weight: float, share of CTC in the loss, 0 < w <= 1. The rest trains an attention
            decoder next to CTC, which rescores the beam; 0.3 is usual.
        decoder: str, name of that decoder in `decoders`: transformer or recurrent_attention.
        label_smoothing: float, of that decoder, share of the target spread evenly, 0 <= s < 1.
        language_order: int, order of the n-gram language model of the training transcripts, in
            words (characters in scripts without spaces); 0 = none. Decoding uses it if validation
            rows get no worse by more than chance.
        plain: bool, whether logits are a linear map of the encoder's own tokens, at their width and
            without a normalisation, as in published recognisers.

    Raises:
        RecipeError: no character next to blank, a share out of range, or a plain head with a
            decoder next to it.
    """

    per_step = True
    aligned = False
    textual = True
    monitor = ("wer", "min")

    def __init__(
        self,
        num_outputs: int,
        dim: int = 128,
        dropout: float = 0.1,
        ctc_weight: float = 1.0,
        decoder: str = "transformer",
        label_smoothing: float = 0.0,
        language_order: int = 3,
        plain: bool = False,
    ):
        if num_outputs < 2:
            raise RecipeError(
                f"FrameHead needs at least 2 outputs. Got {num_outputs}. "
                "Check the target column, or name another with target."
            )
        if not 0 < ctc_weight <= 1:
            raise RecipeError(
                f"FrameHead needs 0 < ctc_weight <= 1. Got {ctc_weight}. "
                "Write 1 for CTC alone, or 0.3 for both."
            )
        self.num_outputs, self.dim, self.dropout = num_outputs, dim, dropout
        self.ctc_weight, self.decoder = ctc_weight, decoder
        self.label_smoothing, self.language_order = label_smoothing, language_order
        self.plain = plain
        if language_order < 0:
            raise RecipeError(
                f"FrameHead needs language_order from 0. Got {language_order}. "
                "Write 3, or 0 to decode without a language model."
            )
        if plain and self.guided:
            raise RecipeError(
                f"FrameHead needs ctc_weight=1 for a plain head. Got {ctc_weight}. "
                "Leave one of them out."
            )
        if self.guided and find("decoders", decoder).aligned is not False:
            raise RecipeError(
                "FrameHead needs a decoder that attends to frames: transformer or "
                f'recurrent_attention. Got "{decoder}".'
            )

    @property
    def guided(self) -> bool:
        """Whether training uses teacher forcing."""
        return self.ctc_weight < 1

    @property
    def keeps_width(self) -> bool:
        """Whether tokens of encoders with a width of their own reach the head as they are."""
        return self.plain

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into logits (batch, frames, outputs)."""
        if self.guided:
            return CTCAttention(self.dim, self.num_outputs, self.decoder, self.dropout)
        return CTC(self.dim, self.num_outputs, self.dropout, normalised=not self.plain)

    def loss(self):
        """Returns the loss, summed over characters: the loader's weights normalise it."""
        if self.guided:
            return CTCAttentionLoss(self.ctc_weight, self.label_smoothing)
        return CTCLoss()

    def frames(self, logits, targets=None):
        """Returns the logits of the frames alone.

        Args:
            logits: what the model gave, (batch, frames, outputs), with a decoder's behind them
                where it was shown targets.
            targets: the targets of the batch, (batch, symbols), or None.
        """
        if not self.guided or targets is None:
            return logits
        return logits[:, : logits.shape[1] - targets.shape[1] - 1]

    def best_path(self, logits) -> np.ndarray:
        """Returns the greedy decoding of frames.

        Args:
            logits: (batch, frames, outputs).

        Returns:
            int (batch, frames): repetitions joined, blanks and what repeats as -1.
        """
        best = np.asarray(logits).argmax(axis=-1)
        repeats = np.zeros(best.shape, bool)
        repeats[:, 1:] = best[:, 1:] == best[:, :-1]
        return np.where(repeats | (best == self.num_outputs - 1), -1, best)
