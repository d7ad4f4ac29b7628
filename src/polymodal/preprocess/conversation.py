"""Conversations: the messages before an answer as ids, with places for images and sounds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.counting import counted
from polymodal.preprocess.modality import Modality, check_range
from polymodal.text.dialogue.messages import KINDS, from_cell, parts_of, to_cell
from polymodal.text.dialogue.texts import Texts

__all__ = ["Conversation"]

_USUAL_LENGTH = 1024  # ids of a prompt that are worth keeping


class Conversation(Modality):
    """The messages before an answer as ids (time,), as a chat template writes them.

    The place of an image is -1, that of a sound -2, of a video -3; the fusion puts their tokens
    there. A conversation that is too long loses whole turns, the oldest first, but no system
    message. Of a last message that is too long alone, the beginning of its text is cut. No place is
    cut, nor anything of what comes there.

    The tokenizer is the decoder's: the target learns it, or it comes with an imported decoder.

    Args:
        max_length: int, ids that are kept; None takes it from the longest of the train split, up to
            1,024.
    """

    encoder = "ids"
    is_text = True
    has_time = True
    dtype = np.int32

    def __init__(self, max_length: int | None = None):
        check_range(
            "Conversation", "max_length", 16 if max_length is None else max_length, 16, 1_000_000
        )
        self.limit: int | None = max_length
        self._texts: Texts | None = None

    @property
    def texts(self) -> Texts:
        """What turns messages into ids."""
        if self._texts is None:
            raise RecipeError("Conversation needs a tokenizer. Got none. Fit the target first.")
        return self._texts

    def take(self, texts: Texts) -> None:
        """Takes the texts of the decoder."""
        self._texts = texts

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None,)

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> str:
        """Returns the messages as JSON in one plain form."""
        return to_cell(from_cell(cell))

    def fit(self, decoded: Iterable[str]) -> None:
        """Learns how many ids a prompt has."""
        longest = max((len(self._ids(one)) for one in decoded), default=16)
        if self.limit is None:
            self.limit = min(max(16, longest), _USUAL_LENGTH)

    def encode(self, decoded: str) -> np.ndarray:
        """Returns int32 (time,): all but the last id, after which the answer starts."""
        return np.array(self.kept(from_cell(decoded))[0], np.int32)

    def kept(self, messages: Sequence[Mapping[str, Any]]) -> tuple[list[int], int]:
        """Returns the ids of messages, and how many of the messages are left out.

        Args:
            messages: list of {"role", "content"}.
        """
        rest = list(messages)
        while True:
            ids = self.texts.conversation(rest)[:-1]
            if self.limit is None or len(ids) <= self.limit:
                return ids, len(messages) - len(rest)
            shorter = _without_a_turn(rest)
            if len(shorter) == len(rest):
                return _ends(ids, self.limit), len(messages) - len(rest)
            rest = shorter

    def length(self, decoded: str) -> int:
        return len(self.encode(decoded))

    def truncated(self, decoded: str) -> bool:
        return self.limit is not None and len(self._ids(decoded)) > self.limit

    def what_is_cut(self, decoded: str) -> str:
        messages = from_cell(decoded)
        _, count = self.kept(messages)
        if not count:
            return "the beginning of its last message is cut off"
        spoken = [one for one in messages if one["role"] != "system"]
        parts = [part["type"] for one in spoken[:count] for part in parts_of(one["content"])]
        media = "".join(
            f", with {counted(parts.count(kind), kind)}" for kind in KINDS if kind in parts
        )
        return f"its oldest {counted(count, 'message')} are left out{media}"

    def state(self) -> dict[str, Any]:
        return {**self.texts.state(), "max_length": self.limit}

    def restore(self, state: dict[str, Any]) -> None:
        self._texts = Texts.restored(state)
        self.limit = Fields(state).whole_or_none("max_length", 1, 1_000_000)

    def _ids(self, decoded: str) -> list[int]:
        return self.texts.conversation(from_cell(decoded))[:-1]


def _without_a_turn(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Returns messages without the oldest turn: a question and all up to the next one."""
    system = [one for one in messages if one["role"] == "system"]
    rest = [one for one in messages if one["role"] != "system"]
    asked = [place for place, one in enumerate(rest) if one["role"] == "user"]
    if len(asked) < 2:
        return list(messages)
    return [*system, *rest[asked[1] :]]


def _ends(ids: Sequence[int], limit: int) -> list[int]:
    """Returns the last ids, and all places of media before them."""
    places = sum(one < 0 for one in ids)
    room, kept = max(0, limit - places), []
    for one in reversed(ids):
        if one < 0 or room > 0:
            kept.append(one)
        room -= one >= 0
    return kept[::-1]
