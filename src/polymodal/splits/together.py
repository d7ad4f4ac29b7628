"""The column whose equal values belong on one side of a split: who speaks, or else what was
recorded together."""

from __future__ import annotations

import re
from collections.abc import Container

import numpy as np

from polymodal.profile.column_rules import is_called_who
from polymodal.profile.profile import Profile, profile
from polymodal.splits.groups import group_codes, joined_codes
from polymodal.tables.table import Table

__all__ = ["is_called_recording", "kept_too", "together"]

_RECORDING = re.compile(
    r"(?:video|dialog(?:ue)?|conversation|clip|film|movie|episode|call)"
    r"(?:[_\W]?(?:id|name|number|code|key))?",
    re.I,
)
_FEWEST = 5  # groups, of which one part is held out
_LARGEST = 0.5  # share of the rows that the largest group may have


def is_called_recording(name: str) -> bool:
    """Returns whether a column of that name should name a recording or conversation."""
    return _RECORDING.fullmatch(name) is not None


def together(source: Table | Profile, ignore: Container[str] = ()) -> tuple[str | None, str]:
    """Returns the column whose values should not be on both sides of a split, and why.

    That is the speaker. Where few speakers say everything, as in a series, it is the recording or
    conversation, and the sentence says so.

    Args:
        source: Table or Profile.
        ignore: names of columns to ignore.

    Returns:
        (column or None, sentence or "").

    Example:

    >>> from polymodal.tables.table import read
    >>> rows = {"video": list("aabbccddee"), "said": list("0123456789")}
    >>> together(read(rows))[0]
    'video'
    """
    facts = profile(source)
    names = [name for name in facts.table.column_names if name not in ignore]
    people = [name for name in names if is_called_who(name)]
    recordings = list(filter(is_called_recording, names))
    for name in (*people, *recordings):
        if not _serves(facts, name):
            continue
        told = (
            f'Rows with the same "{name}" are kept on one side of the split, so that scores '
            "are of others than were trained on."
        )
        if name in recordings and people:
            told += (
                f' Values of "{people[0]}" are on both sides, because too few of them say too '
                "much: scores on people who were never heard may be lower."
            )
        return name, told
    return None, ""


def kept_too(
    source: Table | Profile, group: str, ignore: Container[str] = ()
) -> tuple[list[str], str]:
    """Returns the other columns of people or recordings that stay on one side of a split as well,
    and why.

    People who speak in one recording are one group then, and all who speak in other recordings of
    theirs. Where that would make too large a group, a column is left out, and the sentence says so.

    Args:
        source: Table or Profile.
        group: str, column of people or recordings that stay on one side in any case.
        ignore: names of columns to ignore.

    Returns:
        (columns, sentence or "").

    Example:

    >>> from polymodal.tables.table import read
    >>> said = {"speaker": list("aabbccddeeff"), "call": list("011022334455")}
    >>> kept_too(read(said), "speaker")[0]
    ['call']
    """
    facts = profile(source)
    found: list[str] = []
    torn: list[str] = []
    for name in facts.table.column_names:
        if name == group or name in ignore or _adds_nothing(facts, name, group):
            continue
        if _are_groups(joined_codes(facts, group, [*found, name])):
            found.append(name)
        else:
            torn.append(name)
    if torn:
        return found, (
            f'Rows with the same "{torn[0]}" may be on both sides: "{group}" and "{torn[0]}" hang '
            "together in too few groups to keep both apart."
        )
    if found:
        return found, f'Rows with the same "{found[0]}" are kept on one side of the split too.'
    return [], ""


def _adds_nothing(facts: Profile, name: str, group: str) -> bool:
    """Returns whether a column is of neither people nor recordings, or each value of one group."""
    if not (is_called_who(name) or is_called_recording(name)):
        return True
    whole = joined_codes(facts, group, [name])
    return int(whole.max()) == int(group_codes(facts, group).max())


def _serves(facts: Profile, name: str) -> bool:
    """Returns whether a column makes enough groups, of which none is too large."""
    return _are_groups(group_codes(facts, name))


def _are_groups(codes: np.ndarray) -> bool:
    sizes = np.bincount(codes)
    return _FEWEST <= len(sizes) < len(codes) and sizes.max() <= _LARGEST * len(codes)
