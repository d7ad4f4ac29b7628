"""Transcription: what is said in a recording, as text."""

from __future__ import annotations

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.decoders.ctc import CTC
from polymodal.layers.losses import CTCLoss

__all__ = ["Transcribe"]


class Transcribe:
    """Writes down what is said: a character or nothing for each frame (CTC).

    Args:
        num_outputs: int, characters and, as the last of them, blank.
        dim: int, width of the frames.
        dropout: float, rate in front of the logits.

    Raises:
        RecipeError: no character beside blank.
    """

    per_step = True
    aligned = False
    autoregressive = False
    textual = True
    monitor = ("wer", "min")

    def __init__(self, num_outputs: int, dim: int = 128, dropout: float = 0.1):
        if num_outputs < 2:
            raise RecipeError(f"Transcribe needs at least 2 outputs. Got {num_outputs}. "
                              "Check the target column, or name another with target.")
        self.num_outputs, self.dim, self.dropout = num_outputs, dim, dropout

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns fused tokens into logits (batch, frames, outputs)."""
        return CTC(self.dim, self.num_outputs, self.dropout)

    def loss(self):
        """Returns the loss, summed over characters: the loader's weights normalise it."""
        return CTCLoss()

    def best_path(self, logits) -> np.ndarray:
        """Returns what the likeliest output of each frame spells.

        Args:
            logits: (batch, frames, outputs).

        Returns:
            int (batch, frames): repetitions joined, blanks and what repeats as -1.
        """
        best = np.asarray(logits).argmax(axis=-1)
        repeats = np.zeros(best.shape, bool)
        repeats[:, 1:] = best[:, 1:] == best[:, :-1]
        return np.where(repeats | (best == self.num_outputs - 1), -1, best)
