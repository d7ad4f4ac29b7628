"""A run that is ended early is a whole run, and one with its recipe gives the same bytes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import yaml

import polymodal as pm
from polymodal.core.disk.files import sha256
from polymodal.core.errors import DataError, Interrupted, ResumeError, TrainingError
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.saved.ending import Ending

TRAINING = {
    "epochs": 6,
    "learning_rate": 0.01,
    "batch_size": 16,
    "average": 0.9,
    "checkpoint_steps": 1,
}


class Stopped(Exception):
    """What stands in for the end of a process."""


def stop_at(epoch):
    def heard(entry):
        if entry["epoch"] == epoch:
            raise Stopped

    return heard


def write_numbers(path, seed=0):
    pairs = np.random.default_rng(seed).normal(size=(60, 2))
    lines = [f"{a:.4f},{b:.4f},word{int(a > 0)},{'high' if a + b > 0 else 'low'}" for a, b in pairs]
    path.write_text("\n".join(["a,b,note,y", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_numbers(tmp_path_factory.mktemp("data") / "num.csv")


def train(data, out, ignore=("note",), recipe=(), **options):
    model = pm.Classifier("y", ignore=ignore, dim=8, **{"training": TRAINING, **dict(recipe)})
    return model.fit(data, out=out, **options)


@pytest.fixture(scope="module")
def stopped(data, tmp_path_factory):
    """A run that was stopped in the middle of its fourth epoch, three being whole."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    with pytest.raises(Stopped):
        train(data, folder, on_epoch=stop_at(3))
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 2)
        with pytest.raises(Stopped):
            train(data, folder)
    assert Checkpoints(folder).state()["step"] > 0
    return folder


def stop_in_step(patch, step):
    from polymodal.training.loop.watch import Watch

    begin = Watch.on_train_batch_begin

    def stop(self, batch, logs=None):
        begin(self, batch, logs)
        if batch == step:
            raise Stopped

    patch.setattr(Watch, "on_train_batch_begin", stop)


@pytest.fixture
def run(stopped, tmp_path):
    return shutil.copytree(stopped, tmp_path / "run")


@pytest.fixture(scope="module")
def finished(stopped, tmp_path_factory):
    folder = shutil.copytree(stopped, tmp_path_factory.mktemp("finished") / "run")
    return folder, pm.finish(folder)


def history(folder):
    entries = [json.loads(line) for line in (folder / "history.jsonl").open()]
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]


def test_a_stopped_run_becomes_a_whole_one(finished):
    folder, model = finished
    assert len(history(folder)) == 3
    assert {"manifest.json", "report.html", "MODEL_CARD.md", "metrics.json"} <= {
        path.name for path in folder.iterdir()
    }
    assert model.metrics["val"]["metrics"]["accuracy"] >= 0
    assert len(pm.load(folder).predict([{"a": 1, "b": 1}])) == 1
    assert yaml.safe_load((folder / "recipe.yaml").read_text())["training"]["last_epoch"] == 3


def test_a_run_with_its_recipe_gives_the_same_bytes(finished, data, tmp_path):
    folder, _ = finished
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text())
    target = recipe.pop("target")
    again = pm.Classifier(target, **recipe).fit(data, out=tmp_path / "again")
    assert sha256(again.folder / "weights.safetensors") == sha256(folder / "weights.safetensors")
    assert history(again.folder) == history(folder)
    assert (again.folder / "model.json").read_bytes() == (folder / "model.json").read_bytes()
    curves = [path / "plots" / "curve_loss.png" for path in (again.folder, folder)]
    assert sha256(curves[0]) == sha256(curves[1])


def test_fewer_epochs_end_a_run_on_its_old_schedule(finished, data, run, tmp_path):
    fewer = {**TRAINING, "epochs": 4}
    shorter = train(data, run, recipe={"training": fewer})
    whole = train(data, tmp_path / "whole", recipe={"training": {**TRAINING, "last_epoch": 4}})
    assert shorter.recipe.training["last_epoch"] == 4
    assert shorter.recipe.training["epochs"] == 6
    assert history(shorter.folder) == history(whole.folder)
    weights = [model.folder / "weights.safetensors" for model in (shorter, whole)]
    assert sha256(weights[0]) == sha256(weights[1])
    # What is behind it cannot be asked for any more, and the same command finds it finished.
    with pytest.raises(ResumeError, match="needs a last epoch of 4 or more, as it has trained so"):
        train(data, run, recipe={"training": {**TRAINING, "epochs": 2}})
    with pytest.raises(ResumeError, match="was ended at epoch 4 and is finished"):
        train(data, run, recipe={"training": {**TRAINING, "epochs": 5}})
    train(data, run, recipe={"training": fewer})
    assert len(history(run)) == 4


def test_a_finished_run_is_found_finished_without_its_checkpoints(finished, data, capsys):
    folder, _ = finished
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["finished.json"]
    before = sha256(folder / "weights.safetensors")
    train(data, folder)
    assert "is finished: 3 epochs of 6, where it was ended." in capsys.readouterr().err
    assert sha256(folder / "weights.safetensors") == before
    with pytest.raises(ResumeError) as caught:
        train(data, folder, recipe={"training": {**TRAINING, "epochs": 9}})
    assert str(caught.value).splitlines()[1:-1] == [
        "  training.epochs: was 6, now 9",
        "The learning rate of every step follows from training.epochs, so more are another run.",
    ]
    assert pm.finish(folder).metrics["val"]
    assert "is finished already" in capsys.readouterr().err


