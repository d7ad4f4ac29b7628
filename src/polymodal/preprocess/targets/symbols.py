"""A sequence of symbols: words of a sentence, or one answer per step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from polymodal.core.contracts.target import Target
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.preprocess.targets.labels import LabelIndex, sorted_labels, spell
from polymodal.text.cleaning import clean_text
from polymodal.text.words import join_words, split_words

__all__ = ["SymbolsTarget"]

UNKNOWN, END = "<unknown>", "<end>"
_NO_SYMBOL = -1


class SymbolsTarget(Target):
    """The symbols of a row as indices, int32 (time,).

    Outputs of the model are the symbols and, unless aligned, `<unknown>` and `<end>`. The decoder
    is also fed `start_id`, one number above its outputs, which it never emits.

    Args:
        aligned: bool, True for one symbol per input step: no end, and a step may have none (None).
            False for sequences with a length of their own, ended by `end_id`.
        split: str, how a cell that is a text becomes symbols: word or character.
        lowercase: bool, whether capitals of a text become small letters.
        max_symbols: int, symbols that are kept, the most frequent ones.
        max_length: int, longer sequences are cut there, the end included; the longest sequence of
            train lowers it.

    Example:

    >>> target = SymbolsTarget()
    >>> target.fit(["a red ball"])
    >>> target.encode("A ball").tolist(), target.start_id
    ([0, 1, 4], 5)
    >>> target.decode([0, 2, 4, 0])
    'a red'
    """

    has_time = True
    dtype = np.int32
    shape = (None,)
    is_fed_back = True

    def __init__(
        self,
        aligned: bool = False,
        split: Literal["word", "character"] = "word",
        lowercase: bool = True,
        max_symbols: int = 10_000,
        max_length: int = 256,
    ):
        if split not in ("word", "character"):
            raise RecipeError(f"SymbolsTarget needs split word or character. Got {split!r}.")
        if max_length < 2 or max_symbols < 1:
            raise RecipeError(
                "SymbolsTarget needs max_length from 2 and max_symbols from 1. "
                f"Got {max_length} and {max_symbols}."
            )
        self.aligned, self.split, self.lowercase = aligned, split, lowercase
        self.max_symbols, self.max_length = max_symbols, max_length
        self.from_text = True
        self._index = LabelIndex([])

    @property
    def labels(self) -> list[str]:
        """Symbols in the order of the model's outputs."""
        return self._index.labels

    @property
    def num_outputs(self) -> int:
        """Number of outputs; ids that are fed are one more."""
        return len(self.labels)

    @property
    def start_id(self) -> int:
        """What is before the first symbol."""
        return len(self.labels)

    @property
    def end_id(self) -> int | None:
        """What ends a sequence; None when aligned."""
        if self.aligned:
            return None
        return len(self.labels) - 1

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the symbols of the train split, and whether cells are texts or lists.

        Raises:
            DataError: there is no symbol.
        """
        counts: Counter = Counter()
        texts, longest = True, 1
        for value in values:
            if value is not None:
                texts = texts and isinstance(value, str)
                symbols = self._symbols(value)
                longest = max(longest, len(symbols))
                counts.update(symbol for symbol in symbols if symbol is not None)
        if not self.aligned:  # aligned sequences are as long as their inputs
            self.max_length = min(self.max_length, max(2, longest + 1))
        if not counts:
            raise DataError(
                "has no symbol in train.", "Name another target.", reason="single_label"
            )
        self.from_text = texts
        special = [] if self.aligned else [UNKNOWN, END]
        ranked = sorted(set(counts) - set(special), key=lambda symbol: (-counts[symbol], symbol))
        self._index = LabelIndex(sorted_labels(ranked[: self.max_symbols]) + special)

    def read(self, value: Any) -> Sequence[str | None]:
        """Returns the symbols of a cell, whether train has them or not.

        Raises:
            DataError: the cell is not a sequence.
        """
        return self._symbols(value)

    def encode(self, value: Any) -> np.ndarray:
        """Returns the indices of the symbols, int32 (time,), with `end_id` last unless aligned.

        Raises:
            DataError: the cell is not a sequence; or, aligned, train lacks one of its symbols.
        """
        symbols = self._symbols(value)
        if self.aligned:
            indices = [_NO_SYMBOL if s is None else self._index[s] for s in symbols]
            return np.array(indices[: self.max_length], np.int32)
        unknown, end = self.num_outputs - 2, self.num_outputs - 1
        found = [self._index.spelled(str(s)) for s in symbols[: self.max_length - 1]]
        return np.array([*(unknown if i is None else i for i in found), end], np.int32)

    def previous(self, targets: np.ndarray) -> np.ndarray:
        """Returns what the decoder is fed in training: the start, then all targets but the last.

        Args:
            targets: int32 (batch, time).
        """
        start = np.full_like(targets[:, :1], self.start_id)
        return np.concatenate([start, targets[:, :-1]], axis=1)  # (batch, time)

    def truncated(self, value: Any) -> bool:
        """Returns whether `encode` truncates the cell."""
        return len(self._symbols(value)) > self.max_length - (0 if self.aligned else 1)

    def num_valid(self, encoded: np.ndarray) -> int:
        """Returns how many steps have a symbol."""
        return int((encoded >= 0).sum())

    def decode(self, indices: Iterable[int]) -> str | list[str | None]:
        """Returns the symbols before the first end: a text if train held texts, else a list."""
        symbols: list[str | None] = []
        for index in np.asarray(indices).tolist():
            if index == self.end_id or index >= len(self.labels):
                break
            symbols.append(self.labels[index] if index >= 0 else None)
        if not self.from_text or self.aligned:
            return symbols
        texts = [str(symbol) for symbol in symbols]
        if self.split == "word":
            return join_words(texts)
        return "".join(texts)

    def given(self) -> dict[str, Any]:
        """Returns what a decoder has to know of the symbols."""
        return {"aligned": self.aligned, "end_id": self.end_id, "max_length": self.max_length}

    def state(self) -> dict[str, Any]:
        """Returns the symbols."""
        return {"labels": self.labels, "from_text": self.from_text, "max_length": self.max_length}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        fields = Fields(state)
        self._index = LabelIndex(fields.texts("labels"))
        self.from_text = fields.flag("from_text")
        self.max_length = fields.whole("max_length", 1, 1_000_000)

    def _symbols(self, value: Any) -> list[str | None]:
        if isinstance(value, str):
            text = clean_text(value, self.lowercase)
            return list(split_words(text) if self.split == "word" else text)
        if not isinstance(value, list | tuple | np.ndarray):
            raise DataError(
                f"needs a text or a list of symbols. Got {type(value).__name__}.",
                "Check the target, or set task: classification.",
                reason="not_a_list",
            )
        if not len(value):
            raise DataError(
                "has 0 symbols.", "Leave the cell empty if it is missing.", reason="empty_sequence"
            )
        symbols = [None if symbol is None else spell(symbol) for symbol in value]
        if self.aligned:
            return symbols
        return [symbol for symbol in symbols if symbol is not None]
