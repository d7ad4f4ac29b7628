import json

import keras
import numpy as np
import pytest

import small_run
from polymodal.bundle.names import weight_names
from polymodal.bundle.weights import load, values
from polymodal.core.disk.files import sha256
from polymodal.core.errors import DataError, RecipeError, ResumeError, TrainingError
from polymodal.evaluation.row_errors import RowErrors
from polymodal.training.loop import fit as fitting
from polymodal.training.loop import session
from polymodal.training.loop.fit import begin
from polymodal.training.loop.signals import Interrupted
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.saved.ending import Ending
from small_run import ArrayLoader, Task, accuracy, make_data, make_model, settings


def train(folder, loader=None, val=None, model=None, score=accuracy, **changes):
    rest = {
        key: changes.pop(key)
        for key in ("fingerprint", "on_epoch", "jit", "row_errors", "ending")
        if key in changes
    }
    model = model or make_model()
    loader = loader or ArrayLoader(*make_data(50), 8)
    session = begin(model, Task(), loader, val, settings(**changes), folder, score=score, **rest)
    return session.complete(), model


def held_out():
    return ArrayLoader(*make_data(30, seed=1), 8, shuffle=False)


def test_a_model_learns(tmp_path):
    result, _ = train(
        tmp_path,
        ArrayLoader(*make_data(400), 16),
        held_out(),
        epochs=8,
        checkpoint_steps=None,
        learning_rate=0.03,
        patience=None,
    )
    assert result.history[-1]["loss"] < 0.5 * result.history[0]["loss"]
    assert max(entry["accuracy"] for entry in result.history) > 0.8


class Clock:
    """A clock that stands still, but for what writing a checkpoint takes."""

    def __init__(self):
        self.now = 0.0
        self.saved = []  # the epochs that checkpoints stand at

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock, write = Clock(), Checkpoints.save

    def save(self, state, arrays):
        clock.saved.append(state["epoch"])
        clock.now += 1.0
        write(self, state, arrays)

    monkeypatch.setattr(session, "time", clock)
    monkeypatch.setattr(Checkpoints, "save", save)
    return clock


@pytest.mark.parametrize(("steps", "epochs"), [(None, [0, 3]), (100, [0, 0, 1, 1, 2, 2, 3, 3])])
def test_what_is_sooner_done_again_than_written_waits_for_the_next_checkpoint(
    tmp_path, clock, steps, epochs
):
    train(tmp_path, val=held_out(), epochs=3, checkpoint_steps=steps)
    assert clock.saved == epochs


@pytest.mark.parametrize(("minutes", "epochs"), [(5.0, [0, 2, 3]), (0.15, [0, 1, 2, 3, 3])])
def test_it_waits_no_longer_than_checkpoints_may_be_apart(tmp_path, clock, minutes, epochs):
    def score(outputs):
        clock.now += 10.0
        return accuracy(outputs)

    train(
        tmp_path,
        val=held_out(),
        score=score,
        epochs=3,
        checkpoint_steps=None,
        checkpoint_minutes=minutes,
    )
    assert clock.saved == epochs


def test_history_is_written_and_reported(tmp_path, capsys):
    heard = []
    result, _ = train(tmp_path, val=held_out(), on_epoch=heard.append)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == result.history == heard
    assert list(result.history[0]) == [
        "epoch",
        "loss",
        "val_loss",
        "accuracy",
        "learning_rate",
        "seconds",
    ]
    assert "epoch 3/3  loss " in capsys.readouterr().err


@pytest.mark.parametrize("own_loss", [False, True])
def test_the_loss_of_an_epoch_counts_none_of_the_epoch_before(tmp_path, own_loss):
    def die(entry):
        raise KeyboardInterrupt

    whole, _ = train(tmp_path / "whole", model=make_model(own_loss=own_loss))
    with pytest.raises(KeyboardInterrupt):  # the checkpoint of the first epoch's end is written
        train(tmp_path / "cut", model=make_model(own_loss=own_loss), on_epoch=die)
    cut, _ = train(tmp_path / "cut", model=make_model(own_loss=own_loss))
    assert [e["loss"] for e in cut.history] == [e["loss"] for e in whole.history]


def test_a_time_limit_inside_an_epoch_keeps_the_epoch_before(tmp_path):
    now, real = [0.0], ArrayLoader.batch

    class Slow(ArrayLoader):
        def batch(self, epoch, step):
            now[0] = max(now[0], 100.0 * ((epoch, step) == (2, 8)))
            return real(self, epoch, step)

    cut, _ = train(
        tmp_path / "cut",
        Slow(*make_data(100), 8),
        average=0.9,
        ending=Ending(1.0, clock=lambda: now[0]),
    )
    whole, _ = train(tmp_path / "whole", ArrayLoader(*make_data(100), 8), average=0.9, last_epoch=2)
    assert (cut.last_epoch, len(cut.history)) == (2, 2)  # steps of the third are dropped
    for name, array in whole.weights.items():
        np.testing.assert_array_equal(cut.weights[name], array)


