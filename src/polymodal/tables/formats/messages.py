"""Conversations as OpenAI's fine-tuning takes them: a list of messages in each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.bounds import bounded_lines
from polymodal.tables.conversations import rows_of_entry
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats._rows import Orphans, stream_inferred
from polymodal.tables.json_text import parse_json

__all__ = ["read_messages"]


def read_messages(path: Path) -> pa.RecordBatchReader:
    """JSON lines of `{"messages": [{"role", "content"}]}`, or a JSON list of them: one row per
    answer.

    `content` is a text, or a list of parts: `{"type": "text", "text"}`, `{"type": "image_url",
    "image_url": {"url"}}`, `{"type": "input_audio", "input_audio": {"data", "format"}}`, and the
    short `{"type": "image", "image": path}`, also of audio and video. Images and sounds are paths
    or data URIs. Answers of `"weight": 0` are said before others, and are no rows. Columns are
    `conversation` (the messages before the answer), `response`, `image`, `audio` and `video` where
    there are any, `turn`, and further plain values of a line or of an answer, such as `kind`.
    """
    orphans = Orphans(path.name)
    return stream_inferred(lambda: _rows(path, orphans), path.stat().st_size, path.name)


def _rows(path: Path, orphans: Orphans) -> Iterator[dict[str, Any]]:
    for place, value in _entries(path):
        yield from rows_of_entry(value, place, orphans.add, path.name)
    orphans.warn()


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    """Yields the place of each conversation in the file, and the conversation."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        first = next((line.lstrip() for line in file if line.strip()), "")
    if first.startswith("["):
        for number, (_, item) in enumerate(json_items(path), start=1):
            yield f"entry {number}", item
        return
    with open(path, "rb") as lines:
        for number, line in enumerate(bounded_lines(lines, path.name), start=1):
            if line.strip():
                yield f"line {number}", _parsed(path.name, number, line)


def _parsed(name: str, number: int, line: bytes) -> Any:
    try:
        return parse_json(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(
            f"needs one JSON object per line. Line {number} is not one: {error}.",
            "Fix that line.",
            path=name,
            reason="unreadable_table",
        ) from None
