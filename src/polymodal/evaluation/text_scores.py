"""Scores of predictions that are texts, as functions of sums over rows.

What a row adds is counted once; scores, intervals and comparisons then read the same sums.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polymodal.core.predictions import Predictions

__all__ = ["text_scores", "text_sums"]

Scores = Callable[[np.ndarray], dict[str, np.ndarray]]


def text_scores(rest: Predictions) -> dict[str, float]:
    """Returns wer and cer of transcripts; cider_d, bleu_1 to bleu_4, rouge_l, meteor_exact of
    captions, with the document frequencies of these references.

    Args:
        rest: Predictions of texts, scored rows only.
    """
    sums, scores = text_sums(rest)
    return {name: float(value[0]) for name, value in scores(sums.sum(axis=0)[None]).items()}


def text_sums(rest: Predictions) -> tuple[np.ndarray, Scores]:
    """Returns what each row adds to the sums (n, k), and the scores of sums (samples, k)."""
    # here, as jiwer and the words of captions are not needed for other tasks
    from polymodal.evaluation.captions.scores import caption_scores, score_captions
    from polymodal.evaluation.texts.speech import error_sums, rates, score_speech

    said = [str(text) for text in rest.outputs]
    right = list(rest.targets if rest.targets is not None else [])
    if rest.task == "transcribe":
        found = score_speech([texts[0] for texts in right], said, with_intervals=False)
        return error_sums(np.hstack([found.words, found.characters])), rates
    return score_captions(right, said, with_intervals=False).sums, caption_scores