def test_the_best_weights_are_restored(tmp_path):
    scores = iter([0.2, 0.9, 0.1, 0.1, 0.1])
    kept = []
    model = make_model()

    def score(outputs):
        kept.append(values(weight_names(model)))
        return {"accuracy": next(scores)}

    result, _ = train(tmp_path, val=held_out(), model=model, score=score, epochs=5, patience=2)
    assert (result.best_epoch, result.stopped_early, len(result.history)) == (2, True, 4)
    for name, array in values(weight_names(model)).items():
        np.testing.assert_array_equal(array, kept[1][name])
        np.testing.assert_array_equal(array, result.weights[name])


def random_labels(rows, seed):
    """Returns a loader of rows about which nothing can be learned but by heart."""
    inputs, _ = make_data(rows, seed=seed)
    targets = np.random.default_rng(seed + 50).integers(3, size=rows)
    return ArrayLoader(inputs, targets, 30, shuffle=False)


def overfit(folder, **changes):
    return train(
        folder,
        random_labels(30, 0),
        random_labels(60, 1),
        learning_rate=0.05,
        model=make_model(dropout=0, units=32),
        epochs=40,
        checkpoint_steps=None,
        **changes,
    )


def test_a_run_that_overfits_stops_and_keeps_the_epoch_before(tmp_path, capsys):
    result, model = overfit(tmp_path)
    losses = [entry["val_loss"] for entry in result.history]
    assert result.stopped_early
    assert len(losses) < 30
    assert losses[result.best_epoch - 1] < min(losses) + 0.1
    assert losses[result.best_epoch - 1] < losses[-1] - 0.3
    said = capsys.readouterr().err
    assert f"Keeping epoch {result.best_epoch}: on the validation rows the " in said
    assert "are worse by more than chance." in said
    for name, array in values(weight_names(model)).items():
        np.testing.assert_array_equal(array, result.weights[name])
    again, _ = overfit(tmp_path)
    assert (again.best_epoch, again.was_finished) == (result.best_epoch, True)


def test_a_run_without_early_stopping_goes_on_and_keeps_the_same_epoch(tmp_path):
    result, _ = overfit(tmp_path, early_stopping=False)
    losses = [entry["val_loss"] for entry in result.history]
    assert (len(losses), result.stopped_early) == (40, False)
    assert losses[result.best_epoch - 1] < min(losses) + 0.1


def test_the_errors_of_rows_decide_what_the_loss_does_not(tmp_path):
    right = iter(range(40))  # each epoch one row more
    errors = lambda: RowErrors(np.arange(60), 1.0 * (np.arange(60) >= next(right)), np.arange(60))
    result, _ = overfit(tmp_path, row_errors=errors)
    assert (len(result.history), result.best_epoch) == (40, 40)


def test_a_run_that_goes_on_stops_at_the_same_epoch(tmp_path, monkeypatch):
    whole, _ = overfit(tmp_path / "whole")
    real, asked = fitting.Session._report, [0]

    def stop(self):
        real(self)
        asked[0] += 1
        if asked[0] == whole.best_epoch + 3:
            self._save()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fitting.Session, "_report", stop)
        with pytest.raises(KeyboardInterrupt):
            overfit(tmp_path / "cut")
    cut, _ = overfit(tmp_path / "cut")
    assert len(cut.history) == len(whole.history)
    for name, array in whole.weights.items():
        np.testing.assert_array_equal(cut.weights[name], array)


def test_averaged_weights_are_scored_and_kept(tmp_path):
    seen = []
    model = make_model()

    def score(outputs):
        seen.append(values(weight_names(model)))
        return {"accuracy": 1.0}

    result, _ = train(tmp_path, val=held_out(), model=model, score=score, epochs=1, average=0.9)
    for name, array in result.weights.items():
        np.testing.assert_array_equal(array, seen[0][name])


def test_without_a_validation_table_the_last_weights_are_kept(tmp_path):
    result, model = train(tmp_path, patience=1)
    assert result.best_epoch is None
    assert len(result.history) == 3
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model.head.kernel), result.weights["head.kernel"]
    )


def test_without_a_score_the_validation_loss_decides(tmp_path):
    result, _ = train(tmp_path, val=held_out(), score=None)
    losses = [entry["val_loss"] for entry in result.history]
    assert result.best_epoch == 1 + losses.index(min(losses))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    small_run.run(folder)
    return folder / "weights.safetensors"


def test_equal_runs_give_equal_bytes(tmp_path, whole):
    keras.layers.Dense(3)  # what else is made in the process does not matter
    small_run.run(tmp_path)
    assert sha256(whole) == sha256(tmp_path / "weights.safetensors")


def stop_after(monkeypatch, stop_at):
    """Stops a run where it asks for the so-manieth time whether to stop."""
    asked, interrupt = [0], fitting.Session._interrupt

    def stop(self, request, save):
        asked[0] += 1
        request.signal = "SIGTERM" if asked[0] == stop_at else request.signal
        interrupt(self, request, save)

    monkeypatch.setattr(fitting.Session, "_interrupt", stop)


