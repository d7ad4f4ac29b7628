"""From conversations to the rows of a table: one row per answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polymodal.core.errors import DataError
from polymodal.core.printed.progress import warn
from polymodal.core.printed.visible import brief
from polymodal.tables.schema import PLACE
from polymodal.text.dialogue.messages import KINDS, ROLES, text_of, to_cell

__all__ = ["FIX", "Said", "bad", "row_before", "rows_of", "rows_of_entry", "said", "told_in"]

FIX = 'Write {"messages": [{"role": "user", "content": "..."}, ...]}.'
_MESSAGES = "messages"
_PLAIN = (str, int, float, bool)
_ANSWERS = "assistant"
_SEVERAL = ("image",)  # of which all are read, and not the last alone
_ADDRESSES = {
    "image_url": "image",
    "input_image": "image",
    "audio_url": "audio",
    "video_url": "video",
}
_WORDS = ("text", "input_text", "output_text")  # the latter two in OpenAI's newer Responses
_WEIGHT = "weight"  # of an answer in OpenAI's fine-tuning: 0 is not learned

Count = Callable[[str, str], None]  # of what is left out: what follows a number, and an example


@dataclass
class Said:
    """One message.

    Args:
        role: str, system, user, assistant or tool.
        content: str, or parts as `text.dialogue.messages` has them.
        media: [(kind, media cell)] of its parts, in order.
        about: {column: plain value} of further facts, such as the kind of a question.
    """

    role: str
    content: Any
    media: list[tuple[str, Any]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)


def _is_fact(value: Any) -> bool:
    """Returns whether a value may be a cell of its own: plain, or texts to choose from."""
    several = isinstance(value, list) and bool(value) and all(isinstance(o, str) for o in value)
    return several or isinstance(value, _PLAIN)


def said(message: Any, place: str, path: str | None = None) -> Said:
    """Returns a message as OpenAI writes it, its media taken out of its parts.

    Args:
        message: {"role", "content"}; content is a text, or a list of parts: {"type": "text",
            "text"}, {"type": "image_url", "image_url": {"url"}}, {"type": "input_audio",
            "input_audio": {"data", "format"}}, {"type": "image", "image": path or bytes}; also
            input_text, output_text and input_image as OpenAI's Responses have them.
        place: str, where it is, for errors: "line 3, message 2".
        path: str, name of the file, or None.

    Raises:
        DataError: it is no message.
    """
    role = message.get("role") if isinstance(message, Mapping) else None
    if role == "developer":  # the newer name of the same
        role = "system"
    if role not in ROLES:
        raise bad(path, place, f'a "role", one of {", ".join(ROLES)},', message)
    content = message.get("content")
    about = {
        key: one
        for key, one in message.items()
        if key not in ("role", "content", "name") and _is_fact(one)
    }
    if isinstance(content, str):
        return Said(role, content, about=about)
    if content is None and message.get("tool_calls"):
        raise bad(
            path,
            place,
            "an answer in words",
            message,
            "Calls of tools are not learned: leave that conversation out, or write the call "
            'as text into "content".',
        )
    if not isinstance(content, list):
        raise bad(path, place, '"content" as a text or a list of parts', content)
    parts, media = [], []
    for part in content:
        found, cell = _part(path, place, part)
        parts.append(found)
        if cell is not None:
            media.append((found["type"], cell))
    return Said(role, parts, media, about)


def _part(path: str | None, place: str, part: Any) -> tuple[dict[str, str], Any]:
    """Returns a part without its media, and the media cell or None."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind in _WORDS and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}, None
    if kind in KINDS and part.get(kind) is not None:
        return {"type": kind}, part[kind]
    if kind in _ADDRESSES:
        value = part.get("image_url" if kind == "input_image" else kind)
        url = value.get("url") if isinstance(value, Mapping) else value
        if isinstance(url, str):
            return {"type": _ADDRESSES[kind]}, url
    if kind == "input_audio" and isinstance(part.get(kind), Mapping):
        data, form = part[kind].get("data"), part[kind].get("format", "wav")
        if isinstance(data, str):
            return {"type": "audio"}, f"data:audio/{form};base64,{data}"
    raise bad(
        path,
        place,
        "parts of type text, image_url or input_audio, each with its own value,",
        part,
        'Write {"type": "image_url", "image_url": {"url": "a.png"}}, or '
        '{"type": "audio", "audio": "a.wav"}.',
    )


