"""The meaning of arguments comes from docstrings."""

from __future__ import annotations

from polymodal.core.described import described


class Filter:
    """Smooths a signal.

    Args:
        window_seconds: float, length of the window,
            in seconds.
        low, high: int, borders in hertz.
        name: str or None.

    Raises:
        ValueError: never.
    """

    def __init__(
        self,
        window_seconds: float,
        low: int = 20,
        high: int = 8000,
        name: str | None = None,
        extra: bool = True,
    ):
        pass


def test_each_argument_has_its_text_on_one_line_with_its_default():
    assert described(Filter) == {
        "window_seconds": "float, length of the window, in seconds.",
        "low": "int, borders in hertz (default: 20)",
        "high": "int, borders in hertz (default: 8000)",
        "name": "str or None.",
        "extra": "(default: True)",
    }


def test_a_class_without_a_docstring_has_names_alone():
    class Plain:
        def __init__(self, dim: int):
            pass

    assert described(Plain) == {"dim": ""}
