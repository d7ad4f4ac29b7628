"""A run that is killed and started again ends with the bytes of an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from polymodal.core.faults import VARIABLE
from polymodal.training.saved.checkpoint import POINTS, Checkpoints
from small_run import left_by

SCRIPT = Path(__file__).parents[1] / "small_run.py"
# How often a point is passed before the kill, so that kills spread over the run.
TIMES = {
    "step_started": 9,
    "step_finished": 12,
    "file_written": 5,
    "file_synced": 7,
    "file_renamed": 9,
    "validation_step": 6,
    "run_started": 1,
    "run_finished": 1,
    "best_before": 1,
    "best_after": 1,
}
ALWAYS = ("step_finished", "epoch_finished", "validation_step")
if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
    ALWAYS = ALWAYS[:1]  # a run takes long to compile there


def start(folder, *arguments, fault=None):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop(VARIABLE, None)
    if fault:
        environment[VARIABLE] = fault
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), "--own-loss", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    done = start(folder)
    if done.returncode:
        pytest.fail(done.stderr)
    return left_by(folder)


@pytest.mark.parametrize(
    "point", [p if p in ALWAYS else pytest.param(p, marks=pytest.mark.slow) for p in POINTS]
)
def test_a_killed_run_ends_with_the_same_bytes(point, tmp_path, undisturbed):
    killed = start(tmp_path, fault=f"{point}:{TIMES.get(point, 2)}")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = start(tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert left_by(tmp_path) == undisturbed


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_same_bytes(tmp_path, undisturbed):
    for fault in ("step_finished:2", "step_started:5", "folder_written:3", "best_after:1"):
        assert start(tmp_path, fault=fault).returncode == -signal.SIGKILL
    assert start(tmp_path).returncode == 0
    assert left_by(tmp_path) == undisturbed


@pytest.mark.slow
def test_gradient_accumulators_are_part_of_a_checkpoint(tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    assert start(whole, "--accumulate", "2").returncode == 0
    killed = start(cut, "--accumulate", "2", fault="step_started:5")
    assert killed.returncode == -signal.SIGKILL
    assert Checkpoints(cut).state()["step"] % 2 == 1  # between two halves of an update
    assert start(cut, "--accumulate", "2").returncode == 0
    assert left_by(cut) == left_by(whole)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["epoch_finished", "epoch_trained", "step_finished"])
def test_accumulated_steps_are_counted_once(point, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    assert start(whole, "--accumulate", "2").returncode == 0
    killed = start(cut, "--accumulate", "2", fault=f"{point}:{TIMES.get(point, 2)}")
    assert killed.returncode == -signal.SIGKILL
    assert start(cut, "--accumulate", "2").returncode == 0
    assert left_by(cut) == left_by(whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_writes_a_checkpoint_and_says_how_to_go_on(name, tmp_path, undisturbed):
    stopped = start(tmp_path, "--signal", f"{name}:12")
    assert stopped.returncode == 1
    assert f"Stopped by {name} in epoch" in stopped.stderr
    assert "Run the same command again to resume." in stopped.stderr
    assert Checkpoints(tmp_path).state()["step"] > 0
    assert start(tmp_path).returncode == 0
    assert left_by(tmp_path) == undisturbed


@pytest.mark.slow
def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path, undisturbed):
    assert start(tmp_path, fault="epoch_trained:1").returncode == -signal.SIGKILL
    before = Checkpoints(tmp_path).latest().name
    full = start(tmp_path, "--limit", "2000")
    assert full.returncode == 1
    assert "the disk is full" in full.stderr
    assert f"The last one, {before}, is whole" in full.stderr
    assert Checkpoints(tmp_path).latest().name == before
    assert start(tmp_path).returncode == 0
    assert left_by(tmp_path) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["step_finished:6", "epoch_finished:1", "step_started:9"])
def test_a_run_killed_around_pretraining_ends_with_the_same_bytes(fault, tmp_path):
    assert start(tmp_path / "whole", "--pretrain", "1").returncode == 0
    assert start(tmp_path / "cut", "--pretrain", "1", fault=fault).returncode == -signal.SIGKILL
    assert start(tmp_path / "cut", "--pretrain", "1").returncode == 0
    assert left_by(tmp_path / "cut") == left_by(tmp_path / "whole")
