"""Options as they are printed, for a shell, and names in them as they are read back.

Any name of a column can be in an option. One that could be mistaken is in double quotes,
with the escapes of JSON: `--set 'inputs."a=b".modality=text'`. What is printed is read back.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.visible import to_json

__all__ = ["column_named", "option", "set_option", "split_pair", "split_setting", "yaml_name"]

_BARE = re.compile(r"[^.=]*")
_PLAIN = re.compile(r"\w([\w .-]*\w)?")
_BY_COLUMN = ("inputs", "columns")  # settings of a recipe that have columns' names below them


def option(flag: str, name: str, value: str | None = None) -> str:
    """Returns an option with the name of a column, quoted for a shell.

    Args:
        flag: str, such as "--ignore" or "--input".
        name: str, any.
        value: str or None, what follows after "=".

    Example:

    >>> print(option("--ignore", "my note"), option("--input", "image", "a.png"))
    --ignore 'my note' --input image=a.png
    """
    mistakable = (
        not name.isprintable() or name.startswith('"') or (value is not None and "=" in name)
    )
    text = (to_json(name) if mistakable else name) + ("" if value is None else f"={value}")
    joined = text.startswith("-")  # else it would look like another option
    if joined:
        return shlex.quote(f"{flag}={text}")
    return f"{flag} {shlex.quote(text)}"


def set_option(*path: str, value: str = "...") -> str:
    """Returns `--set` for a setting, quoted for a shell.

    Example:

    >>> print(set_option("inputs", "my note", "modality", value="text"))
    --set 'inputs.my note.modality=text'
    """
    return f"--set {shlex.quote('.'.join(map(_in_path, path)) + '=' + value)}"


def yaml_name(name: str) -> str:
    """Returns the name of a column as YAML that is read back as that name.

    Example:

    >>> print(yaml_name("day"), yaml_name("a: b"))
    day "a: b"
    """
    plain = _PLAIN.fullmatch(name) and name.lower() != "null"
    if plain:
        return name
    return to_json(name)


def split_setting(text: str) -> tuple[list[str], str, bool]:
    """Returns the names that lead to a setting, its value as text, and whether none is quoted.

    The name of an input or column may hold dots: it goes from the first dot to the last.

    Example:

    >>> split_setting("inputs.note.text.modality=text")
    (['inputs', 'note.text', 'modality'], 'text', True)
    >>> split_setting('inputs."a=b".size=32')[0]
    ['inputs', 'a=b', 'size']

    Raises:
        RecipeError: there is no "=", or a name in quotes has no end.
    """
    path, place, bare = [], 0, True
    while True:
        if text.startswith('"', place):
            name, place = _unquoted(text, place)
            bare = False
        else:
            name = _BARE.match(text, place)[0]  # type: ignore[index]  # matches nothing too
            place += len(name)
        path.append(name)
        if text[place : place + 1] != ".":
            break
        place += 1
    if text[place : place + 1] != "=" or path == [""]:
        raise RecipeError(
            f'--set needs name=value. Got "{text}". Write training.epochs=5; a name '
            'that contains "=" is in quotes.'
        )
    if bare and path[0] in _BY_COLUMN and len(path) > 3:
        path = [path[0], ".".join(path[1:-1]), path[-1]]
    return path, text[place + 1 :], bare


def split_pair(text: str, known: Iterable[str]) -> tuple[str, str]:
    """Returns the name and the value of "name=value", the longest name that is known.

    Args:
        text: str.
        known: names that are known.

    Raises:
        RecipeError: there is no "=", or no such name; the message has the nearest.
    """
    known = list(known)
    fits = [name for name in known if text.startswith(f"{name}=")]
    if fits:
        name = max(fits, key=len)
        return name, text[len(name) + 1 :]
    name, equals, value = text.partition("=")
    if text.startswith('"'):
        name, place = _unquoted(text, 0)
        equals, value = text[place : place + 1], text[place + 1 :]
    if equals != "=":
        raise RecipeError(f'--input needs name=value. Got "{text}". Write image=a.png.')
    if name not in known:
        raise RecipeError(f"--input: {unknown('input', name, known)}")
    return name, value


def column_named(text: str, known: Iterable[str]) -> str:
    """Returns the column that an option names, bare or in quotes; unknown ones as they are."""
    if text in known or not text.startswith('"'):
        return text
    try:
        name = json.loads(text)
    except ValueError:
        return text
    if isinstance(name, str):
        return name
    return text


def _in_path(name: str) -> str:
    mistakable = (
        not name.isprintable()
        or "=" in name
        or any(part.startswith('"') for part in name.split("."))
    )
    if mistakable:
        return to_json(name)
    return name


def _unquoted(text: str, place: int) -> tuple[str, int]:
    try:
        name, end = json.JSONDecoder().raw_decode(text, place)
    except ValueError:
        raise RecipeError(
            f"An option needs a second quote after a name in quotes. Got {text}. "
            'Write inputs."a=b".modality=text.'
        ) from None
    return name, end