def rows_of(
    messages: Sequence[Said], place: str, count: Count, about: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yields a row for each answer: what came before it, its media, and the answer.

    A question without any answer gives a row without one.

    Args:
        messages: of one conversation.
        place: str, where in the file it is.
        count: called with what is left out, and with the place.
        about: {column: plain value} of the whole conversation.
    """
    turn = 0
    for index, one in enumerate(messages):
        if one.role != _ANSWERS:
            continue
        turn += 1
        told = f"{place}, turn {turn}"
        before, answer = messages[:index], text_of(one.content)
        if one.about.get(_WEIGHT) == 0:
            count("answers have weight 0 and are not learned", told)
        elif any(other.role == "user" for other in before) and answer:
            row, extra = row_before(before), one.about
            yield {
                **_counted(row, before, told, count),
                "response": answer,
                "turn": turn,
                **(about or {}),
                **extra,
                PLACE: told,
            }
        elif answer:
            count("answers have nothing before them and are skipped", told)
        else:
            count("answers are empty and are skipped", told)
    if not messages or messages[-1].role != "user":
        return
    if turn:
        count("questions have no answer and are skipped", place)
    else:
        row, told = row_before(messages), f"{place}, turn 1"
        yield {
            **_counted(row, messages, told, count),
            "response": None,
            "turn": 1,
            **(about or {}),
            PLACE: told,
        }


def rows_of_entry(
    value: Any, place: str, count: Count, path: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yields the rows of {"messages": [...]}, whose plain values are cells too.

    Args:
        value: the entry.
        place: str, where in the file it is: "line 3".
        count: as for `rows_of`.
        path: str, name of the file, or None.

    Raises:
        DataError: it is no conversation.
    """
    messages = value.get(_MESSAGES) if isinstance(value, Mapping) else None
    if not isinstance(messages, list | tuple) or not messages:
        raise bad(path, place, f'a list "{_MESSAGES}"', value)
    found = [
        said(one, f"{place}, message {index}", path) for index, one in enumerate(messages, start=1)
    ]
    about = {key: one for key, one in value.items() if key != _MESSAGES and _is_fact(one)}
    yield from rows_of(found, place, count, about)


def told_in(source: Any, name: str) -> list[dict[str, Any]] | None:
    """Returns the rows of conversations in memory, a list of {"messages": [...]}; None of what is
    something else.

    Args:
        source: what may be one.
        name: str, shown in messages.

    Raises:
        DataError: one of them is no conversation.
    """
    if (
        not isinstance(source, list | tuple)
        or not source
        or not all(
            isinstance(one, Mapping) and isinstance(one.get(_MESSAGES), list | tuple)
            for one in source
        )
    ):
        return None
    left_out: Counter[str] = Counter()
    rows = []
    for number, one in enumerate(source, start=1):
        rows += rows_of_entry(
            one, f"conversation {number}", lambda what, place: left_out.update([what]), name
        )
    for what, count in left_out.items():
        warn(f"{name}: {count:,} {what}.")
    return rows


def row_before(messages: Sequence[Said], most_images: int | None = None) -> dict[str, Any]:
    """Returns the cells of what is said before an answer: `conversation`, and `image`, `audio` and
    `video` where there are any.

    Several images are a list of cells, or its JSON; of more than `most_images` the last ones are
    kept. Of several sounds the last one is kept, likewise
    of videos.
    """
    found: dict[str, list[Any]] = {}
    kept = []
    for one in reversed(messages):
        content = one.content
        if one.media:
            content = _kept(one, found, most_images)
        if one.role == _ANSWERS and isinstance(content, str):
            content = content.strip()  # as it is learned, and as the model will have said it
        kept.append({"role": one.role, "content": content})
    return {
        "conversation": to_cell(kept[::-1]),
        **{kind: _as_cell(cells[::-1]) for kind, cells in found.items()},
    }


def _counted(
    row: dict[str, Any], before: Sequence[Said], place: str, count: Count
) -> dict[str, Any]:
    held = [kind for one in before for kind, _ in one.media if kind not in _SEVERAL]
    if len(held) > sum(kind in row for kind in KINDS if kind not in _SEVERAL):
        count(
            "conversations have several sounds or videos before an answer, of which the last is "
            "read",
            place,
        )
    return row


def _kept(one: Said, taken: dict[str, list[Any]], most_images: int | None) -> list[dict]:
    """Returns the parts of a message that are kept, and adds its media to those taken, the last
    first."""
    media, parts = list(one.media), []
    for part in reversed(one.content):
        if part["type"] in KINDS:
            kind, cell = media.pop()
            most = most_images if kind in _SEVERAL else 1
            if most is not None and len(taken.get(kind, ())) >= most:
                continue
            taken.setdefault(kind, []).append(cell)
        parts.append(part)
    return parts[::-1]


def _as_cell(cells: list[Any]) -> Any:
    """Returns one media cell: a single one, a list, or the JSON of a list of texts."""
    if len(cells) == 1:
        return cells[0]
    if all(isinstance(cell, str) for cell in cells):
        return json.dumps(cells, ensure_ascii=False)
    return cells


def bad(path: str | None, place: str, expected: str, found: Any, fix: str = FIX) -> DataError:
    """Returns the error of an entry that is not as it should be."""
    return DataError(
        f"needs {expected} in {place}. Got {brief(found)}.", fix, path=path, reason="bad_entry"
    )
