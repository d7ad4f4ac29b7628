"""Where one sequence ends and another begins among tokens that a decoder is fed."""

from __future__ import annotations

from keras import ops

__all__ = ["known", "numbered", "same_sequence"]


def known(tokens, start_id: int):
    """Returns tokens with a start instead of those that nobody knows.

    Args:
        tokens: int32 (batch, steps) or (batch,), negative where nobody knows them.
        start_id: int, what a sequence begins with.
    """
    return ops.where(tokens < 0, ops.full_like(tokens, start_id), tokens)


def numbered(tokens, start_id: int):
    """Returns int32 (batch, steps): the number of the sequence that each token belongs to.

    Args:
        tokens: int32 (batch, steps), as `known` gives them.
        start_id: int, what a sequence begins with.
    """
    return ops.cumsum(ops.cast(tokens == start_id, "int32"), axis=1)


def same_sequence(tokens, start_id: int):
    """Returns bool (batch, steps, steps): which tokens belong to the sequence of which.

    Args:
        tokens: int32 (batch, steps), as `known` gives them.
        start_id: int, what a sequence begins with.

    Example:

    >>> same = same_sequence(ops.convert_to_tensor([[9, 4, 9]]), start_id=9)
    >>> ops.convert_to_numpy(same)[0].astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    """
    number = numbered(tokens, start_id)
    return ops.equal(number[:, :, None], number[:, None, :])
