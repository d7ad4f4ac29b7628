"""Text for a published encoder: its own tokenizer, to the letter."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from polymodal.core.errors import BundleError, DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.visible import one_line
from polymodal.preprocess.modality import Modality, check_range

__all__ = ["PretrainedText"]

_MOST_UNKNOWN = 0.05  # of the tokens of train, before a person is told


class PretrainedText(Modality):
    """Text as the ids of an imported tokenizer, its special tokens included.

    The text is taken as it is: the tokenizer cleans and splits it as its encoder was trained with.

    Args:
        max_length: int, tokens kept of one text, special ones included; None is the checkpoint's
            own limit, which is also the most.
    """

    has_time = True
    dtype = np.int32

    def __init__(self, max_length: int | None = None):
        check_range("PretrainedText", "max_length", 8 if max_length is None else max_length, 3,
                    1_000_000)
        self.limit = self._most = max_length
        self._tokenizer: Tokenizer | None = None
        self._unknown_id: int | None = None
        self._vocabulary_size = 2
        self._unknown_share = 0.0

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (None,)

    @property
    def vocabulary_size(self) -> int:
        """Number of ids that the encoder has a vector for."""
        return self._vocabulary_size

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> str:
        """Returns the text; a list of texts is joined by spaces."""
        if isinstance(cell, list | tuple):
            cell = " ".join(str(part) for part in cell if part is not None)
        if isinstance(cell, bytes | dict):
            raise DataError(f"needs text. Got {type(cell).__name__}.",
                            "Check the modality of this column.", reason="not_text")
        return str(cell)

    def fit(self, decoded: Iterable[str]) -> None:
        """Counts what the tokenizer does not know; nothing is learned."""
        tokens = unknown = 0
        for text in decoded:
            ids = self._encoded(text).ids
            tokens += len(ids)
            unknown += ids.count(self._unknown_id) if self._unknown_id is not None else 0
        self._unknown_share = unknown / max(1, tokens)

    def notes(self) -> list[str]:
        if self._unknown_share <= _MOST_UNKNOWN:
            return []
        return [f"{self._unknown_share:.0%} of the tokens are unknown to the imported tokenizer. "
                "Check that it was made for this language."]

    def encode(self, decoded: str) -> np.ndarray:
        """Returns int32 (time,)."""
        return np.array(self._encoded(decoded).ids, np.int32)

    def length(self, decoded: str) -> int:
        return len(self._encoded(decoded).ids)

    def truncated(self, decoded: str) -> bool:
        return bool(self._encoded(decoded).overflowing)

    def state(self) -> dict[str, Any]:
        """Returns the tokenizer as the library's JSON text, and the limits."""
        text = self._tokenizer.to_str() if self._tokenizer else None
        return {"tokenizer": text, "max_length": self.limit, "unknown_id": self._unknown_id,
                "vocabulary_size": self._vocabulary_size}

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        text = fields.text_or_none("tokenizer")
        self._unknown_id = fields.whole_or_none("unknown_id", 0, 10_000_000)
        self._vocabulary_size = fields.whole("vocabulary_size", 1, 10_000_000)
        limit = fields.whole_or_none("max_length", 1, 1_000_000)
        self.limit = _smaller(self._most, limit)
        if text is None:
            return
        try:
            self._tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # the library raises bare Exception
            raise BundleError('needs "tokenizer" to be a tokenizer as JSON. Got a text that is '
                              f"none ({one_line(error)[:200]}). Take the bundle from its source "
                              "again.") from None
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if self.limit is not None:
            self._tokenizer.enable_truncation(self.limit)

    def _encoded(self, text: str) -> Any:
        if self._tokenizer is None:
            raise RecipeError("PretrainedText needs the tokenizer of an imported model. Got none. "
                              "Write encoder: {from: FOLDER}, with the folder that `polymodal "
                              "import` wrote.")
        return self._tokenizer.encode(text)


def _smaller(first: int | None, second: int | None) -> int | None:
    known = [value for value in (first, second) if value is not None]
    return min(known, default=None)
