"""Scores of predictions that are texts, as functions of sums over rows.

Each row is counted once; scores, intervals and comparisons then read the same sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from polymodal.core.predictions import Predictions

if TYPE_CHECKING:
    from polymodal.evaluation.texts.speech import SpeechScore

__all__ = ["metric_notes", "text_scores", "text_sums", "transcript_details", "transcripts_scored"]

_MOST_WORST = 10
_MOST_CONFUSED = 12

Scores = Callable[[np.ndarray], dict[str, np.ndarray]]


def text_scores(rest: Predictions) -> dict[str, float]:
    """Returns wer and cer of transcripts; cider_d, bleu_1 to bleu_4 and rouge_l of
    captions, with the document frequencies of these references.

    Args:
        rest: Predictions of texts, scored rows only.
    """
    sums, scores = text_sums(rest)
    return {name: float(value[0]) for name, value in scores(sums.sum(axis=0)[None]).items()}


def metric_notes(rest: Predictions) -> dict[str, str]:
    """Returns {metric: what a reader needs to know to compare it}, empty for most tasks.

    Args:
        rest: Predictions, scored rows only.
    """
    if rest.task.name != "caption":
        return {}
    if len(rest.outputs) == 1:
        return {"cider_d": "needs two rows or more for document frequencies"}
    return {"cider_d": f"document frequencies of these {len(rest.outputs):,} rows' references"}


def text_sums(rest: Predictions) -> tuple[np.ndarray, Scores]:
    """Returns what each row adds to the sums (n, k), and the scores of sums (samples, k)."""
    # here, as jiwer and the words of captions are not needed for other tasks
    from polymodal.evaluation.captions.scores import caption_scores, score_captions
    from polymodal.evaluation.texts.speech import error_sums, rates

    said = [str(text) for text in rest.outputs]
    right = list(rest.targets if rest.targets is not None else [])
    if rest.task.name == "transcribe":
        found = transcripts_scored(rest)
        return error_sums(np.hstack([found.words, found.characters])), rates
    return score_captions(right, said, with_intervals=False).sums, caption_scores


def transcripts_scored(rest: Predictions) -> SpeechScore:
    """Returns where transcripts differ from the references, scored rows only."""
    from polymodal.evaluation.texts.speech import score_speech

    right = [] if rest.targets is None else [texts[0] for texts in rest.targets]
    return score_speech(right, [str(text) for text in rest.outputs], rest.normalisation,
                        groups=None if rest.groups is None else rest.groups.tolist(),
                        with_intervals=False)


def transcript_details(rest: Predictions, score: SpeechScore) -> dict[str, Any]:
    """Returns the worst transcripts, the error counts and the normalisation.

    Args:
        rest: Predictions of transcripts, scored rows only.
        score: what `transcripts_scored` returns of them.

    Returns:
        {"worst": [{"row", "errors", "reference", "hypothesis"}], rows of the table from 0;
        "confused": [{"said", "heard", "count"}], "counts": {"errors", "substitutions",
        "insertions", "deletions", "reference"}, "unit", "normalisation"}.
    """
    from polymodal.evaluation.texts.speech import confusions, worst_utterances

    worst = [{**one, "row": int(rest.rows[one["row"]])}
             for one in worst_utterances(score, _MOST_WORST)]
    return {"worst": worst, "confused": confusions(score, _MOST_CONFUSED),
            "counts": score.counts["words"], "unit": score.word_unit,
            "normalisation": score.normalisation}
