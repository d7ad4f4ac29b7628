"""Makes the rows of the task `captions`."""

from __future__ import annotations

from polymodal.scenes import render, statements, world
from polymodal.scenes.chinese import CHINESE
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.parts import Part

__all__ = ["captions"]

_NUM_CAPTIONS = 5


def captions(part: Part, row: int) -> dict:
    """Picture -> sentences about it, five in English and five in Chinese.

    Returns one row: `image`, `caption` (the first), `captions`, and the same in Chinese.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    said: dict[str, list[str]] = {"en": [], "zh": []}
    for _ in range(_NUM_CAPTIONS):
        kind, slots, _ = statements.statement(scene, rng)
        for language in (ENGLISH, CHINESE):
            words, _ = part.sentence(language, language.captions[kind], slots, rng)
            said[language.code].append(language.write(words))
    return {
        "image": part.save_image(row, render.draw(scene)),
        "caption": said["en"][0],
        "caption_chinese": said["zh"][0],
        "captions": said["en"],
        "captions_chinese": said["zh"],
    }
