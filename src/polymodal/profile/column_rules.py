"""The rules that decide a column's modality, each with its reason."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from polymodal.core.advice import option
from polymodal.core.errors import DataError
from polymodal.core.printed.counting import counted
from polymodal.media.media_cell import MediaCell, kind_of_file, media_cell
from polymodal.profile.observed import Observed, as_number, evenly
from polymodal.tables.group import Sequences
from polymodal.tables.kinds import MEDIA
from polymodal.tables.located import is_file_address, located
from polymodal.tables.reading.free_text import is_code
from polymodal.tables.reading.guess import Guess
from polymodal.tables.reading.lists import parse_list
from polymodal.tables.reading.reading import Reading, reading_option
from polymodal.tables.split_names import split_name

MEDIA_SHARE = 0.9  # of the cells must be media of one kind
FILES_LOOKED_FOR = 8
TEXT_WORDS = 3  # an average cell of at least so many words is free text
_MOST_STEPS = 4096  # of a sequence
MAX_PHRASES = 10  # unless there are so few different ones, over and over
MAX_CATEGORIES = 50  # of codes; above, they name things and not kinds
CATEGORY_SHARE = 0.5  # categories repeat: at most so many distinct values a cell
_ID_NAME = re.compile(r"(?:^|.*[_\W])(?:id|ids|uuid|guid|index|idx|key)$|^unnamed_\d+$", re.I)
_ID_ROWS = 20
_FEW_KINDS = 20  # different values of a category that may hold numbers too
_NAMED = 5  # cells that an option names
_GROUP_NAME = re.compile(
    r"(?:speaker|spk|voice|singer|narrator|reader|client|user|author|person|patient|participant|"
    r"annotator|rater|session|chapter|recording)(?:[_\W]?(?:id|name|number|code|key))?|"
    r"subject[_\W]?(?:id|number|code|key)",
    re.I,
)
_FOLD_NAME = re.compile(r"(?:cv[_\W]?)?fold", re.I)


class Verdict(NamedTuple):
    """A modality, or None for a column that is ignored, and the reason as a clause.

    Args:
        modality: str or None.
        because: str, the reason.
        lost: bool, whether it names media of which none can be read.
        kind: str, of a column of a tabular input: number, date or category.
        reading: Reading, how its cells are read.
        fix: str, a clause on what to do about an ignored column; empty for the usual.
    """

    modality: str | None
    because: str
    lost: bool = False
    kind: str = "category"
    reading: Reading = Reading()
    fix: str = ""


def judge(column: Observed) -> Verdict:
    """Returns which modality a column is."""
    if not len(column):
        return Verdict(None, "all its cells are empty")
    if len(column) > 1 and column.distinct == 1:
        return Verdict(None, "all its sampled cells have the same value")
    if all(map(column.given.numbers.is_missing, column.cells)):
        return Verdict(None, "all its cells are missing-value marks")
    if column.all_are(bool):
        return Verdict("tabular", "is yes or no", reading=column.given)
    if column.given.asks_for:
        return as_field(column)
    if all(map(_is_conversation, column.cells)):
        return Verdict(None, "it holds conversations, which only an assistant reads (--task chat)")
    for rule in (_media, _list, _number_or_date, _text):
        verdict = rule(column)
        if verdict is not None:
            return verdict
    kinds = sorted({type(cell).__name__ for cell in column.cells})
    if column.all_are(datetime.time, datetime.timedelta):
        return Verdict(None, "it has times of day or durations, which no modality reads")
    return Verdict(None, f"it has {', '.join(kinds)}, which no modality reads")


def beside_media(column: Observed, verdict: Verdict) -> Verdict:
    """Returns the verdict on a column of a table that also has pictures, sounds or videos.

    The media themselves show who speaks or where a picture was taken. A model that reads such a
    column learns the people of train and does not generalise to others.
    """
    if verdict.modality == "tabular" and _FOLD_NAME.fullmatch(column.name):
        return Verdict(None, "it names the part of a split")
    if says_who(column, verdict):
        return Verdict(
            None,
            "it names a speaker or place, which train and test should not share "
            f"({option('--split-group', column.name)} keeps them apart)",
        )
    return verdict


def says_who(column: Observed, verdict: Verdict) -> bool:
    """Returns whether a column names a speaker, place or the like, by its name and cells."""
    is_short = verdict.modality == "tabular" or (
        verdict.modality == "text" and column.all_are(str) and column.mean_words < TEXT_WORDS
    )
    return is_short and is_called_who(column.name)


def is_called_who(name: str) -> bool:
    """Returns whether a column of that name should name a speaker or place, even by numbers."""
    return _GROUP_NAME.fullmatch(name) is not None


def _is_conversation(cell: Any) -> bool:
    """Returns whether a cell holds messages, as `text.dialogue.messages.to_cell` writes them."""
    return (
        isinstance(cell, list)
        and bool(cell)
        and all(isinstance(one, dict) and "role" in one for one in cell)
    )


def _media(column: Observed) -> Verdict | None:
    kinds = Counter(_media_kind(cell, column.table.root) for cell in column.cells)
    named = sum(kinds[kind] for kind in (*MEDIA, "text"))
    if named < MEDIA_SHARE * len(column):
        if column.all_are(bytes, dict):
            return Verdict(None, "its files are not images, sound or video")
        return _without_endings(column)
    kind, count = max(((k, n) for k, n in kinds.items() if k), key=lambda item: item[1])
    if kind == "text":
        return Verdict(None, "it names text files instead of holding their text")
    if count < MEDIA_SHARE * len(column):
        mixed = " and ".join(sorted(k for k in kinds if k))
        return Verdict(None, f"it mixes {mixed} files")
    missing = _missing_files(column)
    if missing is not None:
        return missing
    if kind == "video" and _is_sound_only(column):
        return Verdict("audio", "its sampled video files have sound but no video")
    return Verdict(kind, f"{count:,} of its {len(column):,} sampled cells are {kind} files")


def _without_endings(column: Observed) -> Verdict | None:
    """Returns a verdict on texts that are files without an extension."""
    if not column.all_are(str):
        return None
    looked_for = [column.cells[i] for i in evenly(len(column), FILES_LOOKED_FOR)]
    kind = kind_of_file(located(looked_for[0], column.table.root))
    if kind is None or any(
        kind_of_file(located(cell, column.table.root)) != kind for cell in looked_for[1:]
    ):
        return None
    return Verdict(kind, f"the {len(looked_for)} sampled files are {kind} files")


def _media_kind(cell: Any, root: Path) -> str | None:
    found = None if isinstance(cell, list) else _parsed(cell)
    if found is None:
        return None
    return found.kind(root)


def _parsed(cell: Any) -> MediaCell | None:
    try:
        return media_cell(cell)
    except DataError:
        return None


def _is_sound_only(column: Observed) -> bool:
    """Returns whether all of a few readable videos hold sound alone."""
    from polymodal.media.video import is_sound_only  # FFmpeg's libraries take a while to load

    found = []
    for index in evenly(len(column), FILES_LOOKED_FOR):
        try:
            found.append(is_sound_only(column.cells[index], column.table.root))
        except DataError:
            continue  # the check of all rows says so
        if not found[-1]:
            break
    return bool(found) and all(found)


def _is_heard(column: Observed, items: list[Any]) -> bool:
    """Returns whether one of a few readable files of steps has sound."""
    from polymodal.media.video import has_sound

    films = [items[place] for place in evenly(len(items), FILES_LOOKED_FOR)]
    return any(has_sound(film, column.table.root) for film in films)


def _missing_files(column: Observed) -> Verdict | None:
    """Returns a verdict when none of a few files named by the column is there."""
    paths = [path for path in map(_path, column.cells) if path]
    looked_for = [paths[i] for i in evenly(len(paths), FILES_LOOKED_FOR)]
    if not looked_for or any(_exists(located(path, column.table.root)) for path in looked_for):
        return None
    if all("://" in path and not is_file_address(path) for path in looked_for):
        return Verdict(None, "it has URLs, and files are read from disk only", lost=True)
    return Verdict(
        None,
        f"none of {len(looked_for)} sampled files exists under "
        f"{column.table.root}, such as {looked_for[0]} (--media-root says where "
        "files are)",
        lost=True,
    )


def _path(cell: Any) -> str | None:
    found = _parsed(cell)
    if found is None or found.content is not None:
        return None
    return found.path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # the name is too long, or has a zero byte
        return False


def _list(column: Observed) -> Verdict | None:
    if not column.all_are(list):
        return None
    items = [item for cell in column.cells for item in cell if item is not None]
    if not items:
        return Verdict(None, "its lists are empty")
    kinds = Counter(_media_kind(item, column.table.root) for item in items)
    if isinstance(column.table, Sequences):
        seen = kinds["image"] + kinds["video"]
        if seen >= MEDIA_SHARE * len(items) and not _is_heard(column, items):
            return Verdict("pictures", "each step of a sequence is a picture or a video")
        if kinds["audio"] + kinds["video"] >= MEDIA_SHARE * len(items):
            return Verdict("sounds", "each step of a sequence is a recording")
    elif kinds["image"] >= MEDIA_SHARE * len(items):
        return Verdict("video", "its cells are lists of pictures, the frames of a video")
    if all(isinstance(item, list) for item in items):
        return Verdict("sequence", "its cells are lists of lists of numbers, one for each step")
    found = None
    if isinstance(column.table, Sequences):
        if all(map(_spells_vector, items)):
            return Verdict("sequence", "each step of a sequence is a list of numbers")
        found = column.guess
    if found is not None and found.kind == "number" and (found.words or not found.odd):
        field = _field(found)
        because = f"each step of a sequence {field.because}"
        return field._replace(modality="sequence", because=because)
    if all(as_number(item) is not None for item in items if not isinstance(item, bool)):
        return _numbers_in_lists(column)
    if kinds[None] < MEDIA_SHARE * len(items) or not all(isinstance(item, str) for item in items):
        return Verdict(None, "its cells are lists that no modality reads")
    if isinstance(column.table, Sequences):
        return _texts_of_steps([item for item in items if item.strip()])
    return Verdict("text", "its cells are lists of texts, which are joined")


def _spells_vector(item: Any) -> bool:
    """Returns whether a step is a text with a list of numbers, as CSV files have them."""
    listed = parse_list(item)
    return bool(listed) and all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in listed
    )


def _texts_of_steps(items: list[str]) -> Verdict:
    count, shown = len(set(items)), f"{len(set(items)):,} distinct values in {len(items):,} steps"
    if count < 2 or all(map(split_name, items)):
        return Verdict(None, "its steps are all alike")
    if sum(map(is_code, items)) >= MEDIA_SHARE * len(items) and count > CATEGORY_SHARE * len(items):
        return Verdict(None, f"it looks like an ID ({shown})")
    return Verdict("texts", f"it has one text for each step of a sequence ({shown})")


def _numbers_in_lists(column: Observed) -> Verdict:
    lengths = Counter(len(cell) for cell in column.cells)
    if isinstance(column.table, Sequences):
        return Verdict("sequence", "it has one number for each step of a sequence")
    length, count = lengths.most_common(1)[0]
    if count >= MEDIA_SHARE * len(column):
        return Verdict("vector", f"its cells are lists of {length} numbers")
    if max(lengths) > _MOST_STEPS:
        return Verdict(
            None,
            f"its cells are lists of up to {max(lengths):,} numbers, too many for "
            "steps; sound is read from pairs of (samples, hertz)",
        )
    return Verdict(
        "sequence",
        f"its cells are lists of {min(lengths)} to {max(lengths)} numbers, one for each step",
    )


def as_field(column: Observed) -> Verdict:
    """Returns how a column is read that has to be one of a tabular input: a number where it is
    one, a date, or else a category."""
    found, asked = column.guess, column.given.asks_for
    if not len(column):
        return Verdict("tabular", "is empty", kind=asked or "number", reading=column.given)
    if asked == "number" and found is None:
        return Verdict("tabular", "is a number", kind="number", reading=column.given)
    if found is not None and (asked or not found.odd or found.words):
        return _field(found)
    return Verdict("tabular", f"is a category ({_distinct(column)})", reading=column.given)


def _field(found: Guess) -> Verdict:
    """Returns the verdict on a column of numbers or dates; words among them say nothing."""
    reading, said = found.reading, [found.said, found.doubt]
    if found.odd and found.words:
        marks = [*reading.marks, *found.odd]
        reading = replace(reading, missing=marks)
        said = [f"{found.counted} and are missing values", *said]
    details = "; ".join(part for part in said if part)
    return Verdict(
        "tabular",
        f"is a {found.kind}" + (f" ({details})" if details else ""),
        kind=found.kind,
        reading=reading,
    )


def _number_or_date(column: Observed) -> Verdict | None:
    found = column.guess
    if found is None:
        return None
    if found.odd:
        return _mixed(column, found)
    if found.kind == "number" and column.numbers is None:
        return Verdict(None, "none of its numbers is finite")
    if _is_plain(column, found) and _is_row_number(column.name, np.asarray(column.numbers)):
        return Verdict(None, "it is a row number: distinct integers")
    return _field(found)


def _is_plain(column: Observed, found: Guess) -> bool:
    """Returns whether cells are numbers as a machine writes them, each of them one."""
    missing = found.reading.numbers.is_missing
    return found.kind == "number" and not found.said and not any(map(missing, column.cells))


def _mixed(column: Observed, found: Guess) -> Verdict:
    """Returns the verdict on a column in which some cells are neither numbers nor dates."""
    text = _text(column)
    few = column.distinct <= _FEW_KINDS
    if text is not None and text.modality == "tabular" and (few or not found.words):
        return text._replace(because=f"{text.because}; {found.counted}")
    if found.words:
        return _field(found)
    name, some = column.name, found.odd[:_NAMED]
    asks = [
        f"{reading_option(name, 'kind', found.kind)} names the rows of the others",
        f"{reading_option(name, 'missing', some)} has them read as missing",
        f"{reading_option(name, 'kind', 'category')} takes each text as a category",
    ]
    if len(found.odd) > _NAMED:
        del asks[1]
    return Verdict(None, found.counted, fix=", ".join(asks))


def _is_row_number(name: str, numbers: np.ndarray) -> bool:
    if len(np.unique(numbers)) < len(numbers) or (numbers % 1).any():
        return False
    steps = np.diff(numbers)
    in_order = (steps > 0).all() or (steps < 0).all()
    if _ID_NAME.match(name):
        return len(numbers) > 2
    return bool(in_order and len(numbers) >= _ID_ROWS)


def _text(column: Observed) -> Verdict | None:
    if not column.all_are(str):
        return None
    count, share, words = column.distinct, column.distinct_share, column.mean_words
    if all(split_name(cell) for cell in column.cells):
        return Verdict(None, "it names the part of a split")
    shown = _distinct(column)
    if words >= TEXT_WORDS and not (count <= MAX_PHRASES and share <= CATEGORY_SHARE / 5):
        return Verdict("text", f"a cell has {words:.1f} words on average ({shown})")
    codes = sum(map(is_code, column.cells)) >= MEDIA_SHARE * len(column)
    is_id = _ID_NAME.match(column.name) and share == 1 and len(column) > 2
    if is_id or (codes and (count > MAX_CATEGORIES or (share > CATEGORY_SHARE and count > 2))):
        return Verdict(None, f"it looks like an ID ({shown})")
    if share <= CATEGORY_SHARE or count <= 2:
        return Verdict("tabular", f"is a category ({shown})", reading=column.given)
    return Verdict("text", f"its values rarely repeat ({shown})")


def _distinct(column: Observed) -> str:
    return f"{counted(column.distinct, 'distinct value')} in {counted(len(column), 'cell')}"
