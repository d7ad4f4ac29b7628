"""A decoder that reads of a prompt only what it has not read before."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from polymodal.layers.engines.compiled import compiled

__all__ = ["ContinuedDecoder"]

_GRID = 64  # lengths are padded to a multiple: engines compile for each
_CLOSE = 1e-5  # difference of an image's tokens in two calls, as a share of the largest number
_ABOUT = 3  # channels of a memory that are whole numbers


class ContinuedDecoder:
    """A decoder for `steps` on one row, which keeps the keys and values of the last prompt. Where
    the next one begins alike, as the next turn of a conversation does, only the rest is read.

    Args:
        decoder: Keras layer with `initial_state`, `continued_state` and `step`, built.

    Attributes:
        num_read: int, tokens of prompts that were read so far.
    """

    def __init__(self, decoder: Any):
        self.num_outputs, self.num_read = decoder.num_outputs, 0
        self._step = compiled(decoder.step, decoder.variables)
        self._fresh = compiled(decoder.initial_state, decoder.variables, static=(2,))
        self._continued = compiled(decoder.continued_state, decoder.variables, static=(4,))
        self.forget()

    def forget(self) -> None:
        """Keeps nothing of the last prompt, so that the next one is read as a whole."""
        self._tokens = np.zeros((0, _ABOUT), np.float32)  # those of the last prompt
        self._places = np.zeros((1, 0), np.int32)  # of what the caches hold
        self._caches: Any = None

    def initial_state(self, memory: Any, memory_mask: Any, max_length: int) -> Any:
        """Returns the state before the first step.

        Args:
            memory: (1, time, width), as `fusion/interleaved.py` gives it.
            memory_mask: bool (1, time).
            max_length: int, most steps that will be done.
        """
        tokens = ops.convert_to_numpy(memory)[0][ops.convert_to_numpy(memory_mask)[0]]
        shared = _shared(self._tokens, tokens)
        if 2 * shared < len(self._tokens):
            shared = 0  # most of what the caches hold would be of no use
        rest, there = _padded(tokens[shared:])
        if shared:
            state = self._continued(*self._known(shared), rest, there, max_length)
        else:
            state = self._fresh(rest, there, max_length)
        self.num_read += len(tokens) - shared
        count = state[2].shape[1] - max_length
        self._tokens, self._places = tokens, ops.convert_to_numpy(state[2])[:, :count]
        self._caches = state[3]
        return ops.ones((1, count), "bool"), state

    def _known(self, shared: int) -> tuple[Any, Any]:
        """Returns positions (1, slots) and caches of the first tokens of the last prompt, behind
        one another, padded."""
        slots = np.full(-(-shared // _GRID) * _GRID, int(np.argmax(self._places[0] == 0)))
        for slot, place in enumerate(self._places[0]):
            if 0 <= place < shared:
                slots[place] = slot
        places = np.arange(len(slots), dtype=np.int32)[None]
        places[places >= shared] = -1
        chosen = ops.convert_to_tensor(slots.astype("int32"))
        return ops.convert_to_tensor(places), keras.tree.map_structure(
            lambda leaf: ops.take(leaf, chosen, axis=2), self._caches
        )

    def step(self, tokens: Any, state: Any, memory: Any, memory_mask: Any) -> Any:
        """Does one step, as the decoder does; its prompt is what `initial_state` was given."""
        slots, own = state
        logits, own = self._step(tokens, own, memory[:, :1], slots)
        return logits, (slots, own)


def _padded(tokens: np.ndarray) -> tuple[Any, Any]:
    """Returns tokens (1, time, width) and which are real, (1, time)."""
    found = np.zeros((max(_GRID, -(-len(tokens) // _GRID) * _GRID), tokens.shape[1]), np.float32)
    found[: len(tokens)] = tokens
    there = np.arange(len(found)) < len(tokens)
    return ops.convert_to_tensor(found[None]), ops.convert_to_tensor(there[None])


def _shared(before: np.ndarray, tokens: np.ndarray) -> int:
    """Returns how many tokens two prompts begin with in common, less than all of the second."""
    count = min(len(before), len(tokens) - 1)
    if count < 1:
        return 0
    one, other = before[:count], tokens[:count]
    scale = max(1.0, float(np.abs(other[:, _ABOUT:]).max(initial=0.0)))
    same = (one[:, :_ABOUT] == other[:, :_ABOUT]).all(axis=1)
    same &= (np.abs(one[:, _ABOUT:] - other[:, _ABOUT:]) <= _CLOSE * scale).all(axis=1)
    return int(count if same.all() else same.argmin())
