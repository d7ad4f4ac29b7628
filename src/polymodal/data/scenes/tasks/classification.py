"""Makes the rows of the task `classification`."""

from __future__ import annotations

from polymodal.data.scenes import render, speech, world
from polymodal.data.scenes.english import ENGLISH
from polymodal.data.scenes.parts import Part

__all__ = ["classification"]

_CLUES = ("{colour}", "the {colour} one", "a {colour} shape", "the {colour} shape")
_NOVELTIES = ("seen", "new colour", "new pattern")
_SHARES = (0.8, 0.05, 0.15)  # of the test rows that ask for an object of that novelty
_FAVOURED = 0.45  # share of the objects that have the shape their colour favours


def classification(part: Part, row: int) -> dict:
    """Picture and spoken colour -> the shape of the object that has this colour.

    Returns one row: `image`, `audio`, `label`; `voice`, `object`, `pattern` and `clue` for slices.

    The colours in a picture differ, so the colour names one object; without the colour every
    object is as likely, and without the picture every shape is.
    """
    rng = part.generator(row)
    novelty = str(rng.choice(_NOVELTIES, p=_SHARES)) if part.test else "seen"
    fitting: list[world.Thing] = []
    while not fitting:
        scene = world.scene(rng, part.test, distinct=True, favoured=_FAVOURED)
        fitting = [thing for thing in scene.things if thing.novelty == novelty]
    target = fitting[int(rng.integers(len(fitting)))]
    words, pattern = part.sentence(ENGLISH, _CLUES, {"colour": target.colour}, rng)
    voice = part.voice("en", rng)
    return {
        "image": part.save_image(row, render.draw(scene)),
        "audio": part.save_audio(row, speech.speak(words, voice, rng, part.test)),
        "label": target.shape,
        "voice": voice,
        "object": novelty,
        "pattern": pattern,
        "clue": ENGLISH.write(words),
    }
