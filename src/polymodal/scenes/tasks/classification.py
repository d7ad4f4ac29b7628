"""Makes the rows of the task `classification`."""

from __future__ import annotations

import numpy as np

from polymodal.scenes import render, speech, world
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.parts import Part
from polymodal.scenes.shapes import SHAPES

__all__ = ["classification"]

_CLUES = ("{colour}", "the {colour}", "a {colour} one", "{colour} one")
_NEW = 0.1  # share of the test rows whose shape has a pattern that train never shows on it
_COLOURS = ("red", "green", "blue", "purple")  # about equally bright
_NUM_SHAPES = 4


def classification(part: Part, row: int) -> dict:
    """Picture of a black-and-white camera, spoken colour -> colour and shape of what is in front.

    Returns one row: `image`, `audio`, `label`; `voice`, `object`, `pattern` and `clue` for slices.

    The picture tells the shape, of four, and next to nothing of the colour, as all are about
    equally bright; the voice tells the colour, of four, and nothing of the shape.
    """
    rng = part.generator(row)
    new = bool(part.test and rng.random() < _NEW)
    shape = SHAPES[int(rng.integers(_NUM_SHAPES))]
    colour = _COLOURS[int(rng.integers(len(_COLOURS)))]
    scene = world.in_front(world.scene(rng, part.test), shape, colour, new, rng)
    words, pattern = part.sentence(ENGLISH, _CLUES, {"colour": colour}, rng)
    voice = part.voice("en", rng)
    return {
        "image": part.save_image(row, _grey(render.draw(scene))),
        "audio": part.save_audio(row, speech.speak(words, voice, rng, part.test)),
        "label": f"{colour} {shape}",
        "voice": voice,
        "object": "new pattern" if new else "seen",
        "pattern": pattern,
        "clue": ENGLISH.write(words),
    }


def _grey(pixels: np.ndarray) -> np.ndarray:
    """Returns the brightness of a picture: uint8 (size, size, 3) -> uint8 (size, size)."""
    return (pixels @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
