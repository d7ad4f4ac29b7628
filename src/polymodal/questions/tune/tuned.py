"""What a search found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polymodal.evaluation.words import interval_text, readable, value_text
from polymodal.questions.tune.board import Entry, described


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Args:
        folder: Path, with `winner/`, a bundle, and the leaderboard.
        metric: str, headline of the task.
        entries: list of Entry, the best first.
        winner: Entry.
        expected: float, score that the winner should have on other rows.
        interval: (low, high) of that.
        unseen: {"score", "rows", "interval", "inferred": the score of the inferred recipe or None}
            on the rows that the search never saw; None while another process still searches.
    """

    folder: Path
    metric: str
    entries: Sequence[Entry]
    winner: Entry
    expected: float
    interval: tuple[float, float]
    unseen: dict[str, Any] | None

    def sentences(self) -> list[str]:
        """Returns the result for a person."""
        name = readable(self.metric)
        finished = sum(one.result is not None for one in self.entries)
        why = "corrected for having been chosen" if finished > 1 else "the only one to choose from"
        said = [
            f"Best: trial {self.winner.trial}, {described(self.winner.choices)}.",
            f"Expected on other rows: {name} {value_text(self.metric, self.expected)} "
            f"({interval_text(self.metric, list(self.interval))}), {why}.",
        ]
        if self.unseen is None:
            return [*said, "Another process still searches. The last one scores the winner."]
        low, high = self.interval
        holds = low <= self.unseen["score"] <= high
        said.append(
            f"On {self.unseen['rows']:,} rows that the search never saw: "
            f"{value_text(self.metric, self.unseen['score'])}, "
            f"{'inside' if holds else 'outside'} that interval."
        )
        if self.unseen.get("inferred") is not None:
            inferred = value_text(self.metric, self.unseen["inferred"])
            said.append(f"The inferred recipe has {inferred} there.")
        if self.unseen["before"]:
            said.append(
                "These rows had been scored before, with another winner, so the score is "
                "a little too good."
            )
        return [*said, f"The winner is in {self.folder / 'winner'}, with its recipe.yaml."]

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        return {
            "folder": str(self.folder),
            "metric": self.metric,
            "winner": self.winner.to_json(),
            "expected": self.expected,
            "interval": list(self.interval),
            "unseen": self.unseen,
            "candidates": [entry.to_json() for entry in self.entries],
        }
