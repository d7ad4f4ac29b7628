"""ShareGPT conversations: turns from human and gpt, in one JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.tables.conversations import Said, bad, rows_of
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats._rows import Orphans, stream_inferred

__all__ = ["read_sharegpt"]

_ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "assistant": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "system": "system",
    "tool": "tool",
    "function_call": "assistant",
    "observation": "tool",
}


def read_sharegpt(path: Path) -> pa.RecordBatchReader:
    """ShareGPT JSON, a list of `{"id", "conversations": [{"from", "value"}]}`: one row per answer.

    Columns are `conversation` (the messages before the answer), `response` and `turn`.
    """
    orphans = Orphans(path.name)
    return stream_inferred(lambda: _rows(path, orphans), path.stat().st_size, path.name)


def _rows(path: Path, orphans: Orphans) -> Iterator[dict[str, Any]]:
    for number, (_, item) in enumerate(json_items(path), start=1):
        place = f"entry {number}"
        turns = item.get("conversations") if isinstance(item, dict) else None
        if not isinstance(turns, list):
            raise bad(path.name, place, 'a list "conversations"', item, "Fix that entry.")
        said = [
            _said(path, f"{place}, turn {index}", turn) for index, turn in enumerate(turns, start=1)
        ]
        own = item.get("system")
        if isinstance(own, str) and own:
            said.insert(0, Said("system", own))
        yield from rows_of(said, place, orphans.add)
    orphans.warn()


def _said(path: Path, place: str, turn: Any) -> Said:
    who, text = (turn.get("from"), turn.get("value")) if isinstance(turn, dict) else (None, None)
    if who not in _ROLES or not isinstance(text, str):
        raise bad(
            path.name, place, '"from" (human or gpt) and a text "value"', turn, "Fix that turn."
        )
    return Said(_ROLES[who], text)
