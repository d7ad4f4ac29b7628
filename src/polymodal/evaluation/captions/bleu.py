"""BLEU of captions: n-gram precision against the references, with a brevity penalty.

Source: Papineni et al. 2002, BLEU: a Method for Automatic Evaluation of Machine Translation,
equations 1 to 3, over the whole corpus, with the reference length closest to each hypothesis and
no smoothing: sacrebleu's numbers divided by 100. The COCO scorer adds 1e-15 where nothing matches;
here that is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics.bleu import BLEU

from polymodal.evaluation.captions.words import MOST_WORDS

__all__ = ["bleu_counts", "corpus_bleu", "resampled_bleu"]


def bleu_counts(references: Sequence[list[Counter[str]]], hypothesis: list[Counter[str]]) -> list:
    """Returns the counts of one image: 4 x n-grams matched, 4 x n-grams, words, reference words.

    Args:
        references: n-grams of each reference, as `word_runs` gives them.
        hypothesis: n-grams of the hypothesis.
    """
    matched = []
    for size, said in enumerate(hypothesis):
        known = [runs[size] for runs in references]
        matched.append(
            sum(min(count, max(runs[run] for runs in known)) for run, count in said.items())
        )
    length = hypothesis[0].total()
    closest = min((abs(runs[0].total() - length), runs[0].total()) for runs in references)[1]
    return [*matched, *(runs.total() for runs in hypothesis), length, closest]


def corpus_bleu(counts: np.ndarray) -> dict[str, float]:
    """Returns {"bleu_1" .. "bleu_4"}, 0 to 1, from the counts (n, 10) of n pictures."""
    sums = [int(value) for value in counts.sum(axis=0)]
    scores = {
        f"bleu_{most}": BLEU.compute_bleu(
            sums[:most],
            sums[MOST_WORDS : MOST_WORDS + most],
            sums[8],
            sums[9],
            smooth_method="none",
            max_ngram_order=most,
        ).score
        / 100
        for most in range(1, MOST_WORDS + 1)
    }
    return {name: min(1.0, score) for name, score in scores.items()}  # rounding can pass 1


def resampled_bleu(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Returns {"bleu_1" .. "bleu_4": (samples,)} from sums of counts (samples, 10)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(sums[:, :4]) - np.log(sums[:, 4:8])
        brevity = np.minimum(0, 1 - sums[:, 9] / sums[:, 8])
        means = np.cumsum(logs, axis=1) / np.arange(1, MOST_WORDS + 1)
        values = np.nan_to_num(np.exp(means + brevity[:, None]))  # an empty hypothesis: 0
    return {f"bleu_{i + 1}": values[:, i] for i in range(MOST_WORDS)}
