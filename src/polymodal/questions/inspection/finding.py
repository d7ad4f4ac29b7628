"""What an inspection finds: one type for every kind of fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["fault", "note"]


@dataclass(frozen=True)
class Finding:
    """Something in a table that a person should look at.

    Args:
        kind: str, one of the names in docs/questions.md, such as "silent".
        columns: names of the columns that it is about.
        what: str, one sentence with the counts.
        why: str, one sentence: what it does to a model or to its scores.
        fix: str, one sentence with the option that handles it.
        count: int, how many rows, columns or labels it is about.
        rows: row numbers as messages show them, from 1 in the table as read; empty where it is
            about whole columns.
        notes: {row number: what is wrong in this row}, for those where it is known.
        part: str, train, val or test.
        level: str, "fault", or "note" for what may well be intended.

    Example:

    >>> print(Finding("silent", ("audio",), "2 of 9 sounds are silent.", "They tell nothing.",
    ...               "Remove these rows.", 2, (3, 7)))
    silent: "audio": 2 of 9 sounds are silent. They tell nothing. Remove these rows.
    """

    kind: str
    columns: tuple[str, ...]
    what: str
    why: str
    fix: str
    count: int
    rows: tuple[int, ...] = ()
    notes: Mapping[int, str] = field(default_factory=dict)
    part: str = "train"
    level: Level = "fault"

    def __str__(self) -> str:
        names = ", ".join(f'"{name}"' for name in self.columns)
        return f"{self.kind}: {names}: {self.what} {self.why} {self.fix}"

    def to_json(self) -> dict[str, Any]:
        """Returns the finding as plain JSON values."""
        return {
            "kind": self.kind,
            "level": self.level,
            "part": self.part,
            "columns": list(self.columns),
            "count": self.count,
            "rows": list(self.rows),
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
            "notes": {str(row): note for row, note in self.notes.items()},
        }


def kinds(findings: Iterable[Finding]) -> list[str]:
    """Returns the kinds of findings, each once, in order."""
    return list(dict.fromkeys(finding.kind for finding in findings))
