import errno
import os

import numpy as np
import pytest

from polymodal.bundle import weights as tensors
from polymodal.core.errors import ResumeError, TrainingError
from polymodal.training.saved import checkpoint
from polymodal.training.saved.checkpoint import POINTS, Checkpoints, status

ARRAYS = {"model/a": np.arange(3.0), "optimizer/iteration": np.array(4)}


def state(**changes):
    return {"epoch": 1, "finished": False} | changes


def test_a_checkpoint_comes_back(tmp_path):
    saved = Checkpoints(tmp_path)
    assert saved.latest() is None
    assert saved.state() is None
    saved.save(state(), ARRAYS)
    assert saved.state()["epoch"] == 1
    np.testing.assert_array_equal(saved.arrays()["model/a"], ARRAYS["model/a"])
    assert saved.arrays()["optimizer/iteration"].shape == ()


def test_older_ones_and_leftovers_are_removed(tmp_path):
    saved = Checkpoints(tmp_path)
    saved.save(state(), ARRAYS)
    (saved.folder / ".checkpoint-000002.tmp99").mkdir()
    (saved.folder / ".LATEST.tmp99").write_text("x")
    saved.save(state(epoch=2), ARRAYS)
    assert sorted(p.name for p in saved.folder.iterdir()) == ["LATEST", "checkpoint-000002"]


def test_status_of_a_run(tmp_path):
    assert status(tmp_path) is None
    Checkpoints(tmp_path).save(state(), ARRAYS)
    assert status(tmp_path) == "started"
    Checkpoints(tmp_path).save(state(finished=True), ARRAYS)
    assert status(tmp_path) == "finished"


@pytest.mark.parametrize("step", ["write_folder", "write_atomic"])
def test_a_full_disk_leaves_the_last_one_whole(tmp_path, monkeypatch, step):
    saved = Checkpoints(tmp_path)
    saved.save(state(), ARRAYS)

    def full(path, *_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, step, full)
        with pytest.raises(
            TrainingError,
            match=r"the disk is full\. The last one, "
            r"checkpoint-000001, is whole\. Free some space",
        ):
            saved.save(state(epoch=2), ARRAYS)
    assert saved.state()["epoch"] == 1
    saved.save(state(epoch=3), ARRAYS)
    assert saved.state()["epoch"] == 3


def test_a_first_checkpoint_that_fails_says_there_was_none(tmp_path, monkeypatch):
    def denied(*_):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(checkpoint, "write_folder", denied)
    with pytest.raises(TrainingError, match=r"Permission denied\. There was none before"):
        Checkpoints(tmp_path).save(state(), ARRAYS)


@pytest.mark.parametrize("name", ["checkpoint-000009", "../checkpoint-000001", ""])
def test_a_latest_that_leads_nowhere_is_refused(tmp_path, name):
    saved = Checkpoints(tmp_path)
    saved.save(state(), ARRAYS)
    (saved.folder / "LATEST").write_text(name)
    with pytest.raises(ResumeError, match="needs the name of a checkpoint next to it"):
        saved.state()


def test_a_damaged_or_newer_state_is_refused(tmp_path):
    saved = Checkpoints(tmp_path)
    saved.save(state(), ARRAYS)
    (saved.latest() / "state.json").write_text('{"version": 7}')
    with pytest.raises(ResumeError, match=r"needs version 3\. Got 7"):
        saved.state()
    (saved.latest() / "state.json").write_text("{")
    with pytest.raises(ResumeError, match="is damaged"):
        saved.state()


def test_a_finished_run_needs_no_checkpoint(tmp_path):
    saved = Checkpoints(tmp_path)
    saved.save(state(finished=True), ARRAYS | {"best/a": np.arange(3.0)})
    np.testing.assert_array_equal(saved.kept_weights()["a"], np.arange(3.0))
    tensors.save(tmp_path / "weights.safetensors", {"a": np.arange(3.0)})
    saved.settle()
    assert [p.name for p in saved.folder.iterdir()] == ["finished.json"]
    assert (saved.settled, status(tmp_path)) == (True, "finished")
    np.testing.assert_array_equal(saved.kept_weights()["a"], np.arange(3.0))
    saved.settle()
    assert saved.state()["epoch"] == 1


def test_a_run_that_is_not_finished_keeps_its_checkpoint(tmp_path):
    saved = Checkpoints(tmp_path)
    saved.settle()
    saved.save(state(), ARRAYS)
    saved.settle()
    assert saved.latest() is not None


def test_weights_that_are_not_those_of_the_finished_run_are_refused(tmp_path):
    saved = Checkpoints(tmp_path)
    saved.save(state(finished=True), ARRAYS)
    tensors.save(tmp_path / "weights.safetensors", {"a": np.arange(3.0)})
    saved.settle()
    tensors.save(tmp_path / "weights.safetensors", {"a": np.arange(4.0)})
    with pytest.raises(ResumeError, match=r"weights\.safetensors needs to be what the finished"):
        saved.kept_weights()


def test_points_are_distinct_and_many():
    assert len(set(POINTS)) == len(POINTS) >= 20
