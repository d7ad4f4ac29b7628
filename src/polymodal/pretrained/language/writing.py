"""Text as a language model writes it, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from polymodal.core.seeds import generator
from polymodal.model.generation.choice import Choice
from polymodal.text.dialogue.texts import Texts

__all__ = ["new_ids", "pieces"]

_BLOCK = 64  # prompts are padded to multiples of it, so that few shapes are compiled
_INCOMPLETE = "\ufffd"  # what a decoder gives for some bytes of a character


def new_ids(
    decoder: Any, embed: Any, prompt: Sequence[int], num_steps: int, choice: Choice, seed: int
) -> Iterator[int]:
    """Yields the ids that follow a prompt, one after the other.

    Args:
        decoder: ContinuedDecoder.
        embed: function from ids (1, time) to embeddings.
        prompt: ids, at least one.
        num_steps: int, most ids.
        choice: Choice, without a beam.
        seed: int, of sampling.
    """
    before = list(prompt[:-1])
    time = max(_BLOCK, -(-len(before) // _BLOCK) * _BLOCK)
    ids, mask = np.zeros((1, time), np.int32), np.zeros((1, time), bool)
    if before:
        ids[0, -len(before) :], mask[0, -len(before) :] = before, True
    noise = None
    if choice.temperature:
        drawn = generator(seed).random((1, 1, num_steps), np.float32)
        noise = keras.ops.convert_to_tensor(drawn)
    start = keras.ops.convert_to_tensor(np.array(prompt[-1:], np.int32))
    memory = embed(keras.ops.convert_to_tensor(ids))
    there = keras.ops.convert_to_tensor(mask)
    yield from decoder.steps(memory, there, start, num_steps, choice, noise)


def pieces(texts: Texts, ids: Iterable[int], stop: Sequence[str] = ()) -> Iterator[str]:
    """Yields the text of ids as it grows, up to a stop id or the first of the stop strings.

    Args:
        texts: Texts.
        ids: as `new_ids` yields them.
        stop: texts before which the answer ends. What may be the beginning of one waits.
    """
    found: list[int] = []
    text, sent = "", 0
    for one in ids:
        if one in texts.stop_ids:
            break
        found.append(one)
        text = texts.text(found)
        ends = [text.find(word, sent) for word in stop if word in text[sent:]]
        if ends:
            text = text[: min(ends)]
            break
        safe = len(text) - _held(text, stop)
        if safe > sent:
            yield text[sent:safe]
            sent = safe
    if text[sent:]:
        yield text[sent:]


def _held(text: str, stop: Sequence[str]) -> int:
    """Returns how many letters at the end may still change, or begin a stop string."""
    held = len(text) - len(text.rstrip(_INCOMPLETE))
    for word in stop:
        begun = (size for size in range(len(word) - 1, 0, -1) if text.endswith(word[:size]))
        held = max(held, next(begun, 0))
    return held
