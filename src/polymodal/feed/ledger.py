"""The ledger: no row is lost silently, each one is counted by reason."""

from __future__ import annotations

from collections import Counter
from typing import Any

NUM_EXAMPLES = 20
_ACTIONS = ("dropped", "repaired", "truncated")


class Ledger:
    """Counts, by table and reason, the rows that were read, dropped, repaired or truncated.

    Args:
        unit: str, what is counted: "rows", or "sequences" where rows were grouped.

    Example:

    >>> ledger = Ledger()
    >>> ledger.read("train.csv", 100)
    >>> ledger.drop("train.csv", 11, "empty_audio", "column audio (a.wav) has 0 samples.")
    >>> print(ledger.summary())
    train.csv: 100 rows read, 1 dropped (1 empty_audio).
    """

    def __init__(self, unit: str = "rows"):
        self.unit = unit
        self._read: Counter[str] = Counter()
        self._counts: dict[str, dict[str, Counter[str]]] = {action: {} for action in _ACTIONS}
        self._examples: dict[str, list[dict[str, Any]]] = {}

    def read(self, table: str, num_rows: int) -> None:
        """Counts rows that were read."""
        self._read[table] += int(num_rows)

    def drop(self, table: str, row: int, reason: str, message: str) -> None:
        """Counts a skipped row. `row` is its index from 0."""
        self._note("dropped", table, row, reason, message)

    def repair(self, table: str, row: int, reason: str, message: str) -> None:
        """Counts a row that was changed so that it could be used."""
        self._note("repaired", table, row, reason, message)

    def truncate(self, table: str, row: int, reason: str, message: str) -> None:
        """Counts a row of which only the beginning is used."""
        self._note("truncated", table, row, reason, message)

    def count(self, action: str, table: str | None = None) -> dict[str, int]:
        """Returns `{reason: rows}` for "dropped", "repaired" or "truncated", most first."""
        counts = self._counts[action]
        if table is None:
            chosen = counts.values()
        else:
            chosen = [counts.get(table, Counter())]
        return dict(sum(chosen, Counter()).most_common())

    def num_read(self, table: str | None = None) -> int:
        """Returns the rows read, of one table or of all."""
        if table is None:
            return self._read.total()
        return self._read[table]

    def bad_share(self, table: str | None = None) -> float:
        """Returns the share of rows read that were dropped, 0..1."""
        dropped = sum(self.count("dropped", table).values())
        return dropped / max(self.num_read(table), 1)

    def examples(self, reason: str) -> list[dict[str, Any]]:
        """Returns the first messages of a reason, at most 20: action, table, row (from 1), text."""
        return list(self._examples.get(reason, []))

    def summary(self) -> str:
        """Returns one line per table, for a person."""
        tables = dict.fromkeys([*self._read, *(t for c in self._counts.values() for t in c)])
        return "\n".join(self._line(table) for table in tables)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values."""
        return {
            "unit": self.unit,
            "read": dict(self._read),
            "examples": self._examples,
            **{
                action: {table: dict(reasons) for table, reasons in counts.items()}
                for action, counts in self._counts.items()
            },
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Ledger:
        """Returns the ledger that `to_json` described."""
        ledger = cls(value.get("unit", "rows"))
        ledger._read = Counter(value["read"])
        ledger._examples = {reason: list(notes) for reason, notes in value["examples"].items()}
        ledger._counts = {
            action: {table: Counter(reasons) for table, reasons in value[action].items()}
            for action in _ACTIONS
        }
        return ledger

    def _note(self, action: str, table: str, row: int, reason: str, message: str) -> None:
        self._counts[action].setdefault(table, Counter())[reason] += 1
        notes = self._examples.setdefault(reason, [])
        if len(notes) < NUM_EXAMPLES:
            notes.append({"action": action, "table": table, "row": int(row) + 1, "text": message})

    def _line(self, table: str) -> str:
        parts = [f"{self._read[table]:,} {self.unit} read"]
        for action in _ACTIONS:
            reasons = self.count(action, table)
            if reasons:
                listed = ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
                parts.append(f"{sum(reasons.values()):,} {action} ({listed})")
        return f"{table}: {', '.join(parts)}."
