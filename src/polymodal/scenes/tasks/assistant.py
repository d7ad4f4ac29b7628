"""Makes the rows of the task `assistant`."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.scenes import render, speech, statements, world
from polymodal.scenes.chinese import CHINESE
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.language import Language
from polymodal.scenes.parts import Part

__all__ = ["assistant"]

_TURNS = 3  # questions of a written dialogue
_SPOKEN, _CHINESE, _DESCRIBED = 0.25, 0.25, 0.2
_YES = {"en": {"yes": "yes", "no": "no"}, "zh": {"yes": "是", "no": "否"}}
# The last request of each language, and the last way to go on, are for test only.
_REQUESTS = {
    "en": ("describe the picture", "what do you see", "tell me what is here"),
    "zh": ("描述 这 张 图", "你 看见 什么", "说 说 图 里 有 什么"),
}
_GOING_ON = {
    "en": ("and the {shape}", "what about the {shape}", "how about the {shape}"),
    "zh": ("{shape} 呢", "那 {shape} 呢", "还 有 {shape} 呢"),
}
_JOINED = {"en": ", ", "zh": "，"}


def assistant(part: Part, row: int) -> dict:
    """Image with questions, written or spoken, in English or Chinese -> the answers in a dialogue.

    Returns one line: `messages` as OpenAI writes them, with `kind` and `pattern` of each answer;
    `language` and `form` (written or spoken).

    A fifth of the written dialogues begins with a description; a question about a colour may be
    followed by one that only names another shape. Spoken questions come alone.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    language = CHINESE if rng.random() < _CHINESE else ENGLISH
    image = {"type": "image", "image": part.save_image(row, render.draw(scene))}
    if rng.random() < _SPOKEN:
        words, answer = _question(part, language, scene, rng)
        clip = speech.speak(words, part.voice(language.code, rng), rng, part.test)
        content = [image, {"type": "audio", "audio": part.save_audio(row, clip)}]
        messages = [{"role": "user", "content": content}, answer]
        return {"messages": messages, "language": language.code, "form": "spoken"}
    messages = _dialogue(part, language, scene, rng)
    messages[0]["content"] = [image, {"type": "text", "text": messages[0]["content"]}]
    return {"messages": messages, "language": language.code, "form": "written"}


def _dialogue(part: Part, language: Language, scene: Any, rng: np.random.Generator) -> list[dict]:
    """Returns the messages of a written dialogue."""
    found: list[dict] = []
    if rng.random() < _DESCRIBED:
        found += _described(part, language, scene, rng)
    coloured: list[str] = []
    while len(found) < 2 * _TURNS:
        last = found[-1]["kind"] if found else ""
        others = [thing for thing in _known_by_shape(scene) if thing.shape not in coloured]
        if last in ("colour", "follow_up") and others and rng.random() < 0.5:
            other = others[int(rng.integers(len(others)))]
            words, pattern = part.sentence(
                language, _GOING_ON[language.code], {"shape": other.shape}, rng
            )
            coloured.append(other.shape)
            found += _turn(language, words, _answer(language, other.colour), "follow_up", pattern)
            continue
        words, answer = _question(part, language, scene, rng, coloured)
        found += [{"role": "user", "content": language.write(words)}, answer]
    return found


def _question(
    part: Part,
    language: Language,
    scene: Any,
    rng: np.random.Generator,
    coloured: list[str] | None = None,
) -> tuple[list[str], dict]:
    """Returns the words of a question and the message with its answer."""
    asked = statements.question(scene, rng)
    words, pattern = part.sentence(language, language.questions[asked.kind], asked.slots, rng)
    if asked.kind == "colour" and coloured is not None:
        coloured.append(asked.slots["shape"])
    return words, _turn(language, words, _answer(language, asked.answer), asked.kind, pattern)[1]


def _described(part: Part, language: Language, scene: Any, rng: np.random.Generator) -> list[dict]:
    """Returns a request and a description: colour and shape of each object from left to right."""
    words, pattern = part.sentence(language, _REQUESTS[language.code], {}, rng)
    things = sorted(scene.things, key=lambda thing: thing.x)
    named = [
        language.joiner.join((_answer(language, one.colour), _answer(language, one.shape)))
        for one in things
    ]
    return _turn(language, words, _JOINED[language.code].join(named), "description", pattern)


def _turn(language: Language, words: list[str], answer: str, kind: str, pattern: str) -> list[dict]:
    return [
        {"role": "user", "content": language.write(words)},
        {"role": "assistant", "content": answer, "kind": kind, "pattern": pattern},
    ]


def _answer(language: Language, fact: str) -> str:
    """Returns a fact in the words of a language; numbers stay digits."""
    if fact in language.colours:
        return language.colours[fact][0]
    if fact in language.shapes:
        return language.shapes[fact][0][0]
    return _YES[language.code].get(fact, fact)


def _known_by_shape(scene: Any) -> list[Any]:
    """Returns the objects whose shape no other has."""
    shapes = [thing.shape for thing in scene.things]
    return [thing for thing in scene.things if shapes.count(thing.shape) == 1]