@pytest.mark.slow
def test_inputs_alone_end_where_the_whole_does_and_lose_their_checkpoints(data, tmp_path):
    folder, recipe = tmp_path / "run", {"inputs": {"note": {"modality": "text"}, "*": {}}}
    with pytest.raises(Stopped):
        train(data, folder, (), recipe, baselines=True, on_epoch=stop_at(2))
    pm.finish(folder)
    for place in sorted((folder / "baselines").iterdir()):
        assert len(history(place)) == 2
        assert [path.name for path in (place / "checkpoints").iterdir()] == ["finished.json"]
    assert len(json.loads((folder / "metrics.json").read_text())["singles"]) == 2
    train(data, folder, (), recipe, baselines=True)  # nothing is trained again
    assert len(history(folder)) == 2


def test_checkpoints_stay_where_they_are_asked_for(run):
    pm.finish(run, keep_checkpoints=True)
    assert Checkpoints(run).latest() is not None


def test_a_time_limit_ends_the_run_with_a_whole_epoch(data, tmp_path, monkeypatch):
    now = [0.0]
    from polymodal.training.saved import ending

    monkeypatch.setattr(ending.Ending.__init__, "__defaults__", (None, False, lambda: now[0]))

    def heard(entry):
        now[0] = 100.0 * (entry["epoch"] == 2)

    model = train(data, tmp_path / "run", max_minutes=1, on_epoch=heard)
    assert model.recipe.training["last_epoch"] == 2
    assert len(history(model.folder)) == 2


@pytest.mark.slow
def test_a_time_limit_bounds_the_baselines_too(data, tmp_path, monkeypatch, capsys):
    now = [0.0]
    from polymodal.training.saved import ending

    monkeypatch.setattr(ending.Ending.__init__, "__defaults__", (None, False, lambda: now[0]))

    def heard(entry):
        now[0] = 3599.99 * (entry["epoch"] == 6)

    folder, recipe = tmp_path / "run", {"inputs": {"note": {"modality": "text"}, "*": {}}}
    train(data, folder, (), recipe, baselines=True, max_minutes=60, on_epoch=heard)
    said = capsys.readouterr().err
    for name in ("note", "tabular"):
        assert f"Skipping the model of {name} alone: it would take " in said
    assert json.loads((folder / "metrics.json").read_text())["singles"] == {}
    train(data, folder, (), recipe, baselines=True)
    assert set(json.loads((folder / "metrics.json").read_text())["singles"]) == {"note", "tabular"}
    assert len(history(folder)) == 6


def test_time_is_kept_for_what_follows_the_training():
    now = [0.0]
    limit = Ending(minutes=1, clock=lambda: now[0])
    limit.reserve(12)
    assert limit.left == limit.cut(500) == 48
    now[0] = 48.0
    assert limit.is_over
    limit.reserve(2)
    assert limit.left == 10
    limit.reserve(500)  # never more than half
    assert limit.left == 6
    assert Ending().left == float("inf")
    assert not Ending().is_over


def test_a_time_limit_inside_the_first_epoch_leaves_a_checkpoint(data, tmp_path, capsys):
    folder = tmp_path / "run"
    with pytest.raises(
        Interrupted,
        match=r"came in the first epoch, at step 0 of 4, so there is "
        r"no whole epoch to keep\. A checkpoint is in",
    ) as caught:
        train(data, folder, max_minutes=1e-9)
    assert caught.value.exit_status == 124
    assert Checkpoints(folder).state()["epoch"] == 0
    with pytest.raises(TrainingError, match="finish needs a run with at least one whole epoch"):
        pm.finish(folder)


def test_finish_names_what_is_missing(data, run, tmp_path):
    with pytest.raises(TrainingError, match="finish needs the folder of a started run"):
        pm.finish(tmp_path / "nowhere")
    with pytest.raises(ResumeError, match="a table has changed"):
        pm.finish(run, train=write_numbers(tmp_path / "other.csv", seed=1))
    moved = tmp_path / "moved.csv"
    state = Checkpoints(run).latest() / "state.json"
    state.write_text(state.read_text().replace(str(data), str(moved)))
    with pytest.raises(DataError, match=r"needs its train table .*moved\.csv, which is gone"):
        pm.finish(run)
    assert pm.finish(run, train=data).metrics["val"]


def test_a_table_in_memory_is_passed_again(data, tmp_path):
    rows = [dict(row) for row in map(pm.read(data).row, range(60))]
    with pytest.raises(Stopped):
        train(rows, tmp_path / "run", on_epoch=stop_at(1))
    with pytest.raises(DataError, match=r"needs its train table, which was in memory\. Pass it"):
        pm.finish(tmp_path / "run")
    assert pm.finish(tmp_path / "run", train=rows).metrics["val"]


@pytest.mark.parametrize("minutes", [0, -1, float("nan")])
def test_a_time_limit_is_above_zero(data, tmp_path, minutes):
    with pytest.raises(pm.RecipeError, match="max_minutes needs a number above 0"):
        train(data, tmp_path / "run", max_minutes=minutes)
