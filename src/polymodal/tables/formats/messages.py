"""Conversations as OpenAI's fine-tuning takes them: a list of messages in each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.conversations import bad, is_fact, rows_of, said
from polymodal.tables.formats._rows import Orphans, stream_inferred
from polymodal.tables.json_text import parse_json

__all__ = ["read_messages"]


def read_messages(path: Path) -> pa.RecordBatchReader:
    """JSON lines of `{"messages": [{"role", "content"}]}`: one row per answer.

    `content` is a text, or a list of parts: `{"type": "text", "text"}`, `{"type": "image_url",
    "image_url": {"url"}}`, `{"type": "input_audio", "input_audio": {"data", "format"}}`, and the
    short `{"type": "image", "image": path}`, also of audio and video. Images and sounds are paths
    or data URIs. Columns are `conversation` (the messages before the answer), `response`, `image`,
    `audio` and `video` where there are any, `turn`, and further plain values of a line or of an
    answer, such as `kind`.
    """
    return stream_inferred(lambda: _rows(path), path.stat().st_size, path.name)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    orphans = Orphans(path.name)
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield from _of_line(path.name, number, line, orphans)
    orphans.warn()


def _of_line(name: str, number: int, line: bytes, orphans: Orphans) -> Iterator[dict[str, Any]]:
    place = f"line {number}"
    try:
        value = parse_json(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"needs one JSON object per line. Line {number} is not one: {error}.",
                        "Fix that line.", path=name, reason="unreadable_table") from None
    messages = value.get("messages") if isinstance(value, dict) else None
    if not isinstance(messages, list) or not messages:
        raise bad(name, place, 'a list "messages"', value)
    found = [said(one, f"{place}, message {index}", name)
             for index, one in enumerate(messages, start=1)]
    about = {key: one for key, one in value.items() if key != "messages" and is_fact(one)}
    yield from rows_of(found, place, orphans.add, about)
