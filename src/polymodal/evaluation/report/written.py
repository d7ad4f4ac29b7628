"""What a report says of texts that were written: where they differ from what is right."""

from __future__ import annotations

from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.evaluation.metrics import known
from polymodal.evaluation.plots.build import performance
from polymodal.evaluation.plots.chart import Bars
from polymodal.evaluation.texts.speech import (
    confusions,
    errors_by_length,
    score_speech,
    worst_utterances,
)

__all__ = ["written_view"]

_MOST_WORST = 10
_MOST_CONFUSED = 12


def written_view(shown: Predictions) -> dict[str, Any] | None:
    """Returns the worst transcripts, confused words and errors by length; None for other tasks.

    Returns:
        {"worst": [{"row", "errors", "reference", "hypothesis"}], "confused": [{"said", "heard",
        "count"}], "by_length": Bars, "counts", "normalisation"}.
    """
    if shown.task != "transcribe":
        return None
    rest = known(shown)
    right = [] if rest.targets is None else [texts[0] for texts in rest.targets]
    score = score_speech(right, list(rest.outputs),
                         with_intervals=False)
    worst = worst_utterances(score, _MOST_WORST)
    for one in worst:
        one["row"] = int(rest.rows[one["row"]])
    return {"worst": worst, "confused": confusions(score, _MOST_CONFUSED),
            "by_length": _by_length(score), "counts": score.counts["words"],
            "normalisation": score.normalisation, "unit": score.word_unit}


def _by_length(score: Any) -> Bars:
    parts = {f"{name} words": part for name, part in errors_by_length(score).items()}
    return performance("errors_by_length", "By words in the transcript", "", "wer", parts)
