"""Two processes on one run folder: the second is told who is there, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from command_line import in_process, polymodal
from polymodal.core.errors import LockedError
from polymodal.training.reporting.report import rewrite

HOLD = """
import sys
from polymodal.core.disk.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path):
    """A run folder that another process uses."""
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield folder, process.pid
    process.communicate()


def write_numbers(path):
    pairs = np.random.default_rng(0).normal(size=(60, 2))
    lines = [f"{a:.4f},{b:.4f},{'high' if a + b > 0 else 'low'}" for a, b in pairs]
    path.write_text("\n".join(["a,b,y", *lines]) + "\n")
    return path


def test_train_names_the_process_that_uses_the_folder(held, tmp_path):
    folder, pid = held
    done = in_process(
        "train",
        "--data",
        write_numbers(tmp_path / "num.csv"),
        "--target",
        "y",
        "--out",
        folder,
        check=False,
    )
    assert done.returncode == 1
    assert f"needs to be used by one process at a time. Got a second one: process {pid}" in (
        done.stderr
    )


def test_a_report_is_not_written_again_while_its_run_trains(held):
    folder, _ = held
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "report.json").write_text("{}")
    with pytest.raises(LockedError):
        rewrite(folder)


@pytest.mark.slow
def test_the_first_of_two_trains_on_and_is_found_finished(tmp_path):
    words = [
        "train",
        "--data",
        write_numbers(tmp_path / "num.csv"),
        "--target",
        "y",
        "--out",
        tmp_path / "both",
        "--no-baselines",
        "--set",
        "training.epochs=4",
        "--set",
        "training.checkpoint_steps=1",
    ]
    first = subprocess.Popen(
        [sys.executable, "-m", "polymodal", *map(str, words)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert first.stderr.readline()  # it has begun, so it holds the folder
    second = polymodal(*words, check=False)
    first.communicate()
    assert (first.returncode, second.returncode) == (0, 1)
    assert f"process {first.pid} on " in second.stderr
    assert "is finished: 4 epochs" in polymodal(*words).stderr
