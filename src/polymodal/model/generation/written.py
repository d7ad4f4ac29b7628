"""What a decoder generated: sequences with their scores."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

__all__ = ["Written", "at"]


class Written(NamedTuple):
    """Generated sequences, the best first.

    Args:
        ids: int32 (batch, num, steps); padded with `end_id`.
        log_probabilities: float32 (batch, num, steps) of each output; 0 after the end.
        scores: float32 (batch, num): the log probability of the whole; of a beam, and of what was
            sampled, divided by the length to the power of `length_penalty`. Below -5e8 where a beam
            found fewer sequences than `num`: that one is none.
    """

    ids: Any
    log_probabilities: Any
    scores: Any


def at(tensor, place):
    """Returns the values at `place` (batch, chosen) on the second axis of a tensor."""
    place = ops.cast(place, "int32")
    for _ in range(len(tensor.shape) - 2):
        place = place[..., None]
    return ops.take_along_axis(tensor, place, axis=1)
