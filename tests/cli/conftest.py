"""A run that takes seconds: a number and a note, some of them missing, of rows by speaker."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from command_line import in_process


def write_rows(path, rows, speakers, seed=0):
    """Writes a table of notes and numbers that each say something of the label."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "note", "speaker", "label"])
        for row in range(rows):
            yes = rng.random() < 0.5
            x = "" if rng.random() < 0.2 else f"{rng.normal(2.0 if yes else -2.0, 1.5):.3f}"
            words = rng.choice(["warm", "bright"] if yes else ["cold", "dark"])
            note = "" if rng.random() < 0.2 and x else f"it was {words} and it was {row % 7}"
            writer.writerow([x, note, f"s{row % speakers}", "yes" if yes else "no"])
    return path


@pytest.fixture(scope="session")
def spoken(tmp_path_factory):
    """folder, run, printed: the run of a table with 60 speakers, 9 of whom are held out."""
    folder = tmp_path_factory.mktemp("spoken")
    table = write_rows(folder / "t.csv", 240, 60)
    done = in_process(
        "train",
        "--data",
        table,
        "--target",
        "label",
        "--split-group",
        "speaker",
        "--set",
        "training.epochs=2",
        "--set",
        "dim=16",
        "--set",
        "inputs.note.modality=text",
        "--out",
        folder / "run",
    )
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    return SimpleNamespace(
        folder=folder, run=folder / "run", done=done, metrics=metrics, write_rows=write_rows
    )
