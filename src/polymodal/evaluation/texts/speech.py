"""Word and character error rates of transcripts, with intervals and where the errors are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.evaluation.texts.alignment import COUNTS, align
from polymodal.evaluation.texts.normalisation import describe, normaliser
from polymodal.evaluation.texts.resampling import check_texts, sum_intervals
from polymodal.text.words import is_unspaced

__all__ = [
    "SpeechScore",
    "confusions",
    "error_sums",
    "errors_by_length",
    "rates",
    "score_speech",
    "worst_utterances",
]

_SLICE_SAMPLES = 300  # slices are many
_LENGTHS = (0, 5, 10, 20, 40)  # last reference word of each bin but the open one


@dataclass(frozen=True)
class SpeechScore:
    """Error rates of a set of utterances, and what they were counted from.

    Args:
        metrics: {"wer": rate, "cer": rate}, 0 is perfect, above 1 is possible. nan where the
            references hold nothing.
        intervals: {metric: [low, high]}, 95 %; empty for one utterance, or fewer
            than ten groups.
        counts: {"words" | "characters": {"errors", "substitutions", "insertions", "deletions",
            "reference"}}, sums over all utterances.
        normalisation: str, name and version: "basic 1".
        word_unit: str, what wer counts: "words", "characters" for scripts without spaces, or
            "words, and characters of scripts without spaces".
        references: n normalised texts.
        hypotheses: n normalised texts.
        words: (n, 4) int, substitutions, insertions, deletions and reference words of each.
        characters: (n, 4) int, the same in characters.
        confused: Counter of (said, heard).
        groups: n values resampled together, or None.
    """

    metrics: dict[str, float]
    intervals: dict[str, list[float]]
    counts: dict[str, dict[str, int]]
    normalisation: str
    word_unit: str
    references: list[str]
    hypotheses: list[str]
    words: np.ndarray
    characters: np.ndarray
    confused: Counter
    groups: Sequence[Any] | None = None

    def __len__(self) -> int:
        return len(self.references)


def score_speech(
    references: Sequence[str],
    hypotheses: Sequence[str],
    normalisation: str = "basic",
    groups: Sequence[Any] | None = None,
    seed: int = 0,
    with_intervals: bool = True,
) -> SpeechScore:
    """Returns the word and character error rate of transcripts.

    Both are corpus rates: errors of all utterances by reference units of all, as published rates
    are. Words recognised in silence count as insertions.

    Args:
        references: n texts, what was said; "" for silence.
        hypotheses: n texts, the model's transcripts.
        normalisation: str, "none", "basic" or "english", for both sides.
        groups: n values, such as speakers, whose utterances are resampled together for the
            intervals; None resamples utterances.
        seed: int, key of the resamples.
        with_intervals: bool, False saves their time.

    Raises:
        DataError: the sides are of unequal length or empty, or hold something else than texts.
        RecipeError: no normalisation has that name.

    Example:

    >>> score = score_speech(["The cat sat.", "Yes!"], ["the cat sat down", "yes"])
    >>> score.metrics["wer"], score.counts["words"]["insertions"]
    (0.25, 1)
    """
    check_texts("score_speech", references, hypotheses, groups)
    for row, text in enumerate(references, start=1):
        if not isinstance(text, str):
            raise DataError(
                f"score_speech needs a text as reference. Got {type(text).__name__}.",
                'Write "" for silence, or leave the row out.',
                row=row,
                reason="no_text",
            )
    plain = normaliser(normalisation)
    said, heard = [plain(text) for text in references], [plain(text) for text in hypotheses]
    words, characters, confused = align(said, heard)
    table = np.hstack([words, characters])
    return SpeechScore(
        metrics=_single(table),
        intervals=sum_intervals(error_sums(table), rates, groups, seed) if with_intervals else {},
        counts={"words": _counted(words), "characters": _counted(characters)},
        normalisation=describe(normalisation),
        word_unit=_word_unit(said),
        references=said,
        hypotheses=heard,
        words=words,
        characters=characters,
        confused=confused,
        groups=groups,
    )


def worst_utterances(score: SpeechScore, most: int = 20) -> list[dict]:
    """Returns {"row", "errors", "reference", "hypothesis"} of most word errors first.

    Rows count from 0 in the order that was scored; of equal errors the shorter reference is worse.
    """
    errors = score.words[:, :3].sum(axis=1)
    order = np.lexsort((np.arange(len(score)), score.words[:, 3], -errors))[:most]
    return [
        {
            "row": int(row),
            "errors": int(errors[row]),
            "reference": score.references[row],
            "hypothesis": score.hypotheses[row],
        }
        for row in order
        if errors[row]
    ]


def confusions(score: SpeechScore, most: int = 20) -> list[dict]:
    """Returns {"said", "heard", "count"} of the most frequent substitutions of words."""
    ranked = sorted(score.confused.items(), key=lambda item: (-item[1], item[0]))[:most]
    return [{"said": said, "heard": heard, "count": count} for (said, heard), count in ranked]


def errors_by_length(score: SpeechScore, seed: int = 0) -> dict[str, dict]:
    """Returns {"1 to 5": {"n", "metrics", "intervals"}} by words in the reference; where
    utterances come in groups, "num_groups" too."""
    place = np.searchsorted(_LENGTHS, score.words[:, 3], side="left")
    names = [
        "0",
        *[f"{low + 1} to {high}" for low, high in pairwise(_LENGTHS)],
        f"over {_LENGTHS[-1]}",
    ]
    return {names[i]: _part(score, place == i, seed) for i in np.unique(place)}


def _part(score: SpeechScore, where: np.ndarray, seed: int) -> dict:
    table = np.hstack([score.words, score.characters])[where]
    if score.groups is None:
        groups = None
    else:
        groups = [group for group, inside in zip(score.groups, where, strict=True) if inside]
    count = {} if groups is None else {"num_groups": len(set(groups))}
    return {
        "n": int(where.sum()),
        **count,
        "metrics": _single(table),
        "intervals": sum_intervals(error_sums(table), rates, groups, seed, _SLICE_SAMPLES),
    }


def error_sums(table: np.ndarray) -> np.ndarray:
    """Returns (n, 4) word errors, reference words, character errors, reference characters."""
    return np.stack(
        [table[:, :3].sum(axis=1), table[:, 3], table[:, 4:7].sum(axis=1), table[:, 7]], axis=1
    ).astype(np.float64)


def rates(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Returns {"wer", "cer": (samples,)} of sums (samples, 4) as `error_sums` has columns."""
    total = np.where(sums > 0, sums, np.nan)
    return {"wer": sums[:, 0] / total[:, 1], "cer": sums[:, 2] / total[:, 3]}


def _single(table: np.ndarray) -> dict[str, float]:
    found = rates(error_sums(table).sum(axis=0, keepdims=True))
    return {name: float(values[0]) for name, values in found.items()}


def _counted(errors: np.ndarray) -> dict[str, int]:
    sums = errors.sum(axis=0)
    return {
        "errors": int(sums[:3].sum()),
        **{name: int(value) for name, value in zip(COUNTS, sums, strict=True)},
    }


def _word_unit(references: list[str]) -> str:
    kinds = {is_unspaced(char) for char in set("".join(references)) if char.isalnum()}
    if kinds == {True}:
        return "characters"
    if True in kinds:
        return "words, and characters of scripts without spaces"
    return "words"
