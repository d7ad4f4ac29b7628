"""Makes the rows of the task `speech`."""

from __future__ import annotations

from polymodal.scenes import speech as clips
from polymodal.scenes import statements, world
from polymodal.scenes.chinese import CHINESE
from polymodal.scenes.english import ENGLISH
from polymodal.scenes.parts import Part

__all__ = ["speech"]


def speech(part: Part, row: int) -> dict:
    """Spoken sentence -> its words; three in four are English, one in four is Chinese.

    Returns one row: `audio`, `transcript`; `language`, `voice` and `pattern` for slices.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    language = CHINESE if rng.random() < 0.25 else ENGLISH
    if rng.random() < 0.5:
        kind, slots, _ = statements.statement(scene, rng)
        patterns = language.captions[kind]
    else:
        kind, slots, _ = statements.question(scene, rng)
        patterns = language.questions[kind]
    words, pattern = part.sentence(language, patterns, slots, rng)
    voice = part.voice(language.code, rng)
    return {
        "audio": part.save_audio(row, clips.speak(words, voice, rng, part.test)),
        "transcript": language.write(words),
        "language": language.code,
        "voice": voice,
        "pattern": pattern,
    }
