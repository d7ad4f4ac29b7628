"""Completes a stopped run: keeps the best weights so far, scores them, writes the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from polymodal.core.disk.lock import locked
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import TrainingError
from polymodal.core.printed.progress import say
from polymodal.inference.loading import load
from polymodal.tables.table import Table
from polymodal.training.finished_run import Run
from polymodal.training.planning.asked import begun, reopen
from polymodal.training.run import train
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.saved.ending import training_of


def finish(
    folder: str | Path,
    tables: Mapping[str, Table] | None = None,
    *,
    baselines: bool | None = None,
    keep_checkpoints: bool = False,
) -> Run:
    """Ends a stopped run at its last whole epoch, with all that follows training.

    The recipe in the folder then says `training.last_epoch`; a run with it gives the same bytes.

    Args:
        folder: the run's folder.
        tables: {split: Table} that replace the run's own, if those were in memory or have
            moved; the rows have to be the same.
        baselines: bool, also train each input alone, for as many epochs; None = as the run was
            started.
        keep_checkpoints: bool, keep the checkpoints that training could continue from.

    Raises:
        TrainingError: the folder holds no run, or one without a whole epoch.
        DataError: a table is gone.
        ResumeError: a table has changed.
        LockedError: another process uses the folder.
    """
    folder = user_path(folder)
    asked = begun(folder)["asked"]
    if not asked:
        raise TrainingError(
            f"finish needs a run that polymodal train or an estimator began. "
            f"{folder} has one of polymodal.training.loop.fit. Call that "
            "again with ending=Ending(now=True)."
        )
    with locked(folder):
        if Checkpoints(folder).settled and (folder / "manifest.json").is_file():
            say(f"The run in {folder} is finished already.")
            predictor = load(folder)
            return Run(
                folder,
                predictor,
                (predictor.metrics or {}).get("splits", {}),
                "",
                {},
                {},
                training=training_of(folder),
            )
        options = dict(asked["options"])
        if baselines is not None:
            options["baselines"] = baselines
        if not options["baselines"]:
            options["keep"] = "joint"  # there is nothing to choose from
        return train(
            reopen(asked, tables or {}, folder),
            asked["given"],
            folder,
            keep_checkpoints=keep_checkpoints,
            finish=True,
            **options,
        )
