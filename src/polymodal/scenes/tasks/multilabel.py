"""Makes the rows of the task `multilabel`."""

from __future__ import annotations

from polymodal.scenes import render, world
from polymodal.scenes.parts import Part
from polymodal.scenes.shapes import SHAPES

__all__ = ["multilabel"]


def multilabel(part: Part, row: int) -> dict:
    """Picture -> which colours and which shapes are in it.

    Returns one row: `image`, `labels` such as "red|blue|star|circle"; `objects` for slices.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    colours = {thing.colour for thing in scene.things}
    shapes = {thing.shape for thing in scene.things}
    return {
        "image": part.save_image(row, render.draw(scene)),
        "labels": "|".join(
            [c for c in world.COLOURS if c in colours] + [s for s in SHAPES if s in shapes]
        ),
        "objects": len(scene.things),
    }
