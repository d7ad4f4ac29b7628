"""What the tokenizers that are learned with the `tokenizers` library share."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tokenizers import Tokenizer

from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.visible import one_line

# Control characters never survive cleaning, so no text can spell these two.
PADDING, UNKNOWN = "\x00padding", "\x00unknown"  # ids 0 and 1


class LibraryTokenizer(ABC):
    """A tokenizer whose vocabulary is learned from texts; its state is the library's own JSON.

    Args:
        max_vocabulary: int, different ids at most, padding and unknown included.
        min_count: int, what occurs less often in train is unknown.
    """

    max_length = 512  # tokens of one text that are worth keeping by default

    def __init__(self, max_vocabulary: int, min_count: int):
        self.max_vocabulary, self.min_count = max_vocabulary, min_count
        self._tokenizer: Tokenizer | None = None

    @abstractmethod
    def _untrained(self) -> Tokenizer:
        """Returns the tokenizer before it has seen text."""

    @abstractmethod
    def _trainer(self) -> Any:
        """Returns the library's trainer for it."""

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, padding and unknown included."""
        if self._tokenizer:
            return self._tokenizer.get_vocab_size()
        return 2

    def fit(self, texts: Iterable[str]) -> None:
        """Learns the vocabulary from cleaned texts."""
        tokenizer = self._untrained()
        tokenizer.train_from_iterator(iter(texts), self._trainer())
        self._tokenizer = tokenizer

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a cleaned text."""
        if self._tokenizer is None:
            raise RecipeError(
                f"{type(self).__name__} needs a vocabulary. Got none. Call fit or restore first."
            )
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def state(self) -> dict[str, Any]:
        """Returns the library's JSON text; None before `fit`."""
        return {"tokenizer": self._tokenizer.to_str() if self._tokenizer else None}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        text = Fields(state).text_or_none("tokenizer")
        try:
            self._tokenizer = None if text is None else Tokenizer.from_str(self._checked(text))
        except BundleError:
            raise
        except Exception as error:  # the library raises bare Exception
            raise BundleError(
                f'needs "tokenizer" to be a {type(self).__name__} as JSON. Got a text that is none '
                f"({one_line(error)}). Take the bundle from its source again."
            ) from None

    def _checked(self, text: str) -> str:
        """Returns the JSON of a tokenizer that differs from an untrained one in its words alone.

        The library would do what else it says, such as pad each text to a billion tokens.
        """
        try:
            found, usual = json.loads(text), json.loads(self._untrained().to_str())
        except RecursionError:
            raise ValueError("nested too deep") from None
        model = found["model"]
        ids = model["vocab"]
        special = [(one["id"], one["content"]) for one in found["added_tokens"]]
        same = _same_but(found, usual, ("model", "added_tokens"))
        same &= _same_but(model, usual["model"], ("vocab", "merges"))
        if not same or special != [(0, PADDING), (1, UNKNOWN)]:
            raise ValueError("its settings are not those of this tokenizer")
        if sorted(ids.values()) != list(range(len(ids))):
            raise ValueError("its words are not numbered from 0")
        return text


def _same_but(
    found: Mapping[str, Any], usual: Mapping[str, Any], left_out: Collection[str]
) -> bool:
    return all(found.get(key) == usual[key] for key in usual if key not in left_out)
