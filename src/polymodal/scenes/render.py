"""Draws a scene as pixels: shaded background, clutter, patterns, smooth edges, noise."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from polymodal.core.seeds import generator
from polymodal.scenes.shapes import outline
from polymodal.scenes.world import COLOURS, Scene, Thing

SIZE = 48
_OVERSAMPLING = 3
_RGB: dict[str, tuple[int, int, int]] = dict(
    zip(
        COLOURS,
        (
            (214, 40, 40),
            (45, 150, 65),
            (45, 90, 215),
            (240, 210, 45),
            (135, 55, 165),
            (245, 135, 35),
        ),
        strict=True,
    )
)


def draw(scene: Scene, size: int = SIZE) -> np.ndarray:
    """Returns a scene as a picture.

    Args:
        scene: Scene.
        size: int, height and width in pixels.

    Returns:
        uint8 array of shape (size, size, 3).
    """
    rng = generator(scene.background, 1)
    scale = size * _OVERSAMPLING
    image = _background(rng, size).resize((scale, scale), Image.Resampling.BILINEAR)
    brush = ImageDraw.Draw(image)
    _clutter(brush, rng, scale)
    for thing in scene.things:
        _thing(image, brush, thing, rng, scale)
    pixels = np.asarray(image.reduce(_OVERSAMPLING), np.float32)
    pixels = pixels * rng.uniform(0.85, 1.1) + rng.normal(0, 5, pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


def masks(scene: Scene, size: int = SIZE) -> np.ndarray:
    """Returns which pixels show which object: bool (objects, size, size); the nearest wins."""
    image = Image.new("L", (size, size), 0)
    brush = ImageDraw.Draw(image)
    for index, thing in enumerate(scene.things):
        brush.polygon(_corners(thing, size), fill=index + 1)
    nearest = np.asarray(image)
    return np.stack([nearest == index + 1 for index in range(len(scene.things))])


def _corners(thing: Thing, scale: int) -> list[tuple]:
    return outline(thing.shape, thing.x * scale, thing.y * scale, thing.radius * scale, thing.turn)


def _background(rng: np.random.Generator, size: int) -> Image.Image:
    """A smooth greyish shading from four corner tones."""
    tone = rng.uniform(95, 215) + rng.uniform(-12, 12, 3) + rng.uniform(-22, 22, (2, 2, 1))
    corners = Image.fromarray(tone.clip(0, 255).astype(np.uint8))
    return corners.resize((size, size), Image.Resampling.BILINEAR)


def _clutter(brush: ImageDraw.ImageDraw, rng: np.random.Generator, scale: int) -> None:
    """Greyish strokes and specks behind the objects."""
    for _ in range(rng.integers(3, 7)):
        points = rng.uniform(0, scale, 4).tolist()
        brush.line(points, fill=_grey(rng), width=int(rng.integers(2, 5)))
    for _ in range(rng.integers(4, 10)):
        x, y = rng.uniform(0, scale, 2)
        radius = rng.uniform(0.01, 0.03) * scale
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_grey(rng))


def _grey(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(v) for v in rng.uniform(60, 230) + rng.uniform(-12, 12, 3))


def _thing(
    image: Image.Image,
    brush: ImageDraw.ImageDraw,
    thing: Thing,
    rng: np.random.Generator,
    scale: int,
) -> None:
    base = np.array(_RGB[thing.colour]) * rng.uniform(0.85, 1.1) + rng.normal(0, 6, 3)
    fill = tuple(int(v) for v in base.clip(0, 255))
    corners = _corners(thing, scale)
    edge = tuple(int(v * 0.55) for v in fill)
    if thing.pattern == "plain":
        brush.polygon(corners, fill=fill, outline=edge)
        return
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    image.paste(_pattern(thing.pattern, fill, scale), (0, 0), mask)
    brush.polygon(corners, outline=edge)


def _pattern(pattern: str, fill: tuple, scale: int) -> Image.Image:
    """A sheet of stripes or dots in the colour and a lighter tone of it."""
    light = tuple(int(v + (255 - v) * 0.55) for v in fill)
    sheet = Image.new("RGB", (scale, scale), fill)
    brush = ImageDraw.Draw(sheet)
    step = scale // 11
    if pattern == "striped":
        for offset in range(-scale, scale, step):
            brush.line((offset, 0, offset + scale, scale), fill=light, width=step // 3)
        return sheet
    for row in range(0, scale, step):
        for column in range(0, scale, step):
            brush.ellipse((column, row, column + step // 2, row + step // 2), fill=light)
    return sheet
