"""Measured cells in one small file, so that an inspection that was stopped goes on."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

_EVERY = 64  # cells after which what was measured is on disk


class KeptFacts:
    """What was measured of cells, by what they are; added to a file line by line.

    Args:
        path: Path of the file, or None to keep nothing. One that cannot be written keeps nothing.
    """

    def __init__(self, path: Path | None):
        self._known: dict[str, dict[str, Any]] = {}
        self._waiting: list[str] = []
        self._path = path
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = path.read_text().splitlines() if path.exists() else []
        except OSError:
            self._path, lines = None, []
        for line in lines:
            with suppress(ValueError):  # the last line of a process that was killed
                key, facts = json.loads(line)
                self._known[key] = facts

    def get(self, key: str) -> dict[str, Any] | None:
        """Returns what is known of a cell, or None."""
        return self._known.get(key)

    def add(self, key: str, facts: dict[str, Any]) -> None:
        """Adds what was measured of a cell."""
        self._known[key] = facts
        self._waiting.append(json.dumps([key, facts]) + "\n")
        if len(self._waiting) >= _EVERY:
            self.write()

    def write(self) -> None:
        """Writes what waits."""
        if self._path is None or not self._waiting:
            return
        with suppress(OSError), self._path.open("a") as file:
            file.write("".join(self._waiting))
        self._waiting = []
