"""A decoder that writes after a prompt, of which it reads only what it has not read before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from polymodal.layers.engines.compiled import compiled, compiled_for_tokens
from polymodal.model.generation.choice import Choice

__all__ = ["ContinuedDecoder"]

_GRID = 64  # lengths of prompts are padded to a multiple: engines compile for each
_NEAR = 64  # slots that are written step by step; what is further back is read only
_FAR = 256  # the slots of that are a multiple
_CLOSE = 1e-5  # difference of an image's tokens in two calls, as a share of the largest number
_ABOUT = 3  # channels of a memory that are whole numbers


class _State(NamedTuple):
    """Positions (1, slots), -1 in free slots, and keys and values of all tokens so far.

    Args:
        near, far: those that steps write, and those that they only read.
        written: int, slots of `near` in use.
        filled: int, slots of `far` in use.
    """

    near: Any
    far: Any
    written: int
    filled: int


class ContinuedDecoder:
    """Writes one row after a prompt, and keeps the keys and values of the last prompt. Where the
    next one begins alike, as the next turn of a conversation does, only the rest is read.

    Args:
        decoder: Keras layer with `by_one_program`, built.

    Attributes:
        num_read: int, tokens of prompts that were read so far.
    """

    def __init__(self, decoder: Any):
        self.num_outputs, self.num_read = decoder.num_outputs, 0
        read, step = decoder.by_one_program()
        self._read = compiled(read, decoder.variables, growing=True)
        self._step = compiled_for_tokens(step, decoder.variables)
        self._choosers: dict[tuple, Callable[..., Any]] = {}
        self.forget()

    def forget(self) -> None:
        """Keeps nothing of the last prompt, so that the next one is read as a whole."""
        self._tokens = np.zeros((0, _ABOUT), np.float32)  # those of the last prompt
        self._places = np.zeros((1, 0), np.int32)  # of what the caches hold
        self._caches: Any = None

    def steps(
        self, memory: Any, memory_mask: Any, start: Any, num_steps: int, choice: Choice, noise: Any
    ) -> Iterator[int]:
        """Yields the outputs of a row, one step after the other.

        Args:
            memory: (1, time, width), as `fusion/interleaved.py` gives it.
            memory_mask: bool (1, time).
            start: int32 (1,), the token before the first output.
            num_steps: int, how many.
            choice: Choice, without a beam.
            noise: float32 (1, 1, num_steps) in 0..1, needed for sampling.
        """
        choose, tokens = self._chooser(choice), start
        said = ops.zeros((1, self.num_outputs if choice.repetition_penalty != 1 else 1), "bool")
        state = self.initial_state(memory, memory_mask)
        for step in range(num_steps):
            logits, state = self.step(tokens, state)
            drawn = None if noise is None else noise[0, :, step]
            tokens, said = choose(logits, said, drawn)
            yield int(ops.convert_to_numpy(tokens)[0])

    def _chooser(self, choice: Choice) -> Callable[..., Any]:
        if choice.key not in self._choosers:
            self._choosers[choice.key] = compiled(_chosen(choice), [])
        return self._choosers[choice.key]

    def initial_state(self, memory: Any, memory_mask: Any) -> Any:
        """Returns the state before the first step; arguments are as `steps` has them."""
        tokens = ops.convert_to_numpy(memory)[0][ops.convert_to_numpy(memory_mask)[0]]
        shared = _shared(self._tokens, tokens)
        if 2 * shared < len(self._tokens):
            shared = 0  # most of what the caches hold would be of no use
        before = self._known(shared) if shared else None
        places, caches = self._read(*_padded(tokens[shared:]), before)
        self.num_read += len(tokens) - shared
        self._tokens, self._places, self._caches = tokens, ops.convert_to_numpy(places), caches
        return _State(_nothing(caches), _behind(None, (places, caches)), 0, places.shape[1])

    def step(self, tokens: Any, state: _State) -> tuple[Any, _State]:
        """Returns the logits (1, num_outputs) after tokens (1,), and the next state."""
        if state.written == _NEAR:
            state = _moved(state)
        logits, near = self._step(tokens, state.near, state.far)
        return logits, state._replace(near=near, written=state.written + 1)

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


def _chosen(choice: Choice) -> Callable[..., Any]:
    """Returns a function (logits, which outputs were said, noise) that returns the output and what
    was said since."""

    def choose(logits, said, drawn):
        chosen = choice.pick(choice.scores(logits, said, None), drawn)
        if choice.repetition_penalty != 1:
            said = ops.logical_or(said, ops.arange(said.shape[-1]) == chosen[:, None])
        return chosen, said

    return choose


def _nothing(caches: Any) -> Any:
    """Returns free slots to write into, with keys and values of the shape of others."""
    blank = lambda leaf: ops.zeros((*leaf.shape[:2], _NEAR, leaf.shape[3]), leaf.dtype)
    return ops.full((1, _NEAR), -1, "int32"), keras.tree.map_structure(blank, caches)


def _moved(state: _State) -> _State:
    """Returns the state with the slots that were written among those that are only read."""
    (places, caches), filled = state.far, state.filled
    before = places[:, :filled], keras.tree.map_structure(lambda leaf: leaf[:, :, :filled], caches)
    return _State(_nothing(caches), _behind(before, state.near), 0, filled + _NEAR)


def _behind(before: Any, more: Any) -> Any:
    """Returns positions and caches of two parts, one behind the other, padded."""
    if before is not None:
        places = ops.concatenate([before[0], more[0]], axis=1)
        join = lambda *leaves: ops.concatenate(leaves, axis=2)
        more = places, keras.tree.map_structure(join, before[1], more[1])
    places, caches = more
    free = -places.shape[1] % _FAR
    longer = lambda leaf: ops.pad(leaf, ((0, 0), (0, 0), (0, free), (0, 0)))
    places = ops.pad(places, ((0, 0), (0, free)), constant_values=-1)
    return places, keras.tree.map_structure(longer, caches)


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
