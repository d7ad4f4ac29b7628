"""The result of an evaluation as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.evaluation.decisions import known
from polymodal.evaluation.same_answer import same_answer
from polymodal.evaluation.scored import scored_json
from polymodal.evaluation.slices import slices

__all__ = ["evaluation_json"]


def evaluation_json(predictions: Predictions, columns: Mapping[str, Sequence[Any]] | None = None,
                    seed: int = 0) -> dict[str, Any]:
    """Returns what `polymodal evaluate --json` prints and `metrics.json` holds.

    Args:
        predictions: Predictions on the table that was evaluated.
        columns: {name: values per row of the table} to cut the scores by.
        seed: int, key of the bootstrap resamples.

    Returns:
        {"task", "rows": {"read", "used", "dropped": {reason: n}}, "metrics", "intervals",
        "slices"}, plain values only. "used" counts table rows, not steps. Where inputs were cut,
        "rows" has "truncated": {reason: n}. Where rows come in groups, there are "group", the
        column, and "num_groups"; of fewer than ten the intervals are None. Captions have "notes"
        too: {metric: where its document frequencies come from}; transcripts have "transcripts",
        what `text_scores.transcript_details` returns. Where a model gives one answer for all rows,
        "same_answer" says so.

    Raises:
        DataError: no row has a target.
    """
    rest = known(predictions)
    notes, same = rest.task.notes(rest), same_answer(rest)
    rows = {"read": int(predictions.num_rows), "used": len({int(row) for row in rest.rows}),
            "dropped": {str(k): int(n) for k, n in predictions.dropped.items()}}
    if predictions.truncated:
        rows["truncated"] = {str(k): int(n) for k, n in predictions.truncated.items()}
    found = {
        "task": predictions.task.name,
        "rows": rows,
        **scored_json(rest, seed),
        "slices": slices(predictions, columns, seed),
        **({"notes": notes} if notes else {}),
        **({"same_answer": same} if same else {}),
    }
    return found | rest.task.details(rest)
