"""The loop over epochs of one model, and its checkpoints."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from polymodal.bundle import weights
from polymodal.core import faults
from polymodal.core.disk.lock import locked
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import bar, say, warn
from polymodal.evaluation.row_errors import RowErrors
from polymodal.training.loop.boards import Boards
from polymodal.training.loop.rehearsal import Limit, Pace, rehearse
from polymodal.training.loop.result import Result
from polymodal.training.loop.signals import StopRequest, listening, out_of_time, stopped_by
from polymodal.training.loop.validate import Validation, validate
from polymodal.training.loop.watch import Watch
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.saved.differences import check_same
from polymodal.training.saved.ending import Ending, check_begun, check_reachable
from polymodal.training.steps.compiled import check, compiled
from polymodal.training.steps.feed import Feed
from polymodal.training.steps.history import duration, epoch_line, seconds_left, write_history
from polymodal.training.steps.optimizer import averaged
from polymodal.training.steps.stopping import Best

_SHARE = 0.05  # of the time, that checkpoints between the parts of epochs may take


class _Ended(Exception):
    """Raised inside an epoch to leave it, where the run ends with the epoch before."""


class Session:
    """The training of one model: the loop over epochs, and the checkpoints.

    `begin` makes one.
    """

    def __init__(self, model, task, train, val, settings, folder, score, on_epoch, jit):
        check(settings, train)
        self.ending, self.asked = Ending(), {}
        self.last_epoch: int | None = None  # where it was ended before all epochs
        self.model, self.train, self.val, self.settings = model, train, val, settings
        self.folder, self.score, self.on_epoch = folder, score, on_epoch
        self.row_errors: Callable[[], RowErrors | None] | None = None
        self.checkpoints = Checkpoints(folder)
        self.task, self.loss = task, task.loss()
        self.state = compiled(model, self.loss, train, settings, jit)
        name, mode = task.monitor if score else ("val_loss", "min")
        epochs = (settings.epochs or 1) - (settings.pretrain_epochs or 0)
        self.state.best = Best(name, mode, settings.patience, epochs, settings.early_stopping)
        self.jit = jit
        self.boards = Boards(folder)
        self.finished = False
        self.identity: dict[str, Any] = {}
        self._metrics: dict[str, Any] = {}
        self._feed: Feed | None = None
        self._saved, self._cost = time.monotonic(), 0.0  # the last checkpoint: when, and seconds
        self._longest = 60 * settings.checkpoint_minutes

    def resume(self, identity: dict[str, Any]) -> None:
        """Takes over the latest checkpoint, if there is one, after comparing `identity`."""
        self.identity = identity
        saved = self.checkpoints.state()
        if saved is not None:
            self._take_over(saved)
        if self.ending.now:
            check_begun(self.state.epoch, self.folder)

    def _take_over(self, saved: dict[str, Any]) -> None:
        check_same(saved["identity"], self.identity, self.folder, (saved["asked"], self.asked))
        check_reachable(self.settings.last_epoch, saved, self.folder)
        self.finished, self.last_epoch = saved["finished"], saved["last_epoch"]
        if self.finished:
            self.state.restore_end(saved, self.checkpoints.kept_weights())
        else:
            self._metrics = self.state.restore(saved, self.checkpoints.arrays())

    @property
    def epochs_left(self) -> int:
        """Epochs that are still to be trained, at most."""
        if self.finished or self.ending.now:
            return 0
        return (self.settings.num_epochs or 0) - self.state.epoch

    @property
    def known_end(self) -> int | None:
        """The epoch before the last planned one that it ends with, as far as that is known."""
        if self.finished:
            return self.last_epoch
        if self.ending.now:
            return self.state.epoch
        return self.settings.last_epoch

    def end_at(self, epoch: int | None) -> None:
        """Makes an epoch the last one."""
        self.settings = dataclasses.replace(self.settings, last_epoch=epoch)

    def rehearse(self, limit: Limit | None = None) -> Pace:
        """Times a few steps and a validation, and restores the state."""
        if not self.epochs_left:
            return Pace()
        kept = self.state.values(), self.state.arrays()
        try:
            return rehearse(
                self.model,
                self.train,
                self.epochs_left,
                self.jit,
                None if self.val is None else (self.val, self._validate_rows),
                limit,
            )
        finally:
            self.state.restore(*kept)
            self.model.reset_metrics()

    def complete(self) -> Result:
        """Trains what is left to train, and returns how it ended.

        Raises:
            LockedError: another process uses the folder.
            TrainingError: the loss is not a number, or a checkpoint cannot be written.
            Interrupted: SIGTERM or Ctrl-C came; a checkpoint was written.
        """
        with locked(self.folder):
            return self._complete()

    def _complete(self) -> Result:
        state = self.state
        if self.finished:
            of_all = f" of {self.settings.epochs}, where it was ended" * bool(self.last_epoch)
            say(
                f"The run in {self.folder} is finished: "
                f"{counted(len(state.history), 'epoch')}{of_all}."
            )
            return self.result(was_finished=True)
        if self.checkpoints.latest() and not self.ending.now:
            say(f"Resuming {self.folder} at epoch {state.epoch + 1}, step {state.step + 1}.")
        with listening() as request:
            self.train_all(request)
        return self.result(was_finished=False)

    def train_all(self, request: StopRequest) -> None:
        faults.point("run_started")
        self.folder.mkdir(parents=True, exist_ok=True)
        state, epochs = self.state, self.settings.num_epochs or 0
        if not self.checkpoints.latest():
            self._save()  # from here on the run can be resumed
        try:
            while state.epoch < epochs and not state.best.stop:
                self._leave_if_over()
                if state.step < self.train.steps(state.epoch):
                    self._train_epoch(request)
                    self._save_if_worth_it()
                self._end_epoch(request)
                self._save_if_worth_it()
                self._report()
        except _Ended:
            state.drop_epoch()
            say(
                f"The run is ended {self.ending.reason()}, after epoch {state.epoch} of "
                f"{self.settings.epochs}."
            )
        self._finish()

    def _leave_if_over(self) -> None:
        if self.state.epoch and self.ending.is_over:
            raise _Ended

    def _pretrains_at(self, epoch: int) -> bool:
        """Returns whether objectives alone are trained in an epoch; the baseline of one input may
        have none."""
        before = self.settings.pretrain_epochs or 0
        return epoch < before and getattr(self.model, "reads_unlabelled", False)

    def _train_epoch(self, request: StopRequest) -> None:
        state = self.state
        if self.settings.pretrain_epochs:
            self._begin_phase()
        steps = self.train.steps(state.epoch) - state.step
        self._feed = self._feed or Feed(self.train)
        with bar(f"epoch {state.epoch + 1}/{self.settings.num_epochs}", steps) as advance:
            watch = Watch(
                state,
                self.train,
                self._save,
                self._is_due,
                lambda save: self._interrupt(request, save),
                advance,
                self.settings,
            )
            watch.metrics, self._metrics = self._metrics, {}
            self._fit_keras(self._feed, steps, watch)
        state.step += 1
        state.seconds = watch.seconds()
        faults.point("epoch_trained")

    def _begin_phase(self) -> None:
        """Trains objectives alone in the first epochs, then everything."""
        epoch, before = self.state.epoch, self.settings.pretrain_epochs
        alone = self._pretrains_at(epoch)
        self.model.pretrain(alone)
        if alone and not self.state.step:
            say(f"Pretraining without targets, epoch {epoch + 1} of {before}.")
        elif epoch == before and not self.state.step and self._pretrains_at(0):
            say("Pretraining is done. From here on targets are trained on too.")

    def _fit_keras(self, feed: Feed, steps: int, watch: Watch) -> None:
        epoch = self.state.epoch
        try:
            self.model.fit(
                feed.epoch(epoch, self.state.step),
                initial_epoch=epoch,
                epochs=epoch + 1,
                steps_per_epoch=steps,
                shuffle=False,
                verbose=0,
                callbacks=[watch],
            )
        except Exception as error:
            if feed.error is not None and feed.error is not error:
                raise feed.error from error
            raise

    def _end_epoch(self, request: StopRequest) -> None:
        """Validates, keeps the weights if they are the best, and moves to the next epoch."""
        state = self.state
        loss, apart = self._train_losses()
        entry: dict[str, Any] = {"epoch": state.epoch + 1, "loss": loss}
        if self.val is not None:
            found = self._validate(request)
            entry |= found.scores
            faults.point("best_before")
            if not self._pretrains_at(state.epoch):
                state.best.follow(state.epoch, entry, found.rows, state.current_weights)
            faults.point("best_after")
        if apart:
            entry["objectives"] = apart
        entry |= {
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": round(state.seconds, 3),
        }
        state.history.append(entry)
        state.next_epoch()

    def _validate(self, request: StopRequest) -> Validation:
        with averaged(self.model.optimizer):
            return validate(
                self.model,
                self.task,
                self.val,
                self.score,
                lambda: self._interrupt(request, lambda: None),
                self.row_errors,
            )

    def _validate_rows(self, rows: Any) -> Validation:
        """Validates on some of the held-out rows, to time it."""
        with averaged(self.model.optimizer):
            return validate(self.model, self.task, rows, self.score, lambda: None)

    def _train_losses(self) -> tuple[float, dict[str, float]]:
        """Returns the mean loss of the epoch's rows without objectives, comparable with `val_loss`,
        and theirs by name."""
        if self._metrics:  # resumed between the last step and the validation
            weights.assign(self.state.metrics, self._metrics)
            self._metrics = {}
        apart = getattr(self.model, "losses_apart", None) or {"own_loss": self.model.metrics[0]}
        found = {name: float(metric.result()) for name, metric in apart.items()}
        return found.pop("own_loss"), found

    def _report(self) -> None:
        state, entry = self.state, self.state.history[-1]
        faults.point("epoch_finished")
        write_history(self.folder, state.history)
        self.boards.write(entry)
        epochs = self.settings.num_epochs or 0
        if state.best.stop:
            left = 0.0
        else:
            left = seconds_left(state.history, epochs)
        is_best = self.val is not None and state.best.epoch == state.epoch - 1
        say(epoch_line(entry, epochs, left, is_best))
        if self.on_epoch:
            self.on_epoch(entry)

    def _interrupt(self, request: StopRequest, save: Callable[[], None]) -> None:
        if not request and not self.ending.is_over:
            return
        save()
        state, folder = self.state, self.checkpoints.folder
        if request.signal:
            raise stopped_by(request.signal, folder, state.epoch)
        self._leave_if_over()
        raise out_of_time(folder, state.step, self.train.steps(state.epoch))

    def _finish(self) -> None:
        """Puts the best weights into the model and marks the checkpoint as finished."""
        state = self.state
        if state.epoch <= (self.settings.pretrain_epochs or 0) and self._pretrains_at(0):
            warn("The run ended before targets were trained on, so its answers mean nothing.")
        self._prefer_last()
        final = state.best.weights or state.current_weights()
        weights.assign(state.weights, final)
        state.best.weights = final
        self.finished = True
        cut = state.epoch < self.settings.epochs and not state.best.stop
        self.last_epoch = state.epoch if cut else None
        self._save()
        write_history(self.folder, state.history)
        self.boards.close()
        faults.point("run_finished")
        say(
            f"Trained {counted(len(state.history), 'epoch')} in "
            f"{duration(self.result(False).seconds)}."
        )
        if state.best.reason:
            say(state.best.reason)

    def _prefer_last(self) -> None:
        """Keeps the last epoch if the kept one is better only by chance."""
        state, last = self.state, len(self.state.history) - 1
        if state.best.epoch not in (None, last) and state.best.prefers_last:
            state.best.keep(last, state.history[-1], state.current_weights())

    def _is_due(self) -> bool:
        """Returns whether a checkpoint is to be written inside an epoch."""
        every = self.settings.checkpoint_steps
        return bool(every and self.state.step % every == 0) or self._unsaved() >= self._longest

    def _save_if_worth_it(self) -> None:
        """Writes a checkpoint, unless the epochs since the last one take less time than writing
        it."""
        enough = min(self._cost / _SHARE, self._longest)
        if self.settings.checkpoint_steps or self._unsaved() >= enough:
            self._save()

    def _unsaved(self) -> float:
        """Returns the seconds since the last checkpoint."""
        return time.monotonic() - self._saved

    def _save(self) -> None:
        start = time.monotonic()
        values = {
            **self.state.values(),
            "identity": self.identity,
            "asked": self.asked,
            "finished": self.finished,
            "last_epoch": self.last_epoch,
        }
        self.checkpoints.save(values, self.state.arrays())
        self._saved = time.monotonic()
        self._cost = self._saved - start

    def result(self, was_finished: bool) -> Result:
        best = self.state.best
        if was_finished:
            weights.assign(self.state.weights, best.weights or {})
            write_history(self.folder, self.state.history)
        return Result(
            self.state.history,
            None if best.epoch is None else best.epoch + 1,
            best.stop and len(self.state.history) < self.settings.epochs,
            was_finished,
            best.weights or {},
            self.last_epoch,
        )
