"""Texts that are transcribed where a table has none.

    inputs:
      text:
        heard_by: {from: models/whisper-tiny.en, column: clip}

Where the column of the text is missing or a cell of it is empty, it is the transcript of the sound
in `column`, by the recogniser in the folder `from`: an imported one, or a run that transcribes.
`sha256` of its weights is written next to it. A bundle has a copy of it, or with
`copy_weights: false` finds it by that hash in POLYMODAL_MODELS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polymodal.core import arguments
from polymodal.core.errors import RecipeError

__all__ = ["HEARD_BY", "HeardBy", "check_heard", "heard_texts"]

HEARD_BY = "heard_by"  # among the settings of an input
_WORDS = {"from": str, "column": str, "sha256": str, "copy_weights": bool}


@dataclass(frozen=True)
class HeardBy:
    """A text that is transcribed where it is missing.

    Args:
        name: str, of the input.
        text: str, column of the texts.
        source: str, folder of the recogniser.
        sound: str, column of the sound or video.
        sha256: str, of its weights.
        copy_weights: bool, whether a bundle has a copy of it.
    """

    name: str
    text: str
    source: str
    sound: str
    sha256: str
    copy_weights: bool = True


def heard_texts(inputs: Mapping[str, Any]) -> Iterator[HeardBy]:
    """Yields the inputs of a complete recipe that are transcribed where they are missing."""
    for name, config in inputs.items():
        words = config.get(HEARD_BY)
        if words:
            yield HeardBy(
                name,
                config.get("column") or name,
                words["from"],
                words["column"],
                words["sha256"],
                words.get("copy_weights", True),
            )


def check_heard(config: Mapping[str, Any], where: str) -> None:
    """Raises RecipeError where `heard_by` of an input has settings that it cannot have."""
    words = config.get(HEARD_BY)
    if words is None:
        return
    place = f"{where}.{HEARD_BY}"
    arguments.check_mapping(place, words, "{from: models/whisper-tiny.en}")
    arguments.check_names(words, _WORDS, place)
    for key, value in words.items():
        arguments.convert(value, _WORDS[key], f"{place}.{key}")
    if not words.get("from"):
        raise RecipeError(
            f"{place} needs from, the folder of a recogniser. Got none. Write {place}.from."
        )
