"""The user's options of a run, kept with its checkpoints, so that `finish` needs none of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError, TrainingError
from polymodal.tables.table import Table, read
from polymodal.training.saved.checkpoint import Checkpoints


@dataclass(frozen=True)
class Options:
    """The options of a run that decide its result, as `training.run.train` takes them."""

    ignore: list[str]
    split: str | None
    split_group: str | None
    slice_columns: list[str]
    baselines: bool
    keep: str
    skip_bad: bool
    max_bad_share: float


def to_json(
    tables: Mapping[str, Table], given: Mapping[str, Any], options: Options, command: str
) -> dict[str, Any]:
    """Returns the user's options as JSON values.

    Args:
        tables: {split: Table} as they were given.
        given: settings of the recipe.
        options: Options.
        command: str, command that repeats the run.
    """
    value = {
        "tables": {split: _place(table) for split, table in tables.items()},
        "given": dict(given),
        "options": vars(options),
        "command": command,
    }
    return json.loads(json.dumps(value, default=str))


def _place(table: Table) -> dict[str, str] | None:
    if table.source is None:
        return None
    return {
        "path": str(user_path(table.source).absolute()),
        "media_root": str(table.root.absolute()),
    }


def reopen(asked: Mapping[str, Any], given: Mapping[str, Table], folder: Path) -> dict[str, Table]:
    """Returns the tables that a run was started with.

    Args:
        asked: what `to_json` returned.
        given: {split: Table} to use where the run's own were in memory, or have moved.
        folder: Path of the run, shown.

    Raises:
        DataError: one was in memory, or is gone.
    """
    tables = {}
    for split, place in asked["tables"].items():
        if split in given:
            tables[split] = given[split]
        elif place is None:
            raise DataError(
                f"needs its {split} table, which was in memory.",
                f'Pass it: polymodal.finish("{folder}", {split.split()[0]}=table).',
                path=str(folder),
            )
        elif not Path(place["path"]).exists():
            raise DataError(
                f"needs its {split} table {place['path']}, which is gone.",
                f'Put it back, or pass it from Python: polymodal.finish("{folder}", '
                f'{split.split()[0]}="new path").',
                path=str(folder),
            )
        else:
            tables[split] = read(place["path"], media_root=place["media_root"])
    return tables


def begun(folder: str | Path) -> dict[str, Any]:
    """Returns the state of the run in a folder.

    Raises:
        TrainingError: no run was begun there.
        ResumeError: its checkpoint is damaged.
    """
    state = Checkpoints(user_path(folder)).state()
    if state is None:
        raise TrainingError(
            f"finish needs the folder of a started run. {folder} has no "
            "checkpoint. Give the --out of a polymodal train that was stopped."
        )
    return state


def engine_of(folder: str | Path) -> str:
    """Returns the engine that the run in a folder was begun on.

    Raises:
        TrainingError, ResumeError: as `begun`.
    """
    return str(begun(folder)["identity"]["with"]["engine"])
