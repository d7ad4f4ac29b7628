"""One id for each byte of UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["ByteTokenizer"]


class ByteTokenizer:
    """One id for each byte of UTF-8: nothing is learned and nothing is unknown.

    Example:

    >>> ByteTokenizer().encode("ab")
    [99, 100]
    """

    max_length = 2048
    vocabulary_size = 258  # padding, unknown, 256 bytes

    def fit(self, texts: Iterable[str]) -> None:
        """Learns nothing."""

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a cleaned text."""
        return [2 + byte for byte in text.encode("utf-8")]

    def state(self) -> dict[str, Any]:
        """Returns nothing to keep."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
