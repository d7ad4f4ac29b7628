"""CIDEr-D: n-grams shared with the references, weighted by tf-idf."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError
from polymodal.evaluation.captions.words import MOST_WORDS, caption_words, word_runs

__all__ = ["DocumentFrequencies", "cider_d"]

_SIGMA = 6.0  # words of difference in length that count as far
_FORMAT = "document frequencies 1"

Runs = list[Counter[str]]


@dataclass(frozen=True)
class DocumentFrequencies:
    """Document frequencies: in the references of how many images each n-gram occurs.

    Args:
        counts: {n-gram: images}. N-grams of one image are omitted: they weigh as much as unseen
            ones.
        num_pictures: int.
        source: str, where the references come from, for the reader of the score.
    """

    counts: dict[str, int]
    num_pictures: int
    source: str

    @classmethod
    def of(cls, references: Sequence[Sequence[str]], source: str) -> DocumentFrequencies:
        """Counts the references of each picture, a picture being one list of texts."""
        return cls.of_runs(
            ([word_runs(caption_words(text)) for text in texts] for texts in references), source
        )

    @classmethod
    def of_runs(cls, references, source: str) -> DocumentFrequencies:
        """Counts runs that were taken apart already: for each picture those of each reference."""
        counts: Counter[str] = Counter()
        num_pictures = 0
        for picture in references:
            counts.update(set().union(*(runs for text in picture for runs in text)))
            num_pictures += 1
        return cls({run: count for run, count in counts.items() if count > 1}, num_pictures, source)

    def save(self, path: str | Path) -> None:
        """Writes the frequencies as JSON."""
        content = {
            "format": _FORMAT,
            "source": self.source,
            "num_pictures": self.num_pictures,
            "counts": self.counts,
        }
        user_path(path).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> DocumentFrequencies:
        """Reads what `save` wrote.

        Raises:
            DataError: the file holds something else.
        """
        try:
            content = json.loads(user_path(path).read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError(content["format"])
            return cls(content["counts"], content["num_pictures"], content["source"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f'has no "{_FORMAT}".',
                "Write it with DocumentFrequencies.save.",
                path=str(path),
                reason="no_frequencies",
            ) from error

    def weigh(self, runs: Runs) -> list[dict[str, float]]:
        """Returns the tf-idf weight of each n-gram, one dict per length."""
        total, known = math.log(self.num_pictures), self.counts
        return [
            {run: times * (total - math.log(known.get(run, 1))) for run, times in part.items()}
            for part in runs
        ]


def cider_d(
    references: Sequence[Runs], hypothesis: Runs, frequencies: DocumentFrequencies
) -> float:
    """Returns the score of one caption, 0 to 10.

    Args:
        references: n-grams of each reference, as `word_runs` gives them.
        hypothesis: n-grams of the caption.
        frequencies: DocumentFrequencies of two pictures or more.

    Source: Vedantam et al. 2015, CIDEr: Consensus-based Image Description Evaluation, section 4 and
    CIDEr-D: n-grams of 1 to 4 words, clipped, length penalty with sigma 6, times 10. The same
    numbers as the `Cider` of the COCO scorer (pycocoevalcap 1.2), which is CIDEr-D and not plain
    CIDEr.
    """
    said, length = frequencies.weigh(hypothesis), hypothesis[1].total()
    size, total = [_norm(part) for part in said], 0.0
    for reference in references:
        right = frequencies.weigh(reference)
        away = length - reference[1].total()  # runs of two words, as the COCO scorer measures
        alike = sum(_clipped(*trio) for trio in zip(said, right, size, strict=True))
        total += alike * math.exp(-(away**2) / (2 * _SIGMA**2))
    return 10 * total / MOST_WORDS / len(references)


def _norm(weights: dict[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))


def _clipped(said: dict[str, float], right: dict[str, float], norm: float) -> float:
    """Returns the cosine of two weightings, with the hypothesis clipped to the reference."""
    product = sum(
        min(weight, right[run]) * right[run] for run, weight in said.items() if run in right
    )
    if product:
        return product / (norm * _norm(right))
    return 0.0
