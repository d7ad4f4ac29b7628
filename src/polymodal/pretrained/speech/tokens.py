"""Tokens of a published recogniser: its texts, languages, tasks and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tokenizers import Tokenizer

from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.lookup import unknown
from polymodal.core.printed.visible import one_line

__all__ = ["Tokens"]

_WHOLE = ("start_id", "end_id", "timeless_id")
_OPTIONAL = ("transcribe_id", "translate_id", "silent_id", "latest_start")
_LISTS = ("suppressed", "suppressed_first")


@dataclass
class Tokens:
    """What the ids of a recogniser mean. Those from `timeless_id + 1` on are times.

    Args:
        tokenizer: Tokenizer of the library.
        start_id: int, what every transcript begins with.
        end_id: int, what it ends with; ids below it are text.
        timeless_id: int, says that no times follow.
        transcribe_id: int, the task of transcription, or None for a model of one language.
        translate_id: int, the task of translation into English, or None.
        silent_id: int, whose probability at the start is that of no speech, or None.
        latest_start: int, steps of time that the first one may be at most, or None.
        suppressed: ids that are never written.
        suppressed_first: ids that are not written first.
        languages: {code: id}, such as {"en": 50259}; empty for a model of one language.
        aligned_heads: (block, head) pairs whose attention follows the sound.
    """

    tokenizer: Tokenizer
    start_id: int
    end_id: int
    timeless_id: int
    transcribe_id: int | None = None
    translate_id: int | None = None
    silent_id: int | None = None
    latest_start: int | None = None
    suppressed: Sequence[int] = ()
    suppressed_first: Sequence[int] = ()
    languages: Mapping[str, int] = field(default_factory=dict)
    aligned_heads: Sequence[tuple[int, int]] = ()

    @property
    def first_time(self) -> int:
        """Id of the time 0."""
        return self.timeless_id + 1

    def prompt(self, language: str | None, timed: bool, translate: bool = False) -> list[int]:
        """Returns the ids before a transcript.

        Args:
            language: str, a code such as "en"; None for a model of one language.
            timed: bool, whether times are written.
            translate: bool, whether it is a translation into English.

        Raises:
            RecipeError: a language or a task that the model does not have.
        """
        ids = [self.start_id]
        if self.languages:
            ids += [self._language(language), self._task(translate)]
        elif translate or language not in (None, "en"):
            asked = "a translation" if translate else f'the language "{language}"'
            raise RecipeError(
                f"This model transcribes English only. Got {asked}. Use a multilingual model."
            )
        if timed:
            return ids
        return [*ids, self.timeless_id]

    def text(self, ids: Sequence[int]) -> str:
        """Returns the text of ids, without times and other special tokens."""
        return self.tokenizer.decode(
            [one for one in ids if one < self.end_id], skip_special_tokens=False
        )

    def state(self) -> dict[str, Any]:
        """Returns a JSON mapping from which `restored` makes the same."""
        found = {name: getattr(self, name) for name in (*_WHOLE, *_OPTIONAL)}
        return {
            "tokenizer": self.tokenizer.to_str(),
            **found,
            **{name: list(getattr(self, name)) for name in _LISTS},
            "languages": dict(self.languages),
            "aligned_heads": [list(pair) for pair in self.aligned_heads],
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Tokens:
        """Returns what `state` was called on.

        Raises:
            BundleError: it is something else.
        """
        fields = Fields(state)
        try:
            tokenizer = Tokenizer.from_str(state["tokenizer"])
        except Exception as error:  # the library raises bare Exception
            raise BundleError(
                f'"tokenizer" is not a tokenizer ({one_line(error)[:200]}).'
            ) from None
        whole = {name: fields.whole(name, 0, 10**7) for name in _WHOLE}
        optional = {
            name: fields.whole(name, 0, 10**7) for name in _OPTIONAL if state.get(name) is not None
        }
        return cls(
            tokenizer,
            **whole,
            **optional,
            **{name: [int(one) for one in state[name]] for name in _LISTS},
            languages={str(code): int(one) for code, one in state["languages"].items()},
            aligned_heads=[(int(block), int(head)) for block, head in state["aligned_heads"]],
        )

    def _language(self, language: str | None) -> int:
        if language is None:
            raise RecipeError(
                "A multilingual model needs a language. Got none. Pass one, such as "
                '"en", or let it be detected.'
            )
        if language not in self.languages:
            raise RecipeError(unknown("language", language, list(self.languages)))
        return self.languages[language]

    def _task(self, translate: bool) -> int:
        found = self.translate_id if translate else self.transcribe_id
        if found is None:
            raise RecipeError("This model has no token for that task. Leave out translation.")
        return found
