"""Rescoring of a beam by the attention decoder that was trained with CTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from polymodal.core.contracts.batch import PREVIOUS
from polymodal.core.probabilities import log_softmax

__all__ = ["Rescoring"]

_GRID = 16  # padded spellings are multiples of this many symbols, so that few shapes are compiled

Score = Callable[[Sequence[Sequence[int]]], np.ndarray]


class Rescoring:
    """Encodes a batch of chunks once and rescores the hypotheses of each.

    Args:
        model: Model whose head is `CTCAttention`.
        num_spellings: int, hypotheses of a chunk per call; fewer are padded.
    """

    def __init__(self, model: Any, num_spellings: int):
        self.num_spellings, self.num_outputs = num_spellings, model.head.ctc.num_outputs
        self._encoder, self._decoder = Encoder(model), Decoder(model)

    def frames(self, inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, list[Score]]:
        """Returns CTC's logits (batch, frames, outputs), and for each chunk what scores it."""
        logits, tokens, mask = map(np.asarray, self._encoder.predict_on_batch(inputs))
        return logits, [self._scorer(*pair) for pair in zip(tokens, mask, strict=True)]

    def _scorer(self, tokens: np.ndarray, mask: np.ndarray) -> Score:
        return lambda spellings: self._scores(tokens, mask, spellings)

    def _scores(self, tokens, mask, spellings) -> np.ndarray:
        """Returns the natural logarithm of each spelling's probability, its end included."""
        longest = max(map(len, spellings)) + 1
        rows = -(-len(spellings) // self.num_spellings) * self.num_spellings
        ids = np.full((rows, -(-longest // _GRID) * _GRID), -1, np.int32)
        for row, spelling in zip(ids, spellings, strict=False):
            row[: len(spelling)] = spelling
        previous = np.concatenate([np.full((rows, 1), self.num_outputs, np.int32), ids[:, :-1]], 1)
        spread = lambda array: np.broadcast_to(array, (rows, *array.shape))
        found = log_softmax(
            np.asarray(
                self._decoder.predict_on_batch(
                    {"tokens": spread(tokens), "mask": spread(mask), PREVIOUS: previous}
                )
            )
        )
        count = np.array([len(spelling) for spelling in spellings])
        steps = np.arange(ids.shape[1])[None]
        targets = np.where(ids >= 0, ids, self.num_outputs - 1)[: len(count)]
        chosen = np.take_along_axis(found[: len(count)], targets[..., None], axis=-1)[..., 0]
        return np.where(steps <= count[:, None], chosen, 0.0).sum(axis=1)


class Encoder(keras.Model):
    """Gives CTC's logits, and the tokens and their mask that the decoder looks at."""

    def __init__(self, model: Any):
        super().__init__()
        self.model = model
        self.jit_compile = model.jit_compile

    def call(self, inputs):
        tokens, mask = self.model.encode(inputs, training=False)
        return self.model.head(tokens, mask, training=False), tokens, mask


class Decoder(keras.Model):
    """Gives the attention decoder's logits (batch, steps, outputs)."""

    def __init__(self, model: Any):
        super().__init__()
        self.head = model.head
        self.jit_compile = model.jit_compile

    def call(self, inputs):
        tokens = ops.convert_to_tensor(inputs["tokens"])
        return self.head.decoder(inputs[PREVIOUS], tokens, inputs["mask"], training=False)
