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

__all__ = ["read_llava"]

_ASKS, _ANSWERS, _SETS = {"human", "user"}, {"gpt", "assistant"}, {"system"}
_PLACEHOLDER = "<image>"


def read_llava(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """LLaVA JSON, a list of `{"id", "image", "conversations"}`: one row per answer.

    Columns are `image`, `prompt`, `response`, `conversation` and `turn`. Of a conversation with
    several turns, `prompt` holds all turns before the answer, one after the other on lines of
    their own, without the placeholder `<image>`; `conversation` holds them as messages, the image
    in its place. Pictures are looked for in the folder of the file, `images/` and `image/`,
    first next to the file, then next to its folder. Entries without a picture have an empty cell;
    answers whose picture is not there are skipped and counted, as are questions without an answer.

    Source: Liu et al. 2023, "Visual Instruction Tuning", arXiv:2304.08485.
    """
    candidates = [f"{above}{name}" for above in ("", "../") for name in (".", "images", "image")]
    names = (name for name, _, _ in _entries(path) if name)
    media = find_media(path, names, candidates, media_root=media_root)
    return stream_rows(_rows(path, media), image=pa.string(), prompt=pa.string(),
                       response=pa.string(), conversation=pa.string(), turn=pa.int64())


def _entries(path: Path) -> Iterator[tuple[str | None, list[tuple[str, str]], str]]:
    """Yields (picture, [(who, text)], place in the file)."""
    for number, (_, item) in enumerate(json_items(path)):
        place = f"entry {number + 1}"
        turns = None
        if isinstance(item, dict):
            turns = item.get("conversations")
        if not isinstance(turns, list):
            raise _bad(path, place, 'a list "conversations"', item)
        said = [_turn(path, place, turn) for turn in turns]
        yield _picture(path, place, item.get("image")), said, place


def _picture(path: Path, place: str, image: Any) -> str | None:
    if isinstance(image, list) and len(image) == 1:
        image = image[0]
    if image is None or isinstance(image, str):
        return image or None
    raise _bad(path, place, 'one path or none as "image"', image)


def _turn(path: Path, place: str, turn: Any) -> tuple[str, str]:
    who, text = (turn.get("from"), turn.get("value")) if isinstance(turn, dict) else (None, None)
    if who not in _ASKS | _ANSWERS | _SETS or not isinstance(text, str):
        raise _bad(path, place, '"from" (human or gpt) and a text "value" in each turn', turn)
    return who, text


def _said(turns: list[tuple[str, str]], image: str | None) -> list[Said]:
    """Returns messages, the image where the first placeholder is, or else before all words."""
    found, free = [], image is not None
    for who, text in turns:
        role = "assistant" if who in _ANSWERS else "user" if who in _ASKS else "system"
        if role != "user" or not free:
            found.append(Said(role, text.strip()))
            continue
        free = False
        before, _, after = text.partition(_PLACEHOLDER) if _PLACEHOLDER in text else ("", "", text)
        parts = [{"type": "text", "text": one.strip()} for one in (before, after)]
        parts.insert(1, {"type": "image"})
        found.append(Said(role, [one for one in parts if one.get("text") != ""],
                          [("image", image)]))
    return found


def _bad(path: Path, place: str, expected: str, found: Any) -> DataError:
    shown = brief(found)
    return DataError(f"needs {expected} in {place}. Got {shown}.", "Fix that entry.",
                     path=path.name, reason="bad_entry")


def _rows(path: Path, media: MediaFolder) -> Iterator[dict[str, Any]]:
    orphans = Orphans(path.name)
    for name, turns, place in _entries(path):
        image = None
        if name:
            image = media.cell(name)
        if name and image is None:
            orphans.add("entries are skipped, because their pictures are missing", name)
            continue
        words = [text.replace(_PLACEHOLDER, "").strip() for _, text in turns]
        answers = [index for index, (who, _) in enumerate(turns) if who in _ANSWERS]
        for row in rows_of(_said(turns, image), place, orphans.add):
            before = words if row["response"] is None else words[: answers[row["turn"] - 1]]
            yield {"image": image, "prompt": "\n".join(before), **row}
    orphans.warn()
