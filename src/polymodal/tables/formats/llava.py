"""LLaVA conversations: questions and answers about pictures, in one JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.printed.visible import brief
from polymodal.tables.conversations import Said, rows_of
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows
from polymodal.tables.schema import PLACE

__all__ = ["read_llava"]

_ASKS, _ANSWERS, _SETS = {"human", "user"}, {"gpt", "assistant"}, {"system"}
_PLACEHOLDER = "<image>"


def read_llava(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """LLaVA JSON, a list of `{"id", "image", "conversations"}`: one row per answer.

    Columns are `image`, `prompt`, `response`, `conversation` and `turn`. Of a conversation with
    several turns, `prompt` holds all turns before the answer, one after the other on lines of
    their own, without the placeholder `<image>`; `conversation` holds them as messages, the image
    in its place; "image" may be a list. Pictures are looked for in the folder of the file,
    `images/` and `image/`, first next to the file, then next to its folder. Entries without a
    picture have an empty cell; answers whose picture is not there are skipped and counted, as are
    questions without an answer.

    Source: Liu et al. 2023, "Visual Instruction Tuning", arXiv:2304.08485.
    """
    candidates = [f"{above}{name}" for above in ("", "../") for name in (".", "images", "image")]
    names = (name for found, _, _ in _entries(path) for name in found)
    media = find_media(path, names, candidates, media_root=media_root)
    return stream_rows(
        _rows(path, media),
        image=pa.string(),
        prompt=pa.string(),
        response=pa.string(),
        conversation=pa.string(),
        turn=pa.int64(),
        **{PLACE: pa.string()},
    )


def _entries(path: Path) -> Iterator[tuple[list[str], list[tuple[str, str]], str]]:
    """Yields (pictures, [(who, text)], place in the file)."""
    for number, (_, item) in enumerate(json_items(path)):
        place = f"entry {number + 1}"
        turns = None
        if isinstance(item, dict):
            turns = item.get("conversations")
        if not isinstance(turns, list):
            raise _bad(path, place, 'a list "conversations"', item)
        said = [_turn(path, place, turn) for turn in turns]
        yield _pictures(path, place, item.get("image")), said, place


def _pictures(path: Path, place: str, image: Any) -> list[str]:
    found = image or []
    if not isinstance(found, list):
        found = [found]
    if all(isinstance(one, str) and one for one in found):
        return found
    raise _bad(path, place, 'a path, a list of paths or none as "image"', image)


def _turn(path: Path, place: str, turn: Any) -> tuple[str, str]:
    who, text = (turn.get("from"), turn.get("value")) if isinstance(turn, dict) else (None, None)
    if who not in _ASKS | _ANSWERS | _SETS or not isinstance(text, str):
        raise _bad(path, place, '"from" (human or gpt) and a text "value" in each turn', turn)
    return who, text


def _role(who: str) -> str:
    if who in _ANSWERS:
        return "assistant"
    if who in _ASKS:
        return "user"
    return "system"


def _said(turns: list[tuple[str, str]], images: list[Any]) -> list[Said]:
    """Returns messages, images where the placeholders are, and those without one before all
    words."""
    asked = "".join(text for who, text in turns if who in _ASKS)
    free, found = list(images), []
    before = max(0, len(free) - asked.count(_PLACEHOLDER))
    for who, text in turns:
        role = _role(who)
        if role != "user" or not free:
            found.append(Said(role, text.strip()))
            continue
        pieces = [*[""] * before, *text.split(_PLACEHOLDER)]
        before, parts, media = 0, [], []
        for place, piece in enumerate(pieces):
            if place and free:
                parts.append({"type": "image"})
                media.append(("image", free.pop(0)))
            if piece.strip():
                parts.append({"type": "text", "text": piece.strip()})
        found.append(Said(role, parts if media else text.strip(), media))
    return found


def _bad(path: Path, place: str, expected: str, found: Any) -> DataError:
    shown = brief(found)
    return DataError(
        f"needs {expected} in {place}. Got {shown}.",
        "Fix that entry.",
        path=path.name,
        reason="bad_entry",
    )


def _rows(path: Path, media: MediaFolder) -> Iterator[dict[str, Any]]:
    orphans = Orphans(path.name)
    for names, turns, place in _entries(path):
        images = [media.cell(name) for name in names]
        if None in images:
            missing = names[images.index(None)]
            orphans.add("entries are skipped, because their pictures are missing", missing)
            continue
        words = [text.replace(_PLACEHOLDER, "").strip() for _, text in turns]
        answers = [index for index, (who, _) in enumerate(turns) if who in _ANSWERS]
        for row in rows_of(_said(turns, images), place, orphans.add):
            before = words if row["response"] is None else words[: answers[row["turn"] - 1]]
            yield {"image": None, "prompt": "\n".join(before), **row}
    orphans.warn()
