"""Scores of transcripts, and where they differ from what is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.scores.weighted import SumScores
from polymodal.evaluation.texts.speech import (
    confusions,
    error_sums,
    errors_by_length,
    rates,
    score_speech,
    worst_utterances,
)

__all__ = ["TranscriptScores"]

_MOST_WORST = 10
_MOST_CONFUSED = 12


class TranscriptScores(SumScores):
    """wer and cer. The texts are aligned once, for all that is asked of them.

    Args:
        rest: Predictions of transcripts, scored rows only.
    """

    def __init__(self, rest: Predictions):
        if rest.targets is None:
            references = []
        else:
            references = [texts[0] for texts in rest.targets]
        groups = None if rest.groups is None else rest.groups.tolist()
        self.rest = rest
        self.speech = score_speech(
            references,
            [str(text) for text in rest.outputs],
            rest.normalisation,
            groups=groups,
            with_intervals=False,
        )
        super().__init__(error_sums(np.hstack([self.speech.words, self.speech.characters])), rates)

    def details(self) -> dict[str, Any]:
        """Returns the most wrong transcripts, and what was counted and how.

        Returns:
            {"worst": [{"row", "errors", "reference", "hypothesis"}], rows of the table from 0;
            "confused": [{"said", "heard", "count"}], "counts": {"errors", "substitutions",
            "insertions", "deletions", "reference"}, "unit", "normalisation"}.
        """
        worst = [
            {**one, "row": int(self.rest.rows[one["row"]])}
            for one in worst_utterances(self.speech, _MOST_WORST)
        ]
        return {
            "worst": worst,
            "confused": confusions(self.speech, _MOST_CONFUSED),
            "counts": self.speech.counts["words"],
            "unit": self.speech.word_unit,
            "normalisation": self.speech.normalisation,
        }

    def by_length(self) -> dict[str, dict]:
        """Returns the scores by words in the reference, as `errors_by_length` does."""
        return errors_by_length(self.speech)
