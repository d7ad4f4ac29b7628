"""Calibration of the confidence of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jiwer
import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.decisions import known
from polymodal.evaluation.texts.alignment import units_of
from polymodal.evaluation.texts.normalisation import normaliser
from polymodal.speech.decoding.confidence import WordCalibration

__all__ = [
    "LEAST_WORDS",
    "WordClaims",
    "cross_fitted",
    "fit_word_calibration",
    "right_words",
    "word_claims",
]

LEAST_WORDS = 50  # fewer say nothing about a curve
_MANY_WORDS = 1000  # from here on an isotonic curve beats a logistic one
_NUM_FOLDS = 5
_LOGITS = np.linspace(-14, 14, 113)  # where a logistic curve is sampled


class WordClaims(NamedTuple):
    """Stated confidence of words, and whether each is right.

    Args:
        confidence: float (words,), as the model states it.
        right: bool (words,), whether the word is one of the reference, at its place.
        utterance: int (words,), which words belong together.
    """

    confidence: np.ndarray
    right: np.ndarray
    utterance: np.ndarray


def right_words(words: Sequence[str], reference: str) -> list[bool | None]:
    """Returns for each word of a transcript whether it is right, by the alignment of its WER.

    Args:
        words: the recognised words, in order.
        reference: str, what was said.

    Returns:
        A list of bool, None for words that normalisation removes, such as a dash.

    Example:

    >>> right_words(["The", "cut", "-", "sat"], "The cat sat down.")
    [True, False, None, True]
    """
    plain = normaliser("basic")
    units = [units_of(plain(word)) for word in words]
    owners = [place for place, some in enumerate(units) for _ in some]
    found: list[bool | None] = [True if some else None for some in units]
    aligned = jiwer.process_words(
        [" ".join(units_of(plain(reference)))], [" ".join(unit for some in units for unit in some)]
    )
    for chunk in aligned.alignments[0]:
        if chunk.type != "equal":
            for place in owners[chunk.hyp_start_idx : chunk.hyp_end_idx]:
                found[place] = False
    return found


def word_claims(predictions: Predictions) -> WordClaims | None:
    """Returns the stated confidence of every recognised word in scored rows.

    None if there is no word, or no confidence.
    """
    if not predictions.scored.any():
        return None
    rest = known(predictions)
    claims = []
    for number, (words, texts) in enumerate(_rows(rest)):
        judged = right_words([text for text, _ in words], texts[0])
        claims += [
            (confidence, right, number)
            for (_, confidence), right in zip(words, judged, strict=True)
            if right is not None
        ]
    if not claims:
        return None
    confidence, right, utterance = zip(*claims, strict=True)
    return WordClaims(np.array(confidence, float), np.array(right, bool), np.array(utterance, int))


def _rows(rest: Predictions) -> list[tuple]:
    if rest.words is None or rest.targets is None:
        return []
    return list(zip(rest.words, rest.targets, strict=True))


def fit_word_calibration(claims: WordClaims | None, split: str = "") -> WordCalibration:
    """Fits a calibration on words with known correctness.

    From 1,000 words on the curve is isotonic, below it is logistic over the
    log-odds of the confidence. Where fewer than 50 words, or only right or only wrong ones, tell
    nothing about a curve, the confidence stays as it is.

    Args:
        claims: WordClaims, or None for no words.
        split: str, the part of the data that they are from.

    Sources: Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass
    probability estimates", section 3 (isotonic); Platt 1999, "Probabilistic outputs for support
    vector machines", with his targets that are never 0 or 1; Niculescu-Mizil and Caruana 2005,
    "Predicting good probabilities with supervised learning", section 5, on which to take when.
    """
    if claims is None:
        return WordCalibration(split=split)
    count, right = len(claims.right), int(claims.right.sum())
    if count < LEAST_WORDS or right in (0, count):
        return WordCalibration("none", (), count, right, split)
    method = "logistic"
    if count >= _MANY_WORDS:
        method = "isotonic"
    points = (_isotonic if method == "isotonic" else _logistic)(claims.confidence, claims.right)
    return WordCalibration(method, points, count, right, split)


def cross_fitted(claims: WordClaims) -> np.ndarray:
    """Returns confidences (words,) where a fifth is calibrated by the other four, in turn.

    Words of an utterance stay together, so that no word is judged by a curve that saw it.
    """
    found = claims.confidence.copy()
    for fold in range(_NUM_FOLDS):
        here = claims.utterance % _NUM_FOLDS == fold
        others = WordClaims(*(values[~here] for values in claims))
        found[here] = fit_word_calibration(others if len(others.right) else None)(found[here])
    return found


def _isotonic(confidence: np.ndarray, right: np.ndarray) -> tuple[tuple[float, float], ...]:
    from sklearn.isotonic import IsotonicRegression

    least = 1 / (len(right) + 2)  # no finite number of words gives certainty
    fitted = IsotonicRegression(y_min=least, y_max=1 - least).fit(confidence, right)
    return _points(fitted.X_thresholds_, fitted.y_thresholds_)


def _logistic(confidence: np.ndarray, right: np.ndarray) -> tuple[tuple[float, float], ...]:
    from sklearn.linear_model import LogisticRegression

    num_right = right.sum()
    # Each word counts for both answers, in shares that are never 0 or 1.
    share = np.where(right, (num_right + 1) / (num_right + 2), 1 / (len(right) - num_right + 2))
    odds = np.tile(_log_odds(confidence), 2)[:, None]  # (2 * words, 1)
    fitted = LogisticRegression(C=np.inf).fit(
        odds, np.repeat([1, 0], len(right)), np.concatenate([share, 1 - share])
    )
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:  # confidence does not order words by correctness: all get the same
        slope, offset = 0.0, float(_log_odds(share.mean()))
    return _points(1 / (1 + np.exp(-_LOGITS)), 1 / (1 + np.exp(-(slope * _LOGITS + offset))))


def _log_odds(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return np.log(share / (1 - share))


def _points(claimed: np.ndarray, right: np.ndarray) -> tuple[tuple[float, float], ...]:
    rising = np.maximum.accumulate(np.clip(right.astype(float), 0, 1))
    return tuple(zip(claimed.astype(float).tolist(), rising.tolist(), strict=True))
