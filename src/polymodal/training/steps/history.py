"""The record of each epoch: a line for people, `history.jsonl` for programs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from polymodal.core import faults
from polymodal.core.disk.files import write_atomic

FILE = "history.jsonl"
_NOT_SCORES = ("epoch", "loss", "objectives", "learning_rate", "seconds")
_SHOWN = 3


def write_history(folder: Path, history: list[dict[str, Any]]) -> None:
    """Writes one JSON object per epoch, all anew: the checkpoint is what counts."""
    write_atomic(folder / FILE, "".join(json.dumps(entry) + "\n" for entry in history))
    faults.point("history_written")


def _score(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.4f}"


def epoch_line(entry: dict[str, Any], epochs: int, seconds_left: float, best: bool) -> str:
    """Returns the line shown after an epoch.

    Example:

    >>> epoch_line({"epoch": 3, "loss": 0.5, "accuracy": 0.9, "seconds": 12.3}, 30, 332, True)
    'epoch  3/30  loss 0.5000  accuracy 0.9000  12 s, 5 min 32 s left  (best so far)'
    """
    scores = {name: value for name, value in entry.items() if name not in _NOT_SCORES}
    shown = list(scores.items())[:_SHOWN]  # the rest is in the history
    left = ""
    if seconds_left:
        left = f", {duration(seconds_left)} left"
    parts = [
        f"epoch {entry['epoch']:>{len(str(epochs))}}/{epochs}",
        f"loss {entry['loss']:.4f}",
        *[f"{name} {_score(value)}" for name, value in shown],
        duration(entry["seconds"]) + left,
    ]
    return "  ".join(parts) + ("  (best so far)" if best else "")


def duration(seconds: float) -> str:
    """Returns a duration as people say it: "4.2 s", "5 min 32 s", "1 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s"


def seconds_left(history: list[dict[str, Any]], epochs: int) -> float:
    """Returns how long the epochs to come take, if they are like the last ones. The first, which
    an engine compiles in, counts only as long as there is no other."""
    recent = [entry["seconds"] for entry in (history[1:] or history)[-3:]]
    if recent:
        return (epochs - len(history)) * sum(recent) / len(recent)
    return 0.0
