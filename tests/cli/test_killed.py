"""A command that is killed and typed again leaves what an undisturbed one leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from polymodal.core.disk.files import sha256
from polymodal.core.faults import VARIABLE


def write_notes(path):
    pairs = np.random.default_rng(0).normal(size=(80, 2))
    lines = [
        f"{a:.4f},{b:.4f},note {int(a > 0)} of {n},{'high' if a + b > 0 else 'low'}"
        for n, (a, b) in enumerate(pairs)
    ]
    path.write_text("\n".join(["a,b,note,y", *lines]) + "\n")
    return path


def train(data, out, fault=""):
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    words = [
        "train",
        "--data",
        data,
        "--target",
        "y",
        "--out",
        out,
        "--set",
        "training.epochs=3",
        "--set",
        "dim=8",
        "--set",
        "training.checkpoint_steps=2",
        "--set",
        "training.average=0.9",
        "--set",
        "objectives.single_modality.weight=0.5",
    ]
    return subprocess.run(
        [sys.executable, "-m", "polymodal", *map(str, words)],
        env={**environment, VARIABLE: fault},
        capture_output=True,
        text=True,
    )


def left_by(folder):
    """Returns what has to be the same: weights, curves, and history but for the clock's seconds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.name == "history.jsonl":
            entries = [json.loads(line) for line in path.open()]
            found[name] = [{k: v for k, v in e.items() if k != "seconds"} for e in entries]
        elif path.name in ("weights.safetensors", "metrics.json") or "plots" in name:
            found[name] = sha256(path) if path.is_file() else None
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    data = write_notes(folder / "notes.csv")
    assert train(data, folder / "run").returncode == 0
    return data, left_by(folder / "run")


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        "epoch_finished:1",
        "epoch_finished:5",
        "step_finished:40",
        "run_finished:1",
        "run_finished:2",
        "checkpoint_settled:1",
        "checkpoint_settled:2",
    ],
)
def test_a_killed_command_leaves_the_same(fault, whole, tmp_path):
    data, wanted = whole
    assert any("baselines" in name for name in wanted)
    killed = train(data, tmp_path / "run", fault)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = train(data, tmp_path / "run")
    assert again.returncode == 0, again.stderr
    assert left_by(tmp_path / "run") == wanted
    assert not list((tmp_path / "run").rglob("arrays.safetensors"))
