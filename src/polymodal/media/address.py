"""Content as a `data:` address: a page then holds its pictures and sounds itself."""

from __future__ import annotations

import base64

__all__ = ["data_uri"]


def data_uri(mime: str, content: bytes) -> str:
    """Returns content as an address that browsers and media cells read.

    Args:
        mime: str, its type, such as "image/png".
        content: bytes.

    Example:

    >>> data_uri("text/plain", b"hello")
    'data:text/plain;base64,aGVsbG8='
    """
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
