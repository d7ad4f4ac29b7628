"""Reports differences between the run in a folder and the current request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.core.errors import ResumeError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST = 5  # settings that are listed if the user's own are unknown
_ROWS = ("given.rows", "given.validation", "rows and order")
_MACHINE = "with."
_SETTING = "given.recipe."
# Of the options of a command, those that decide which rows and inputs are learned from.
_OPTIONS = ("ignore", "split", "split_group", "skip_bad", "max_bad_share")
_TABLE = "a table has changed, or other rows are held out: see --split"
_EPOCHS = "\nThe learning rate of every step follows from training.epochs, so more are another run."

Asked = Mapping[str, Any]


def check_same(
    saved: Mapping[str, Any],
    now: Mapping[str, Any],
    folder: Path,
    asked: tuple[Asked, Asked] = ({}, {}),
) -> None:
    """Compares a run's original request with the current one.

    Args:
        saved: all that the result depends on, as the run was started.
        now: the same, as it would be.
        folder: Path, shown.
        asked: what a person asked for then and now: `given` (settings of the recipe) and
            `options`. All else was inferred from that and the table, so what differs there is
            named alone.

    Raises:
        ResumeError: they differ; the message says in what, and the fix.
    """
    old, new = _flat(saved), _flat(now)
    changed = sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
    if not changed:
        return
    lines = _lines(changed, old, new, asked)
    raise ResumeError(
        f"The run in {folder} was started differently, so it cannot resume to the same "
        "result:\n"
        + "\n".join(f"  {line}" for line in lines)
        + _EPOCHS * any(line.startswith("training.epochs:") for line in lines)
        + "\nChange it back, or choose another --out."
    )


def _lines(
    changed: list[str], old: dict[str, Any], new: dict[str, Any], asked: tuple[Asked, Asked]
) -> list[str]:
    def line(name: str) -> str:
        short = name.removeprefix(_MACHINE).removeprefix(_SETTING)
        return f"{short}: {_difference(old.get(name), new.get(name))}"

    machine = [line(name) for name in changed if name.startswith(_MACHINE)]
    settings = [name for name in changed if name not in _ROWS and not name.startswith(_MACHINE)]
    causes = _asked_for(settings, old, new, *asked)
    if causes:
        return machine + causes
    if any(name in _ROWS for name in changed) and (all(asked) or not settings):
        return [*machine, _TABLE]
    more = [f"and {len(settings) - _MOST} more settings"] * (len(settings) > _MOST)
    return machine + [line(name) for name in settings[:_MOST]] + more


def _asked_for(
    settings: list[str], old: dict[str, Any], new: dict[str, Any], then: Asked, now: Asked
) -> list[str]:
    """Returns a line for each difference in the user's own settings and options."""
    if not (then and now):
        return []
    before, after = _flat(then["given"]), _flat(now["given"])
    lines = []
    for name in sorted(before.keys() | after.keys()):
        known = [found for found in (name, _SETTING + name) if found in settings]
        if before.get(name) != after.get(name) and known:
            values = [
                _value(given.get(name), known[0], identity)
                for given, identity in ((before, old), (after, new))
            ]
            lines.append(f"{name}: was {values[0]}, now {values[1]}")
    options = [(name, then["options"].get(name), now["options"].get(name)) for name in _OPTIONS]
    return lines + [
        f"--{name.replace('_', '-')}: {_difference(one or None, other or None)}"
        for name, one, other in options
        if (one or None) != (other or None)
    ]


def _value(given: Any, name: str, identity: Mapping[str, Any]) -> str:
    if given is not None or identity.get(name) is None:
        return _short(given)
    return f"{_short(identity[name])} (chosen from the data)"


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Returns nested mappings as one, keys joined by dots, values as JSON would give them back."""
    if not isinstance(value, Mapping):
        return {prefix: json.loads(json.dumps(value, default=str))}
    return {
        name: leaf
        for key, child in value.items()
        for name, leaf in _flat(child, f"{prefix}.{key}" if prefix else str(key)).items()
    }


def _difference(old: Any, new: Any) -> str:
    if all(isinstance(value, str) and _DIGEST.fullmatch(value) for value in (old, new)):
        return "the content differs"
    return f"was {_short(old)}, now {_short(new)}"


def _short(value: Any) -> str:
    if value is None:
        text = "absent"
    else:
        text = json.dumps(value, ensure_ascii=False)
    if len(text) <= 60:
        return text
    return text[:57] + "..."
