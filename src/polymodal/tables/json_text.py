"""JSON of a cell or a small file, with a bound on how deep lists are nested."""

from __future__ import annotations

import json
from typing import Any

from polymodal.tables.bounds import MAX_DEPTH, deep_line

TOO_DEEP = f"lists and objects are nested more than {MAX_DEPTH} levels deep"


def parse_json(text: str | bytes) -> Any:
    """Returns the value of a JSON text.

    Raises:
        ValueError: it is not JSON, or nested deeper than `MAX_DEPTH`.

    Example:

    >>> parse_json('{"a": [1, 2]}')
    {'a': [1, 2]}
    """
    if isinstance(text, str):
        flat = text.encode("utf-8", "surrogatepass")
    else:
        flat = text
    if deep_line(flat.replace(b"\n", b" ")) is not None:
        raise ValueError(TOO_DEEP)
    try:
        return json.loads(text)
    except RecursionError:  # brackets that a quote too many hides
        raise ValueError(TOO_DEEP) from None
