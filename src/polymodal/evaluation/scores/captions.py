"""Scores of captions against what several people wrote."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.captions.scores import caption_scores, score_captions
from polymodal.evaluation.scores.weighted import SumScores

__all__ = ["CaptionScores"]


class CaptionScores(SumScores):
    """cider_d, bleu_1 to bleu_4 and rouge_l, with the document frequencies of these references.

    Args:
        rest: Predictions of texts, scored rows only.
    """

    def __init__(self, rest: Predictions):
        self.rest = rest
        references = [] if rest.targets is None else list(rest.targets)
        found = score_captions(
            references, [str(text) for text in rest.outputs], with_intervals=False
        )
        super().__init__(found.sums, caption_scores)

    def take(self, where: np.ndarray) -> CaptionScores:
        """Returns the scores of a part of the rows, rare words counted among its references."""
        return CaptionScores(self.rest.take(where))
