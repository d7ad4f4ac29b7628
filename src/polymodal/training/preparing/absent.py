"""Tables without a column that an assistant reads: its part for it stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.contracts.named_task import task_named
from polymodal.core.printed.progress import say
from polymodal.recipe.recipe import columns_of
from polymodal.tables.table import Table
from polymodal.text.dialogue.messages import KINDS

__all__ = ["with_absent_media"]


def with_absent_media(tables: Mapping[str, Table], given: Mapping[str, Any]) -> dict[str, Table]:
    """Returns tables with an empty column for each kind of media that an assistant to start from
    reads and a table has none of.

    Args:
        tables: {split: Table}.
        given: settings of a recipe, with those of the parts that it starts from.
    """
    task = given.get("task")
    name = task.get("name") if isinstance(task, Mapping) else task
    if not isinstance(name, str) or not task_named(name).converses:
        return dict(tables)
    found = dict(tables)
    for kind, config in (given.get("inputs") or {}).items():
        if kind not in KINDS or not _starts(config):
            continue
        column = columns_of(kind, config)[0]
        if column not in tables["train"].column_names:
            say(f"No conversation has {kind}: the part that reads it stays as it is.")
        for split, table in found.items():
            if column not in table.column_names:
                found[split] = table.with_column(column, np.full(len(table), None))
    return found


def _starts(config: Any) -> bool:
    encoder = config.get("encoder") if isinstance(config, Mapping) else None
    return isinstance(encoder, Mapping) and bool(encoder.get("from"))
