"""The tokenizer of an imported checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.visible import one_line

__all__ = ["PretrainedTokenizer"]


class PretrainedTokenizer:
    """The tokenizer of an imported checkpoint, to the letter. Comes with `encoder: {from: ...}`.

    It takes text as it is, cleans it as its encoder was trained with, and adds special tokens.
    """

    takes_raw = True
    max_length = 512

    def __init__(self):
        self._text: str | None = None
        self._whole: Tokenizer | None = None
        self._cut: tuple[int, Tokenizer] | None = None  # its limit, and one that keeps it
        self._size = 2
        self.padding: int | None = None

    @property
    def vocabulary_size(self) -> int:
        """Number of ids that the encoder has a vector for."""
        return self._size

    def fit(self, texts: Iterable[str]) -> None:
        """Learns nothing.

        Raises:
            RecipeError: it was not restored.
        """
        self._library()

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, special tokens included."""
        return self._library().encode(text).ids

    def encode_within(self, text: str, limit: int | None) -> list[int]:
        """Returns at most `limit` ids; what is cut is text, never special tokens.

        An encoder that reads padding as tokens gets exactly `limit`.
        """
        if limit is None:
            return self.encode(text)
        if self._cut is None or self._cut[0] != limit:
            tokenizer = _read(str(self._text))
            tokenizer.enable_truncation(limit)
            self._cut = limit, tokenizer
        ids = self._cut[1].encode(text).ids
        if self.padding is None:
            return ids
        return ids + [self.padding] * (limit - len(ids))

    def unknown_share(self, texts: Iterable[str]) -> float:
        """Returns the share of the tokens of texts that are unknown, special ones not counted."""
        unknown = _unknown_id(self._library())
        if unknown is None:
            return 0.0
        counts = np.zeros(2, int)
        for text in texts:
            ids = np.array(self._library().encode(text, add_special_tokens=False).ids, int)
            counts += [int((ids == unknown).sum()), len(ids)]
        return float(counts[0] / max(1, counts[1]))

    def state(self) -> dict[str, Any]:
        """Returns the library's JSON text, the number of ids, and the id that pads, or None."""
        return {"tokenizer": self._text, "vocabulary_size": self._size, "padding": self.padding}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        fields = Fields(state)
        self._text = fields.text_or_none("tokenizer")
        self._size = fields.whole("vocabulary_size", 1, 10_000_000)
        self.padding = None
        if "padding" in fields:
            self.padding = fields.whole_or_none("padding", 0, self._size - 1)
        self._cut = None
        self._whole = None if self._text is None else _read(self._text)

    def _library(self) -> Tokenizer:
        if self._whole is None:
            raise RecipeError(
                'The tokenizer "pretrained" needs an imported model. Got none. '
                "Write encoder: {from: FOLDER}, with the folder that `polymodal "
                "import --out` wrote."
            )
        return self._whole


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    """Returns the id of what a tokenizer does not know, or None where it knows all texts."""
    model = json.loads(tokenizer.to_str())["model"]
    if model.get("unk_token"):
        return tokenizer.token_to_id(model["unk_token"])
    return model.get("unk_id")


def _read(text: str) -> Tokenizer:
    """Returns the library's tokenizer, which neither pads nor cuts."""
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the library raises bare Exception
        raise BundleError(
            'needs "tokenizer" to be a tokenizer as JSON. Got a text that is none '
            f"({one_line(error)[:200]}). Take the bundle from its source "
            "again."
        ) from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
