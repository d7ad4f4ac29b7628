"""The report's part on generated texts: where they differ from the references."""

from __future__ import annotations

from typing import Any

from polymodal.evaluation.evaluation import Evaluation
from polymodal.evaluation.plots.build import performance
from polymodal.evaluation.plots.chart import Bars
from polymodal.evaluation.scores.transcripts import TranscriptScores

__all__ = ["written_view"]


def written_view(shown: Evaluation) -> dict[str, Any] | None:
    """Returns the worst transcripts, confused words and errors by length; None for other tasks.

    Returns:
        {"worst": [{"row", "errors", "reference", "hypothesis"}], "confused": [{"said", "heard",
        "count"}], "by_length": Bars, "counts", "normalisation"}.
    """
    if not isinstance(shown.scores, TranscriptScores):
        return None
    by_length = _by_length(shown.scores, shown.predictions.group_column)
    return {**shown.scores.details(), "by_length": by_length}


def _by_length(scores: TranscriptScores, group: str) -> Bars:
    parts = {f"{name} words": {"group": group, **part} for name, part in scores.by_length().items()}
    return performance("errors_by_length", "By words in the transcript", "", "wer", parts)
