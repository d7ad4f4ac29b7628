"""The same file or the same text in two parts of a split."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import combinations
from typing import Any

import numpy as np

from polymodal.core.advice import option
from polymodal.core.errors import DataError
from polymodal.media.media_cell import media_cell
from polymodal.profile.columns import InputGuess
from polymodal.profile.profile import Profile, profile
from polymodal.tables.kinds import MEDIA
from polymodal.tables.table import Table

_TEXTS = ("text", "texts")  # texts of steps are in rows of their own here, before grouping
_REPEATS = 0.5  # a column of texts with fewer distinct values a row repeats itself anyway


def leaks(tables: Mapping[str, Table | Profile], inputs: Iterable[InputGuess]) -> list[str]:
    """Returns a warning for each input column with a value that is in two tables.

    Media are the same if their paths or bytes are; parts of a recording also need equal times.
    Texts are the same if they differ only in case and spaces. Equal files under two names are not
    found.

    Args:
        tables: {name of the part: Table or Profile}.
        inputs: what has `name`, `modality` and `columns`.

    Example:

    >>> from polymodal.tables.table import read
    >>> train, val = read({"note": ["Hello  you", "b"]}), read({"note": ["hello you"]})
    >>> print(leaks({"train": train, "val": val}, [InputGuess("note", "text", ["note"], "")])[0])
    "note": 1 of 1 rows of val have a text that is also in train, such as row 1 (row 1 of train). \
Scores on val will be too optimistic.
    """
    warnings = []
    facts = {name: profile(table) for name, table in tables.items()}
    columns = dict.fromkeys(
        (guess.columns[0], guess.modality in _TEXTS)
        for guess in inputs
        if guess.modality in (*MEDIA, *_TEXTS)
    )
    for column, is_text in columns:  # each once: a video and its sound come from one
        keys = {name: _keys(part, column, is_text) for name, part in facts.items()}
        for one, other in combinations(facts, 2):
            shared = np.flatnonzero((keys[other] != 0) & np.isin(keys[other], keys[one]))
            if len(shared):
                what = "file"
                if is_text:
                    what = "text"
                warnings.append(_warning(column, what, one, other, shared, keys, facts))
    return warnings


def _warning(
    column: str,
    what: str,
    one: str,
    other: str,
    shared: np.ndarray,
    keys: dict[str, np.ndarray],
    facts: Mapping[str, Profile],
) -> str:
    row = int(shared[0])
    twin = int(np.flatnonzero(keys[one] == keys[other][row])[0])
    text = (
        f'"{column}": {len(shared):,} of {len(facts[other]):,} rows of {other} have a {what} '
        f"that is also in {one}, such as {facts[other].table.row_name(row)} "
        f"({_place(facts[one].table, twin, one)})."
    )
    distinct = len(np.unique(keys[one])) / max(len(keys[one]), 1)
    if distinct < _REPEATS and what == "text":
        return f"{text} The column also repeats itself inside {one}, so this may be intended."
    if distinct < _REPEATS:
        return (
            f"{text} {option('--split-group', column)} keeps them apart in rows held out of --data."
        )
    return f"{text} Scores on {other} will be too optimistic."


def _place(table: Table, row: int, part: str) -> str:
    """Returns where a row of a part is: in its table, or in another that was added to it."""
    name = table.name_of(row)
    if name == table.name:
        name = part
    return f"{table.row_name(row)} of {name}"


def _keys(facts: Profile, column: str, is_text: bool) -> np.ndarray:
    """Returns (rows,) uint64, a hash of each cell; 0 where it is empty."""
    return facts.each(("identity", column, is_text), lambda table: _hashes(table, column, is_text))


def _hashes(table: Table, column: str, is_text: bool) -> np.ndarray:
    root = os.path.abspath(table.root)
    hashes = (_hash(value, root, is_text) for value in table.values(column))
    return np.fromiter(hashes, np.uint64, len(table))


def _hash(value: Any, root: str, is_text: bool) -> int:
    if value is None:
        return 0
    if is_text:
        content = " ".join(str(value).casefold().split()).encode(errors="surrogatepass")
    else:
        content = _identity(value, root)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big") or 1


def _identity(value: Any, root: str) -> bytes:
    """Returns what identifies a media cell; of a cell that is none, what it says."""
    try:
        return media_cell(value).identity(root)
    except (DataError, TypeError, ValueError):
        return repr(value).encode(errors="surrogatepass")
