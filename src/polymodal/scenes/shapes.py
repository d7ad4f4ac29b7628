"""The six shapes of the scenes, as outlines around the origin that are scaled and turned."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

SHAPES = ("circle", "square", "triangle", "star", "cross", "heart")


def outline(shape: str, x: float, y: float, radius: float, turn: float) -> list[tuple]:
    """Returns the corners of a shape as (x, y) pairs, in the unit of `radius`.

    Args:
        shape: str, one of `SHAPES`.
        x, y: float, the centre; y grows downwards, as in pictures.
        radius: float, of the circle that has about the shape's area.
        turn: float, clockwise rotation in radians.
    """
    cosine, sine = math.cos(turn) * radius, math.sin(turn) * radius
    corners = _unit(shape)  # (corners, 2)
    turned = corners @ np.array([[cosine, sine], [-sine, cosine]]) + (x, y)
    return list(map(tuple, turned.tolist()))


@cache
def _unit(shape: str) -> np.ndarray:
    return {
        "circle": _polar(np.ones(28)),
        "square": _polar(np.full(4, 1.25)) @ _rotation(math.pi / 4),
        "triangle": _polar(np.full(3, 1.45)),
        "star": _polar(np.tile([1.4, 0.58], 5)),
        "cross": _cross(1.25, 0.42),
        "heart": _heart(),
    }[shape]


def _polar(radii: np.ndarray) -> np.ndarray:
    angles = np.arange(len(radii)) * 2 * math.pi / len(radii)
    return np.stack([radii * np.sin(angles), -radii * np.cos(angles)], axis=1)


def _rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def _cross(arm: float, half: float) -> np.ndarray:
    quarter = np.array([[-half, -half], [-half, -arm], [half, -arm]])
    return np.concatenate([quarter @ _rotation(i * math.pi / 2) for i in range(4)])


def _heart() -> np.ndarray:
    t = np.arange(32) * 2 * math.pi / 32
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, -y - 2], axis=1) / 13.5
