"""A run that is stopped says what is saved and how to go on; finish makes a whole run of it."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest

from command_line import in_process, polymodal


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run that SIGTERM stopped in its third epoch: its folder, and what was printed."""
    from polymodal.training.loop.watch import Watch

    folder = tmp_path_factory.mktemp("stopped")
    pairs = np.random.default_rng(0).normal(size=(60, 2))
    lines = [f"{a:.4f},{b:.4f},{'high' if a + b > 0 else 'low'}" for a, b in pairs]
    (folder / "num.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")
    begin = Watch.on_train_batch_begin

    def stop(self, batch, logs=None):
        if (self.state.epoch, batch) == (2, 1):
            os.kill(os.getpid(), signal.SIGTERM)
        begin(self, batch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watch, "on_train_batch_begin", stop)
        done = in_process(
            "train",
            "--data",
            folder / "num.csv",
            "--target",
            "y",
            "--out",
            folder / "run",
            "--no-baselines",
            "--set",
            "training.epochs=6",
            "--set",
            "dim=8",
            check=False,
        )
    return folder / "run", done


def test_a_signal_is_no_error(stopped):
    folder, done = stopped
    assert done.returncode == 143
    assert "Error" not in done.stderr
    *_, first, second = done.stderr.splitlines()
    assert first.startswith("Stopped by SIGTERM in epoch 3, with a checkpoint in ")
    assert first.endswith("Run the same command again to resume.")
    assert second == (
        f"To end the run here, with the best of its 2 epochs so far: polymodal finish {folder}"
    )


def test_finish_needs_the_folder_alone(stopped):
    folder, _ = stopped
    found = json.loads(in_process("finish", folder, "--json").stdout)
    assert found["training"] == {
        "epochs": 2,
        "planned_epochs": 6,
        "last_epoch": 2,
        "checkpoints": False,
    }
    assert found["val"]["metrics"]["accuracy"] >= 0
    assert "Open" in in_process("finish", folder).stdout


def test_finish_of_what_is_no_run_is_refused_before_an_engine_is_loaded(tmp_path):
    done = polymodal("finish", tmp_path / "nowhere", check=False)
    assert done.returncode == 1
    assert "has no checkpoint. Give the --out of a polymodal train that was stopped." in (
        done.stderr
    )
    assert not (tmp_path / "nowhere").exists()


def test_a_time_limit_above_zero_is_asked_for(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n1,x\n")
    done = in_process(
        "train",
        "--data",
        tmp_path / "t.csv",
        "--target",
        "y",
        "--out",
        tmp_path / "run",
        "--max-minutes",
        "0",
        check=False,
    )
    assert "max_minutes needs a number above 0. Got 0.0." in done.stderr
