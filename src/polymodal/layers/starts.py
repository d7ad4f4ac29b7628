"""Where one sequence ends and another begins among tokens that a decoder is fed."""

from __future__ import annotations

from keras import ops

__all__ = ["is_start", "same_sequence"]


def is_start(tokens, start_id: int):
    """Returns bool (batch, steps): which tokens begin a sequence, those that nobody knows included.

    Args:
        tokens: int32 (batch, steps), negative where nobody knows them.
        start_id: int, what a sequence begins with.
    """
    return ops.logical_or(tokens < 0, tokens == start_id)


def same_sequence(tokens, start_id: int):
    """Returns bool (batch, steps, steps): which tokens belong to the sequence of which.

    Args:
        tokens, start_id: as for `is_start`.

    Example:

    >>> same = same_sequence(ops.convert_to_tensor([[9, 4, 9]]), start_id=9)
    >>> ops.convert_to_numpy(same)[0].astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    """
    number = ops.cumsum(ops.cast(is_start(tokens, start_id), "int32"), axis=1)
    return ops.equal(number[:, :, None], number[:, None, :])
