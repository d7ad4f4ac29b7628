"""Tokens of the frames of a video: fewer of each, and all in order."""

from __future__ import annotations

import math

import numpy as np
from keras import ops

from polymodal.layers.masks import hide

__all__ = ["in_order", "num_pooled", "pooled"]

_SLOWEST = 100.0  # of the sines that tell the place of a frame


def num_pooled(time: int, grid: tuple[int, int] | None, most: int) -> int:
    """Returns how many tokens `pooled` leaves of each frame."""
    return time if time <= most else math.prod(_pooled_grid(_grid_of(time, grid), most))


def pooled(tokens, mask, grid, most):
    """Returns at most `most` tokens of each frame: means of neighbouring positions, line by line.

    Args:
        tokens: (..., time, dim), the tokens of a frame; a class token before a grid is left out
            where they are pooled.
        mask: bool (..., time), equal for all tokens of a frame.
        grid: (down, across) of the positions, or None for a square.
        most: int.
    """
    time = tokens.shape[-2]
    if time <= most:
        return tokens, mask
    weights = _weights(time, _grid_of(time, grid), most)
    kept = ops.repeat(mask[..., -1:], len(weights), axis=-1)
    tokens = ops.matmul(ops.cast(ops.convert_to_tensor(weights), tokens.dtype), tokens)
    return hide(tokens, kept), kept


def in_order(tokens, mask, places=True):
    """Returns the tokens of all frames, (batch, frames * time, dim), and their mask.

    Args:
        tokens: (batch, frames, time, dim).
        mask: bool (batch, frames, time).
        places: bool, whether sines of the number of a frame are added to its tokens; those of the
            first are 0.
    """
    _, frames, time = ops.shape(mask)
    if places:
        tokens = hide(tokens + _sines(frames, tokens), mask)
    return (
        ops.reshape(tokens, (-1, frames * time, tokens.shape[-1])),
        ops.reshape(mask, (-1, frames * time)),
    )


def _sines(frames, tokens):
    """Returns (frames, 1, dim)."""
    dim = tokens.shape[-1]
    speed = _SLOWEST ** -(np.arange(dim, dtype="float32") / dim)
    number = ops.cast(ops.arange(frames), "float32")
    return ops.cast(ops.sin(number[:, None, None] * ops.convert_to_tensor(speed)), tokens.dtype)


def _grid_of(time, grid):
    """Returns (down, across) of the last tokens; (1, time) where they are no square."""
    if grid is not None:
        return grid
    for count in (time, time - 1):
        side = math.isqrt(count)
        if side * side == count and side > 1:
            return side, side
    return 1, time


def _pooled_grid(grid, most):
    down, across = grid
    rows = max(1, min(down, int(down * math.sqrt(most / (down * across)) + 1e-9)))
    return rows, min(across, most // rows)


def _weights(time, grid, most):
    """Returns float32 (pooled, time), whose lines add up to 1."""
    rows, columns = _pooled_grid(grid, most)
    down, across = (_bins(size, count) for size, count in zip(grid, (rows, columns), strict=True))
    found = np.kron(down, across)  # line by line
    return np.pad(found, ((0, 0), (time - found.shape[1], 0))).astype("float32")


def _bins(size, count):
    """Returns (count, size): each of `count` parts as the mean of its share of `size` places."""
    found = np.zeros((count, size))
    for place in range(count):
        start, stop = place * size // count, -(-(place + 1) * size // count)
        found[place, start:stop] = 1.0 / (stop - start)
    return found
