"""The report's part on generated texts: where they differ from the references."""

from __future__ import annotations

from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.evaluation.decisions import known
from polymodal.evaluation.plots.build import performance
from polymodal.evaluation.plots.chart import Bars
from polymodal.evaluation.text_scores import transcript_details, transcripts_scored
from polymodal.evaluation.texts.speech import errors_by_length

__all__ = ["written_view"]


def written_view(shown: Predictions) -> dict[str, Any] | None:
    """Returns the worst transcripts, confused words and errors by length; None for other tasks.

    Returns:
        {"worst": [{"row", "errors", "reference", "hypothesis"}], "confused": [{"said", "heard",
        "count"}], "by_length": Bars, "counts", "normalisation"}.
    """
    if shown.task.name != "transcribe":
        return None
    rest = known(shown)
    score = transcripts_scored(rest)
    return {**transcript_details(rest, score), "by_length": _by_length(score, rest.group_column)}


def _by_length(score: Any, group: str) -> Bars:
    parts = {f"{name} words": {"group": group, **part}
             for name, part in errors_by_length(score).items()}
    return performance("errors_by_length", "By words in the transcript", "", "wer", parts)
