"""METEOR with exact and stem matches only: words in common, punished for a different order."""

from __future__ import annotations

from collections.abc import Sequence

from polymodal.evaluation.captions.stems import stem

__all__ = ["meteor_exact"]


def meteor_exact(references: Sequence[list[str]], hypothesis: list[str]) -> float:
    """Returns the best score of one caption over its references, 0 to 1.

    Not the METEOR of published tables: synonyms and paraphrases do not match, and parameters are
    those of 2005, where recall weighs nine times precision. Runs are matched longest first, which
    is close to the fewest runs possible.

    Args:
        references: words of each reference.
        hypothesis: words of the caption.

    Example:

    >>> round(meteor_exact([["a", "dog", "runs"]], ["a", "dog", "running"]), 4)
    0.9815

    Source: Banerjee and Lavie 2005, METEOR: An Automatic Metric for MT Evaluation with Improved
    Correlation with Human Judgments, section 2.2.
    """
    said = [stem(word) for word in hypothesis]
    return max((_score([stem(word) for word in words], said) for words in references), default=0.0)


def _score(reference: list[str], said: list[str]) -> float:
    matched = _matched(reference, said)
    num = sum(place is not None for place in matched)
    if not num:
        return 0.0
    precision, recall = num / len(said), num / len(reference)
    mean = 10 * precision * recall / (recall + 9 * precision)
    return mean * (1 - 0.5 * (_num_runs(matched) / num) ** 3)


def _matched(reference: list[str], said: list[str]) -> list[int | None]:
    """Returns the place in the reference of each word said, None where it has no partner."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(reference):
        places.setdefault(word, []).append(place)
    matched: list[int | None] = [None] * len(said)
    free = [True] * len(reference)
    while True:
        best, start, place = 0, 0, 0
        for i, word in enumerate(said):
            for j in places.get(word, ()):
                size = _run(reference, said, i, j, matched, free)
                if size > best:
                    best, start, place = size, i, j
        if not best:
            return matched
        for step in range(best):
            matched[start + step], free[place + step] = place + step, False


def _run(reference: list[str], said: list[str], i: int, j: int, matched: list[int | None],
         free: list[bool]) -> int:
    size, most = 0, min(len(said) - i, len(reference) - j)
    while (size < most and matched[i + size] is None and free[j + size]
           and said[i + size] == reference[j + size]):
        size += 1
    return size


def _num_runs(matched: list[int | None]) -> int:
    """Returns how many runs of words stand together in both texts."""
    return sum(place is not None and (i == 0 or matched[i - 1] is None
                                      or matched[i - 1] != place - 1)
               for i, place in enumerate(matched))
