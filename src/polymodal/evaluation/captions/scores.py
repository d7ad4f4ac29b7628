"""Scores of captions against reference captions of the same image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polymodal.core.errors import DataError
from polymodal.evaluation.captions.bleu import bleu_counts, corpus_bleu, resampled_bleu
from polymodal.evaluation.captions.cider import DocumentFrequencies, cider_d
from polymodal.evaluation.captions.rouge import rouge_l
from polymodal.evaluation.captions.words import caption_words, word_runs
from polymodal.evaluation.texts.resampling import check_texts, sum_intervals

__all__ = ["CaptionScore", "DocumentFrequencies", "caption_scores", "score_captions"]

_MEANS = ("cider_d", "rouge_l")  # means over images; BLEU is of the whole set
_OWN = "references of the scored pictures"


@dataclass(frozen=True)
class CaptionScore:
    """Scores of a set of captions.

    Args:
        metrics: {"cider_d" (0 to 10), "bleu_1" .. "bleu_4", "rouge_l" (0 to 1)}.
            cider_d is nan for one image without other document frequencies.
        intervals: {metric: [low, high]}, 95 %, by picture; empty for one picture. The document
            frequencies are the same in every resample.
        per_item: {metric: (n,)} of the scores that a picture has; BLEU is one of the whole set.
        corpus: str, where the document frequencies of cider_d come from.
        sums: (n, k), each image's part of the sums that `caption_scores` reads.
    """

    metrics: dict[str, float]
    intervals: dict[str, list[float]]
    per_item: dict[str, np.ndarray]
    corpus: str
    sums: np.ndarray


def score_captions(
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[str],
    document_frequencies: DocumentFrequencies | None = None,
    seed: int = 0,
    with_intervals: bool = True,
) -> CaptionScore:
    """Returns CIDEr-D, BLEU-1 to 4 and ROUGE-L.

    Args:
        references: n lists of texts, one or more for each picture.
        hypotheses: n texts.
        document_frequencies: DocumentFrequencies, such as those of the training pictures; None
            counts the references that are scored, as in published numbers.
        seed: int, key of the resamples.
        with_intervals: bool, False saves their time.

    Raises:
        DataError: the sides are of unequal length or empty, a picture has no reference, or a
            reference is not a text.

    Example:

    >>> people = [["A dog runs.", "The dog is running."], ["Two cats sleep on a sofa."]]
    >>> score = score_captions(people, ["a dog is running", "two cats on a sofa"])
    >>> {name: round(score.metrics[name], 3) for name in ("bleu_1", "rouge_l")}
    {'bleu_1': 0.895, 'rouge_l': 0.822}
    >>> score.corpus
    'references of the scored pictures (2)'
    """
    check_texts("score_captions", references, hypotheses)
    _check_references(references)
    right = [[caption_words(text) for text in texts] for texts in references]
    said = [caption_words(text) for text in hypotheses]
    right_runs = [[word_runs(words) for words in texts] for texts in right]
    said_runs = [word_runs(words) for words in said]
    frequencies = document_frequencies or DocumentFrequencies.of_runs(right_runs, _OWN)
    bleu = np.array([bleu_counts(*pair) for pair in zip(right_runs, said_runs, strict=True)])
    rare = frequencies.num_pictures > 1
    per_item = {
        "cider_d": np.array(
            [
                cider_d(*pair, frequencies) if rare else np.nan
                for pair in zip(right_runs, said_runs, strict=True)
            ]
        ),
        "rouge_l": np.array([rouge_l(*pair) for pair in zip(right, said, strict=True)]),
    }
    means = {name: float(values.mean()) for name, values in per_item.items()}
    sums = caption_sums(bleu, per_item)
    return CaptionScore(
        metrics={"cider_d": means.pop("cider_d"), **corpus_bleu(bleu), **means},
        intervals=sum_intervals(sums, caption_scores, seed=seed) if with_intervals else {},
        per_item=per_item,
        sums=sums,
        corpus=f"{frequencies.source} ({frequencies.num_pictures})",
    )


def _check_references(references: Sequence[Sequence[str]]) -> None:
    for row, texts in enumerate(references, start=1):
        wrong = (
            isinstance(texts, str)
            or not len(texts)
            or not all(isinstance(text, str) for text in texts)
        )
        if wrong:
            raise DataError(
                f"score_captions needs a list of one text or more as references of a picture. Got "
                f"{texts!r:.60}.",
                "Pass [text, ...], or leave the picture out.",
                row=row,
                reason="no_references",
            )


def caption_sums(bleu: np.ndarray, per_item: dict[str, np.ndarray]) -> np.ndarray:
    """Returns (n, k), each image's part of the sums behind the scores."""
    return np.hstack(
        [bleu, np.ones((len(bleu), 1)), np.stack([per_item[name] for name in _MEANS], axis=1)]
    )


def caption_scores(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Returns {metric: (samples,)} of sums (samples, k)."""
    means = {name: sums[:, 11 + i] / sums[:, 10] for i, name in enumerate(_MEANS)}
    return {"cider_d": means.pop("cider_d"), **resampled_bleu(sums[:, :10]), **means}
