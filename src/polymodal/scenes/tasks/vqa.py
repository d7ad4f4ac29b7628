"""Makes the rows of the task `vqa`."""

from __future__ import annotations

from polymodal.scenes import render, statements, world
from polymodal.scenes.chinese import CHINESE
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.parts import Part

__all__ = ["vqa"]


def vqa(part: Part, row: int) -> dict:
    """Picture and written question -> the answer: yes, no, a colour, a shape or a number.

    Returns one row: `image`, `question`, `answer`; the question in Chinese, kind and pattern.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    asked = statements.question(scene, rng)
    words, pattern = part.sentence(ENGLISH, ENGLISH.questions[asked.kind], asked.slots, rng)
    chinese, _ = part.sentence(CHINESE, CHINESE.questions[asked.kind], asked.slots, rng)
    return {
        "image": part.save_image(row, render.draw(scene)),
        "question": ENGLISH.write(words),
        "answer": asked.answer,
        "question_chinese": CHINESE.write(chinese),
        "kind": asked.kind,
        "pattern": pattern,
    }
