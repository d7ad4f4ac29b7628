"""Makes the rows of the task `classification`."""

from __future__ import annotations

from polymodal.data.scenes import render, speech, world
from polymodal.data.scenes.english import ENGLISH
from polymodal.data.scenes.parts import Part

__all__ = ["classification"]

_CLUES = ("{colour}", "the {colour} one", "a {colour} shape", "the {colour} shape")
_NEW_PAIRS = 0.2  # share of the test rows that ask for a pair of colour and shape unseen in train


def classification(part: Part, row: int) -> dict:
    """Picture and spoken colour -> the shape of the object that has this colour.

    Returns one row: `image`, `audio`, `label`; `voice`, `pair`, `pattern` and `clue` for slices.

    The colours in a picture differ, so the colour names one object; without the colour every
    object is as likely, and without the picture every shape is.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test, distinct=True)
    new = part.test and rng.random() < _NEW_PAIRS
    fitting = [thing for thing in scene.things if thing.held_out == new]
    target = (fitting or scene.things)[int(rng.integers(len(fitting or scene.things)))]
    words, pattern = part.sentence(ENGLISH, _CLUES, {"colour": target.colour}, rng)
    voice = part.voice("en", rng)
    return {
        "image": part.save_image(row, render.draw(scene)),
        "audio": part.save_audio(row, speech.speak(words, voice, rng, part.test)),
        "label": target.shape,
        "voice": voice,
        "pair": "new" if target.held_out else "seen",
        "pattern": pattern,
        "clue": ENGLISH.write(words),
    }
