"""ROUGE-L of captions: the longest common subsequence with the references."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

__all__ = ["rouge_l"]

_BETA = 1.2  # above 1 weighs recall more


def rouge_l(references: Sequence[list[str]], hypothesis: list[str]) -> float:
    """Returns the F value of one caption, 0 to 1.

    Best precision and best recall are taken over the references, each on its own, and then joined.

    Args:
        references: words of each reference.
        hypothesis: words of the caption.

    Example:

    >>> round(rouge_l([["a", "dog", "runs"], ["the", "dog"]], ["the", "dog", "runs"]), 4)
    0.8299

    Source: Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries, equations 2 to 4,
    with the maxima and beta 1.2 of the COCO scorer (pycocoevalcap 1.2, rouge.py).
    """
    common = [(LCSseq.similarity(words, hypothesis), len(words)) for words in references]
    if not hypothesis or not any(length for length, _ in common):
        return 0.0
    precision = max(length for length, _ in common) / len(hypothesis)
    recall = max(length / size for length, size in common if size)
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)