@pytest.mark.parametrize("stop_at", [5, 9])  # inside the first epoch; while it is validated
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, monkeypatch, whole, stop_at):
    stop_after(monkeypatch, stop_at)
    with pytest.raises(Interrupted, match=r"Stopped by SIGTERM in epoch .* Run the same command"):
        small_run.run(tmp_path)
    small_run.run(tmp_path)
    cut = tmp_path / "weights.safetensors"
    for name, array in load(whole).items():
        np.testing.assert_array_equal(load(cut)[name], array)
    assert sha256(whole) == sha256(cut)


# Inside pretraining; where it is over, before and after the last checkpoint of it; after it.
@pytest.mark.parametrize("stop_at", [5, 12, 13, 19])
def test_a_run_stopped_around_pretraining_goes_on_to_the_same_bytes(
    tmp_path, monkeypatch, pretrained, stop_at
):
    stop_after(monkeypatch, stop_at)
    with pytest.raises(Interrupted):
        small_run.run(tmp_path, own_loss=True, pretrain_epochs=1)
    small_run.run(tmp_path, own_loss=True, pretrain_epochs=1)
    assert sha256(pretrained / "weights.safetensors") == sha256(tmp_path / "weights.safetensors")


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    small_run.run(folder, own_loss=True, pretrain_epochs=1)
    return folder


def test_no_epoch_of_pretraining_is_kept_and_another_length_is_another_run(tmp_path, capsys):
    result = small_run.run(tmp_path, own_loss=True, pretrain_epochs=2)
    assert result.best_epoch == 3
    assert len(result.history) == 3
    assert "Pretraining without targets, epoch 2 of 2." in capsys.readouterr().err
    with pytest.raises(ResumeError, match="pretrain_epochs: was 2, now 1"):
        small_run.run(tmp_path, own_loss=True, pretrain_epochs=1)


def test_a_resumed_epoch_reports_the_same_loss(tmp_path, monkeypatch):
    whole, _ = train(tmp_path / "whole", val=held_out())
    real = ArrayLoader.batch

    def fail(self, epoch, step):
        if self.shuffle and (epoch, step) == (1, 5):
            raise DataError("was deleted.", "Put it back.", table="train.csv", row=3)
        return real(self, epoch, step)

    with monkeypatch.context() as patch:
        patch.setattr(ArrayLoader, "batch", fail)
        with pytest.raises(DataError, match=r"train\.csv row 3: was deleted\. Put it back\."):
            train(tmp_path / "cut", val=held_out(), checkpoint_steps=1)
    cut, _ = train(tmp_path / "cut", val=held_out(), checkpoint_steps=1)
    assert [e["loss"] for e in cut.history] == pytest.approx([e["loss"] for e in whole.history])


def test_a_finished_run_says_so_and_gives_its_weights(tmp_path, capsys):
    first, _ = train(tmp_path, val=held_out())
    second, model = train(tmp_path, val=held_out())
    assert "is finished: 3 epochs" in capsys.readouterr().err
    assert second.was_finished
    assert second.history == first.history
    assert second.best_epoch == first.best_epoch
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model.head.kernel), first.weights["head.kernel"]
    )


def test_another_recipe_is_refused_with_what_changed(tmp_path):
    train(tmp_path, fingerprint={"table": "abc"})
    with pytest.raises(ResumeError) as caught:
        train(tmp_path, fingerprint={"table": "xyz"}, learning_rate=0.5)
    assert '  given.table: was "abc", now "xyz"' in str(caught.value)
    assert "  training.learning_rate: was 0.01, now 0.5" in str(caught.value)


def test_another_model_is_refused(tmp_path):
    train(tmp_path)
    with pytest.raises(ResumeError, match=r"has another model: blocks\.0\.bias"):
        train(tmp_path, model=make_model(units=9))


def test_another_engine_version_is_refused(tmp_path, monkeypatch):
    train(tmp_path)
    known = fitting.environment
    monkeypatch.setattr(fitting, "environment", lambda *a: known(*a) | {"keras": "3.99"})
    with pytest.raises(ResumeError, match=r'  keras: was "3\.15'):
        train(tmp_path)


def test_a_loss_that_is_not_a_number_names_its_rows(tmp_path):
    inputs, targets = make_data(24)
    inputs[13] = np.nan
    loader = ArrayLoader(inputs, targets, 8, shuffle=False)
    with pytest.raises(TrainingError, match=r"epoch 1, step [23], whose rows .*row 14\. Fix"):
        train(tmp_path, loader)
    for array in Checkpoints(tmp_path).arrays().values():
        assert np.isfinite(array).all()


def test_bucketed_lengths_train(tmp_path):
    loader = ArrayLoader(*make_data(64, time=8), 8, varies=True)
    result, _ = train(tmp_path, loader, model=make_model(time=True))
    assert np.isfinite(result.history[-1]["loss"])


def test_settings_that_were_not_chosen_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"fit needs training\.learning_rate\. Got null"):
        train(tmp_path, learning_rate=None)


def test_a_plan_for_other_accumulation_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="accumulate needs to divide the 7 steps"):
        train(tmp_path, accumulate=2)
