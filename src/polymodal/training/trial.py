"""One training without baselines, intervals and report: what a question asks many of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from polymodal.core import arguments
from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.lock import locked
from polymodal.core.printed.progress import quiet
from polymodal.feed.samples import Samples
from polymodal.inference.predictor import Predictor
from polymodal.inference.trained_on import TrainedOn
from polymodal.media.cache import Cache, open_cache
from polymodal.media.kept import KeptMedia
from polymodal.recipe.written.given import check_given, need_target
from polymodal.tables.table import Table
from polymodal.training.choose import choose
from polymodal.training.job import Trained, set_up
from polymodal.training.planning.forecast import scoring_seconds, training_seconds
from polymodal.training.preparing.elsewhere import from_elsewhere
from polymodal.training.preparing.prepare import prepare
from polymodal.training.saved.checkpoint import settle
from polymodal.training.saved.ending import Ending
from polymodal.training.steps.settings import Training

__all__ = ["Trial"]


class Trial:
    """A model that is ready to be trained on some rows and to be scored on others.

    What the recipe leaves open is inferred from the training rows. A stopped trial resumes from its
    folder.

    Args:
        tables: {"train": Table, "val": Table}.
        given: settings of a recipe, with the target.
        folder: Path.
        ignore: columns that are not inputs.
        split_group: column whose values the rows were divided by, or None.
        on_epoch: function called with each epoch's entry of the history, or None.
        ending: Ending, or None.
        loud: bool, print what is inferred and how training goes.
        teach: function from Samples of the train split to those that are trained on, or None.
        loss: function from the task's loss to that which is trained, or None.
        start: function that gives a built model its first weights, or None.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        given: Mapping[str, Any],
        folder: Path,
        *,
        ignore: Sequence[str] = (),
        split_group: str | None = None,
        on_epoch: Any = None,
        ending: Ending | None = None,
        skip_bad: bool = False,
        max_bad_share: float = 0.05,
        loud: bool = False,
        teach: Callable[[Samples], Samples] | None = None,
        loss: Callable[[Any], Any] | None = None,
        start: Callable[[Any], None] | None = None,
    ):
        keras.utils.clear_session(free_memory=True)
        given, tables = from_elsewhere(given, tables)
        self.folder, self.tables, self._loud = folder, tables, loud
        check_given(given)
        need_target(given)
        seed = arguments.build(Training, given.get("training") or {}, "training").seed
        with quiet(not loud):
            recipe, _, facts, alike = choose(tables, given, ignore, "none", split_group, seed)
            self.cache: Cache | KeptMedia = open_cache()
            self.prepared = prepare(
                recipe, facts, self.cache, skip_bad=skip_bad, max_bad_share=max_bad_share
            )
            self.prepared.trained_on = TrainedOn(tuple(tables["train"].column_names), alike or "")
            if teach is not None:
                samples = self.prepared.samples
                samples["train"] = teach(samples["train"])
            settings = arguments.build(Training, recipe.training, "training")
            with locked(folder):
                self.job = set_up(
                    self.prepared,
                    settings,
                    folder,
                    on_epoch=on_epoch,
                    ending=ending,
                    loss=loss,
                    start=start,
                )

    @property
    def predictor(self) -> Predictor:
        """The model in use."""
        return self.job.predictor

    def seconds(self) -> float:
        """Returns how long training and scoring will take at most, after timing a few steps."""
        with quiet(not self._loud):
            pace, session = self.job.session.rehearse(), self.job.session
        rows = {
            split: len(checked)
            for split, checked in self.prepared.checked.items()
            if split != "train"
        }
        return training_seconds(pace, session.epochs_left) + scoring_seconds(
            pace, rows, self.prepared.seconds
        )

    def train(self) -> Trained:
        """Trains, or resumes training, and leaves a bundle without checkpoints.

        Raises:
            Interrupted: a signal, Ctrl-C or the time limit came; the folder has a checkpoint.
        """
        with quiet(not self._loud), locked(self.folder):
            trained = self.job.train()
            settle(self.folder)
        return trained

    def predict(self, table: Table | None = None) -> Predictions:
        """Returns the predictions on the rows that the trial holds out, or on those of a table."""
        if table is None:
            table = self.tables["val"]
        with quiet(not self._loud):
            return self.predictor.predict(table, scored=True, cache=self.cache)
