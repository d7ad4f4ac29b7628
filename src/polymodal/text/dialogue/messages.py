"""Messages of a conversation: who says what, with images, sounds and videos between the words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.errors import DataError

__all__ = ["BREAK", "KINDS", "ROLES", "from_cell", "parts_of", "text_of", "to_cell"]

ROLES = ("system", "user", "assistant", "tool")
KINDS = ("image", "audio", "video")  # of media; their order gives the ids of their places
BREAK = -1 - len(KINDS)  # among ids: another conversation begins behind it
_TEXT = "text"


def parts_of(content: Any) -> list[dict[str, str]]:
    """Returns the content of a message as parts: {"type": "text", "text"} or {"type": a kind}.

    Raises:
        DataError: it is neither a text nor a list of parts.
    """
    if isinstance(content, str):
        return [{"type": _TEXT, "text": content}]
    if not isinstance(content, Sequence):
        raise _bad('"content" as a text or a list of parts', content)
    return [_part(part) for part in content]


def _part(part: Any) -> dict[str, str]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind == _TEXT and isinstance(part.get("text"), str):
        return {"type": _TEXT, "text": part["text"]}
    if kind in KINDS:
        return {"type": str(kind)}
    raise _bad(f"parts of type {', '.join((_TEXT, *KINDS))}", part)


def text_of(content: Any) -> str:
    """Returns the words of a message, without its media."""
    return "".join(part.get("text", "") for part in parts_of(content)).strip()


def to_cell(messages: Sequence[Mapping[str, Any]]) -> str:
    """Returns messages as the cell of a table: JSON.

    Example:

    >>> to_cell([{"role": "user", "content": "Hello"}])
    '[{"role": "user", "content": "Hello"}]'
    """
    return json.dumps(
        [{"role": one["role"], "content": one["content"]} for one in messages], ensure_ascii=False
    )


def from_cell(cell: Any) -> list[dict[str, Any]]:
    """Returns the messages of a cell: JSON, a list of messages, or a text that a user says.

    Raises:
        DataError: it is none of these, or has no message.
    """
    if isinstance(cell, str):
        cell = _parsed(cell)
    if not isinstance(cell, Sequence) or not cell:
        raise _bad("a list of messages", cell)
    return [_message(one) for one in cell]


def _parsed(text: str) -> Any:
    if not text.lstrip().startswith("["):
        return [{"role": "user", "content": text}]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
        return found
    return [{"role": "user", "content": text}]  # such as "[1, 2] is what?"


def _message(one: Any) -> dict[str, Any]:
    role = one.get("role") if isinstance(one, Mapping) else None
    if role not in ROLES:
        raise _bad(f'messages with a "role", one of {", ".join(ROLES)}', one)
    parts = parts_of(one.get("content"))
    if all(part["type"] == _TEXT for part in parts):
        return {"role": role, "content": "".join(part["text"] for part in parts)}
    return {"role": role, "content": parts}


def _bad(expected: str, found: Any) -> DataError:
    return DataError(
        f"needs {expected}. Got {str(found)[:80]!r}.",
        'Write [{"role": "user", "content": "..."}].',
        reason="bad_messages",
    )
