"""What a split hides: who is on both sides, and majorities that are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping

from polymodal.core.advice import option
from polymodal.profile.column_rules import is_called_who
from polymodal.profile.profile import Profile
from polymodal.splits.together import is_called_recording
from polymodal.tables.reading.labels import value_key

__all__ = ["majorities", "on_both_sides"]

_REPEATS = 0.5  # a column with more distinct values a row names each row
_SURE = 3.0  # standard errors from which two shares differ
_FEWEST = 20  # rows


def on_both_sides(parts: Mapping[str, Profile], ignore: Container[str] = ()) -> list[str]:
    """Returns a sentence for each column of speakers or recordings of which rows are on both sides
    of a split.

    Args:
        parts: {split: Profile}, train among them.
        ignore: names of columns to ignore.

    Example:

    >>> from polymodal.profile.profile import profile
    >>> from polymodal.tables.table import read
    >>> train, val = (profile(read({"speaker": list(names)})) for names in ("aabb", "bbc"))
    >>> print(on_both_sides({"train": train, "val": val})[0])
    "speaker": 2 of 3 rows of val have a value that is also in train. Scores on val say little \
about values that were never trained on; --split-group speaker holds such out.
    """
    train, found = parts["train"], []
    for name in train.table.column_names:
        if name in ignore or not (is_called_who(name) or is_called_recording(name)):
            continue
        known = _keys(train, name)
        if len(known) > max(2, _REPEATS * known.total()):
            continue
        for split, part in parts.items():
            if split == "train" or name not in part.table.column_names:
                continue
            shared = sum(
                key in known for key in map(value_key, part.table.values(name)) if key is not None
            )
            if shared:
                found.append(_both(name, split, shared, len(part)))
    return found


def _keys(part: Profile, name: str) -> Counter:
    return Counter(value_key(value) for value in part.table.values(name) if value is not None)


def _both(name: str, split: str, shared: int, count: int) -> str:
    return (
        f'"{name}": {shared:,} of {count:,} rows of {split} have a value that is also in '
        f"train. Scores on {split} say little about values that were never trained on; "
        f"{option('--split-group', name)} holds such out."
    )


def majorities(parts: Mapping[str, Profile], target: str) -> list[str]:
    """Returns a sentence for each split whose most frequent class is another than that of train, by
    more than chance.

    Args:
        parts: {split: Profile}, train among them.
        target: str, a column of classes.
    """
    own, found = _keys(parts["train"], target), []
    if not own:
        return []
    ((first, most),) = own.most_common(1)
    for split, part in parts.items():
        if split == "train" or target not in part.table.column_names:
            continue
        other = _keys(part, target)
        if other.total() < _FEWEST:
            continue
        ((winner, count),) = other.most_common(1)
        if winner == first:
            continue
        share, usual = count / other.total(), own[winner] / own.total()
        error = (usual * (1 - usual) / other.total()) ** 0.5
        if abs(share - usual) > _SURE * error:
            found.append(
                f'Most rows of train are "{_shown(first)}" ({100 * most / own.total():.0f} %), '
                f'most of {split} "{_shown(winner)}" ({100 * share:.0f} %, in train '
                f"{100 * usual:.0f} %): the majority of train is a poor guess on {split}, and "
                "probabilities learned on train do not fit it."
            )
    return found


def _shown(key: object) -> str:
    if isinstance(key, tuple):
        return str(key[-1])
    return str(key)
