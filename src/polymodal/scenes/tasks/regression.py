"""Makes the rows of the task `regression`."""

from __future__ import annotations

import numpy as np

from polymodal.scenes import render, world
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.parts import Part

__all__ = ["regression"]

_CLUES = ("{colour}", "everything that is {colour}", "the {colour} things", "what is {colour}")


def regression(part: Part, row: int) -> dict:
    """Picture and written colour -> the share of the picture, in percent, that shows this colour.

    Returns one row: `image`, `clue`, `share` in percent; `pattern` for slices.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    shown = sorted({thing.colour for thing in scene.things})
    colour = shown[int(rng.integers(len(shown)))]
    words, pattern = part.sentence(ENGLISH, _CLUES, {"colour": colour}, rng)
    visible = render.masks(scene, 2 * render.SIZE).mean(axis=(1, 2))  # (objects,)
    share = sum(v for v, t in zip(visible, scene.things, strict=True) if t.colour == colour)
    return {
        "image": part.save_image(row, render.draw(scene)),
        "clue": ENGLISH.write(words),
        "share": round(100 * float(np.float64(share)), 2),
        "pattern": pattern,
    }
