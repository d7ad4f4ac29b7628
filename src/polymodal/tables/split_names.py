"""The names that people give to the parts of a split."""

from __future__ import annotations

_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "validate", "dev", "development", "eval", "evaluation"),
    "test": ("test", "testing"),
}


def split_name(text: str) -> str | None:
    """Returns "train", "val" or "test" for a usual name of that part, else None.

    Example:

    >>> split_name("Validation"), split_name("cat")
    ('val', None)
    """
    word = text.strip().lower()
    return next((name for name, words in _NAMES.items() if word in words), None)
