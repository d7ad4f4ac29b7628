"""The question: what is wrong with this table?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from polymodal.core.engine import start as start_engine
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say, waiting
from polymodal.profile.observed import evenly
from polymodal.profile.profile import Profile, profile
from polymodal.questions.inspection.checks.amounts import amounts
from polymodal.questions.inspection.checks.files import empty_cells, files
from polymodal.questions.inspection.checks.labels import (
    classes,
    constants,
    rare_values,
    spellings,
)
from polymodal.questions.inspection.checks.leaks import leaking_columns
from polymodal.questions.inspection.checks.pairs import file_names, speech_rates, stated_values
from polymodal.questions.inspection.checks.pictures import pictures
from polymodal.questions.inspection.checks.repeats import conflicts, repeats, same_rows
from polymodal.questions.inspection.checks.sounds import sounds
from polymodal.questions.inspection.checks.splits import shared
from polymodal.questions.inspection.checks.words import placeholders, words
from polymodal.questions.inspection.deep.compared import check_pretrained, compared
from polymodal.questions.inspection.deep.labels import wrong_labels
from polymodal.questions.inspection.deep.pairs import wrong_pairs
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.page import write_page
from polymodal.questions.inspection.written import write_rows
from polymodal.splits.split import parts
from polymodal.tables.table import Table, read
from polymodal.training.steps.history import duration

CHECKS: tuple[Callable[[Look], Iterator[Finding]], ...] = (
    files,
    empty_cells,
    pictures,
    sounds,
    words,
    placeholders,
    amounts,
    repeats,
    same_rows,
    spellings,
    classes,
    constants,
    rare_values,
    conflicts,
    speech_rates,
    stated_values,
    file_names,
    leaking_columns,
)
DEEP_CHECKS: tuple[Callable[[Sampled], Iterator[Finding]], ...] = (wrong_labels, wrong_pairs)
_MOST_ROWS = 200_000  # of a part; of more, as many are looked at, evenly spaced


@dataclass
class Inspection:
    """What was found in a table.

    Args:
        looks: {part: Look}, what was looked at.
        findings: list of Finding, faults first.
        seconds: float, how long it took.
        deep: bool, whether small models looked for wrong pairs and labels.
        pretrained: {column of images: folder of an imported pair} that looked for wrong pairs.
    """

    looks: Mapping[str, Look]
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    deep: bool = False
    pretrained: Mapping[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> list[Finding]:
        """The findings that are faults, not notes."""
        return [one for one in self.findings if one.level == "fault"]

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """{column: {"modality", "reason"}} as the profile knows them; the target as it is used."""
        look = next(iter(self.looks.values()))
        facts = look.facts.whole
        found = {}
        for name in facts.table.column_names:
            verdict = facts.verdict(name)
            kind = verdict.kind if verdict.modality == "tabular" else verdict.modality
            found[name] = {"modality": kind or "ignored", "reason": verdict.because}
        if look.target is not None and look.form is not None:
            found[look.target] = {"modality": "target", "reason": look.form.because}
        return found

    @property
    def left_for_deep(self) -> str:
        """What was not looked for, in a sentence; empty with `deep`."""
        if self.deep:
            return ""
        more = "other " if self.pretrained else ""
        return (
            f"Not looked for: wrong labels and {more}wrong pairs, which take small models. "
            "--deep looks for them too."
        )

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {
            "rows": {part: len(look) for part, look in self.looks.items()},
            "columns": self.columns,
            "faults": len(self.faults),
            "findings": [one.to_json() for one in self.findings],
            "deep": self.deep,
            "pretrained": dict(self.pretrained),
            "seconds": round(self.seconds, 2),
        }


def inspect(
    table: Any,
    target: str | None = None,
    *,
    val: Any = None,
    test: Any = None,
    deep: bool = False,
    pretrained: Mapping[str, str | Path] | None = None,
    out: str | Path | None = None,
    rows_out: str | Path | None = None,
    media_root: str | Path | None = None,
) -> Inspection:
    """Looks for faults in a table, in each column, between columns, and between parts.

    Args:
        table: Table, path, or rows in memory.
        target: str, the column to predict; without one nothing is said about labels.
        val, test: other parts of the same data, as `table`.
        deep: bool, also train small models that look for wrong pairs and wrong labels.
        pretrained: {column of images: folder of an imported pair such as CLIP}, which looks for
            wrong pairs of these images and texts, also without `deep`.
        out: path of an HTML page to write, or None.
        rows_out: folder for one CSV file of rows for each finding, or None.
        media_root: folder that relative media paths start from.

    Returns:
        Inspection.

    Raises:
        DataError: a table that cannot be read.
        RecipeError: there is no such target, or no such column of images.
        BundleError: a folder holds no imported pair.

    Example:

    >>> found = inspect({"note": ["a small cat"] * 2 + ["n/a"] + ["the dog %d" % i for i in
    ...                  range(30)], "price": [1.5 * i for i in range(33)]})
    >>> [(one.kind, one.rows) for one in found.findings if one.kind == "placeholder"]
    [('placeholder', (3,))]
    """
    start = time.monotonic()
    tables = {
        name: read(source, media_root=media_root)
        for name, source in (("train", table), ("val", val), ("test", test))
        if source is not None
    }
    _check_target(tables, target)
    looks = {name: Look(name, _some(profile(one)), target) for name, one in tables.items()}
    folders = {column: str(folder) for column, folder in (pretrained or {}).items()}
    check_pretrained(looks["train"], folders)
    found = Inspection(looks, deep=deep, pretrained=folders)
    for look in looks.values():
        with waiting(f"Inspecting {look.table.name}"):
            for check in CHECKS:
                found.findings += check(look)
    if deep or folders:
        found.findings += _judged(looks["train"], deep, folders)
    found.findings += shared(_sides(looks))
    found.findings.sort(key=lambda one: one.level)  # "fault" before "note", else as found
    found.seconds = time.monotonic() - start
    if rows_out is not None:
        write_rows(rows_out, found.findings, looks)
    if out is not None:
        write_page(out, found)
    return found


def _judged(look: Look, deep: bool, pretrained: Mapping[str, str]) -> Iterator[Finding]:
    """Lets imported pairs look for wrong pairs, and with `deep` small models for the rest."""
    sampled = Sampled(look)
    if pretrained:
        start_engine()
        yield from compared(sampled, pretrained)
    if deep:
        yield from _deep(sampled)


def _deep(sampled: Sampled) -> Iterator[Finding]:
    """Trains small models that look for wrong labels and wrong pairs."""
    say(f"Small models look at {counted(len(sampled), 'row')}, about {duration(sampled.seconds)}.")
    with threadpool_limits(1):  # several threads wait for each other on a busy machine
        for check in DEEP_CHECKS:
            yield from check(sampled)


def _some(facts: Profile) -> Profile:
    if len(facts) <= _MOST_ROWS:
        return facts
    return facts.part(evenly(len(facts), _MOST_ROWS))


def _sides(looks: Mapping[str, Look]) -> dict[str, Look]:
    """Returns the parts that should share nothing: tables, or those that a column names."""
    if len(looks) > 1:
        return dict(looks)
    look = looks["train"]
    if look.facts.split_column(look.target) is None:
        return {}
    return {
        name: Look(name, part, look.target) for name, part in parts(look.facts, "column").items()
    }


def _check_target(tables: Mapping[str, Table], target: str | None) -> None:
    for table in tables.values():
        if target is not None and target not in table.column_names:
            raise RecipeError(f"{table.name}: {unknown('column', target, table.column_names)}")
