"""Scores a finished model on rows that it was trained on, next to its validation rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.seeds import generator
from polymodal.evaluation.evaluation import finite
from polymodal.evaluation.groups import MIN_GROUPS, too_few_groups
from polymodal.evaluation.overfitting import Facts, gap_json
from polymodal.tables.group import Sequences, some_sequences
from polymodal.tables.table import Table

__all__ = ["overfitting"]

_MOST_ROWS = 500  # of train, that are predicted
_SPLIT = "val"


def overfitting(
    prepared: Any,
    trained: Any,
    found: Mapping[str, Predictions],
    tables: Mapping[str, Table],
    cache: Any = None,
) -> dict[str, Any]:
    """Returns what `gap_json` gives; nothing of a linear model, where texts are written, or fewer
    than ten rows or groups of rows are held out.

    Args:
        prepared: Prepared of the model.
        trained: Trained.
        found: {split: Predictions} of the scored splits.
        tables: {split: Table}.
        cache: Cache or KeptMedia with the tables' media, or None.
    """
    val, predictor = found.get(_SPLIT), trained.predictor
    answers = predictor.task.has_classes or predictor.task.has_numbers
    if not predictor.is_network or predictor.head.autoregressive:
        return {}
    if val is None or np.sum(val.scored) < MIN_GROUPS or not answers:
        return {}
    if too_few_groups(val):
        return {}
    rows = prepared.told().checked["train"].rows.tolist()
    whole = prepared.samples["train"].table
    if isinstance(whole, Sequences):
        table = some_sequences(whole, rows, _MOST_ROWS)
    else:
        chosen = np.sort(generator(0).permutation(len(rows))[:_MOST_ROWS])
        table = tables["train"].select([rows[place] for place in chosen])
    said = predictor.predict(table, scored=True, cache=cache)
    return finite(gap_json(said, val, trained.result.history, _facts(prepared, predictor)))


def _facts(prepared: Any, predictor: Any) -> Facts:
    recipe = prepared.recipe
    starts = [
        isinstance(config["encoder"], Mapping) and bool(config["encoder"].get("from"))
        for config in recipe.inputs.values()
    ]
    media = [item.name for item in prepared.inputs if item.modality.cached]
    return Facts(
        rows=prepared.count_rows()["train"],
        parameters=sum(int(np.prod(one.shape)) for one in predictor.model.trainable_variables),
        settings=recipe.training,
        augments=any(item.modality.augmentation for item in prepared.inputs),
        starts_from=any(starts),
        dim=recipe.dim,
        dropout=recipe.dropout,
        media=media[0] if media else "",
    )
