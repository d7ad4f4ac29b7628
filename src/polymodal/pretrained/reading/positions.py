"""Learned positions of patches, brought from the size that they were trained at to another."""

from __future__ import annotations

import numpy as np

__all__ = ["resized"]

_SHARPNESS = -0.75  # of the cubic that published encoders resize their positions with


def resized(positions: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Returns positions for another grid of patches, by bicubic interpolation.

    Args:
        positions: float32 (1 + side * side, dim), that of the class token first.
        grid: patches down and across.

    Returns:
        float32 (1 + down * across, dim).

    Source: Keys, "Cubic convolution interpolation for digital image processing", 1981.
    """
    side = round((len(positions) - 1) ** 0.5)
    square = positions[1:].reshape(side, side, -1).astype(np.float64)
    for axis, length in enumerate(grid):
        square = np.moveaxis(np.tensordot(_weights(side, length), square, (1, axis)), 0, axis)
    patches = square.reshape(grid[0] * grid[1], -1).astype(np.float32)
    return np.concatenate([positions[:1], patches])


def _weights(before: int, after: int) -> np.ndarray:
    """Returns the share (after, before) that each old place has in each new one."""
    found = np.zeros((after, before))
    centres = (np.arange(after) + 0.5) * (before / after) - 0.5
    first = np.floor(centres).astype(int)
    for step in range(-1, 3):
        share = _cubic(np.abs(centres - (first + step)))
        np.add.at(found, (np.arange(after), np.clip(first + step, 0, before - 1)), share)
    return found


def _cubic(distance: np.ndarray) -> np.ndarray:
    a = _SHARPNESS
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
