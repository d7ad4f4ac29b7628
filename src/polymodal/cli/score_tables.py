"""Scores, their intervals and calibration as aligned tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.cli.aligned import columns
from polymodal.core.printed.progress import show
from polymodal.evaluation.groups import MIN_GROUPS, group_words, too_few


def print_scores(
    found: Mapping[str, Any], baseline: Mapping[str, float | None] | None = None
) -> None:
    show(columns(_scores(found, baseline or {})))
    if found.get("same_answer"):
        show(f"  {found['same_answer']}")
    if "num_groups" in found:
        drawn = f"intervals resample {group_words(found['group'], found['num_groups'])}"
        show(f"  {few_groups(found) or drawn}")
    for name, note in found.get("notes", {}).items():
        show(f"  {name}: {note}")


def print_trust(found: Mapping[str, Any]) -> None:
    """Prints what calibration changed, and what sets of answers are worth."""
    if "calibration" in found:
        changes = [
            f"{name.replace('_', ' ')} {as_number(before)} before, {as_number(after)} after"
            for name, (before, after) in found["calibration"].items()
        ]
        show(f"  calibration: {'; '.join(changes)}")
    if "sets" not in found:
        return
    sets = found["sets"]
    lines = [("", "rows", "coverage", "mean size"), _set_line(f"sets {sets['level']:g}", "", sets)]
    lines += [_set_line(name, part["n"], part) for name, part in sets.get("by", {}).items()]
    show(columns(lines))


def _set_line(name: str, count: Any, part: Mapping[str, Any]) -> tuple[Any, ...]:
    return (name, count, as_number(part["coverage"]), as_number(part["mean_size"]))


def few_groups(found: Mapping[str, Any]) -> str:
    """Returns why rows have no interval, "" where they have one."""
    count = found.get("num_groups")
    if count is not None and count < MIN_GROUPS:
        return too_few(found["group"], count)
    return ""


def _scores(
    found: Mapping[str, Any], baseline: Mapping[str, float | None]
) -> list[tuple[str, ...]]:
    """Returns a line for each metric, with the score of guessing where it is known."""
    lines: list[tuple[str, ...]] = [("metric", "value", "95 % interval")]
    for name, value in found["metrics"].items():
        lines.append((name, as_number(value), as_interval(found["intervals"].get(name))))
    if baseline:
        guessed = ["guessing", *(as_number(baseline.get(name)) for name in found["metrics"])]
        lines = [(*line, guess) for line, guess in zip(lines, guessed, strict=True)]
    return lines


def as_number(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    if abs(value) < 1000:
        return f"{value:.4f}"
    return f"{value:,.1f}"


def as_interval(bounds: Sequence[float] | None) -> str:
    if bounds is None:
        return "-"
    return f"{as_number(bounds[0])} to {as_number(bounds[1])}"
