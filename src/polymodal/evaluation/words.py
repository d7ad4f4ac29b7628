"""Metrics and their values in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "MEANINGS",
    "PERCENT",
    "SPACE",
    "gap",
    "gap_interval",
    "interval_text",
    "listed",
    "readable",
    "signed",
    "value_text",
]

_RECALLS = {f"{way}recall@{rank}": rank for way in ("", "reverse_") for rank in (1, 5, 10)}
PERCENT = {
    "accuracy",
    "balanced_accuracy",
    "exact_match",
    "calibration_error",
    "wer",
    "cer",
    *_RECALLS,
    "accuracy_2_nonnegative",
    "accuracy_2_positive",
    "accuracy_7",
}
_NAMES = {
    "f1_macro": "F1, macro",
    "f1_weighted": "F1, weighted",
    "f1_micro": "F1, micro",
    "balanced_accuracy": "balanced accuracy",
    "auroc": "AUROC",
    "log_loss": "log loss",
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "r2": "R²",
    "pearson": "Pearson correlation",
    "calibration_error": "calibration error",
    "exact_match": "whole rows right",
    "wer": "word error rate",
    "cer": "character error rate",
    "cider_d": "CIDEr-D",
    "bleu_1": "BLEU-1",
    "bleu_2": "BLEU-2",
    "bleu_3": "BLEU-3",
    "bleu_4": "BLEU-4",
    "rouge_l": "ROUGE-L",
    "accuracy_2_nonnegative": "Acc-2, negative or not",
    "f1_weighted_nonnegative": "F1, weighted, negative or not",
    "f1_macro_nonnegative": "F1, macro, negative or not",
    "accuracy_2_positive": "Acc-2, negative or positive",
    "f1_weighted_positive": "F1, weighted, negative or positive",
    "f1_macro_positive": "F1, macro, negative or positive",
    "accuracy_7": "Acc-7",
    **{
        f"reverse_recall@{rank}": f"recall@{rank} of queries by answer"
        for rank in _RECALLS.values()
    },
}
MEANINGS = {
    "accuracy": "share of answers that are right",
    "exact_match": "share of rows in which every step is right",
    "f1_macro": "balance of precision and recall, every class counting the same",
    "f1_weighted": "balance of precision and recall, classes weighted by their number of rows",
    "balanced_accuracy": "mean over the classes of the share that is right",
    "f1_micro": "balance of precision and recall over all labels pooled",
    "auroc": "probability that a right answer is ranked above a wrong one; 0.5 is guessing",
    "log_loss": "cross-entropy: mean of -log(probability of the right answer); lower is better",
    "calibration_error": "average gap between stated probability and accuracy; lower is better",
    "mae": "average size of the error, in the target's unit; lower is better",
    "rmse": "root of the mean squared error, in the target's unit; large errors count more",
    "r2": "share of the target's variance explained; 0 is no better than the mean",
    "wer": "substitutions, deletions and insertions per reference word; lower is better",
    "cer": "substitutions, deletions and insertions per reference character; lower is better",
    "cider_d": "n-grams shared with the reference captions, weighted by tf-idf; 0 to 10",
    "bleu_1": "share of its words that are in the reference captions",
    "bleu_4": "n-gram precision up to four words, against the reference captions",
    "rouge_l": "longest common subsequence with a reference caption",
    "accuracy_2_nonnegative": "share of right signs; zero counts as not negative",
    "accuracy_2_positive": "share of right signs, without rows whose target is zero",
    "accuracy_7": "share of right whole numbers from -3 to 3, after rounding",
    "pearson": "linear correlation of predicted and actual values; 1 is perfect",
    **{name: f"share with a right one among the {rank} best" for name, rank in _RECALLS.items()},
}
SPACE = "\u202f"  # narrow, never broken: 97.5 %


def readable(metric: str) -> str:
    """Returns the name of a metric for a person."""
    return _NAMES.get(metric, metric.replace("_", " "))


def value_text(metric: str, value: float | None, unit: bool = True) -> str:
    """Returns a value as a person writes it: "97.5 %", "0.913"."""
    if value is None or not math.isfinite(value):
        return "–"
    if metric in PERCENT:
        text = f"{100 * value:.1f}" + f"{SPACE}%" * unit
    elif abs(value) >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return text.replace("-", "\u2212")


def interval_text(metric: str, interval: list[float] | None) -> str:
    """Returns an interval as a person writes it: "95.2 to 99.0 %"."""
    if not interval:
        return "–"
    low, high = interval
    return f"{value_text(metric, low, unit=False)} to {value_text(metric, high)}"


def gap(metric: str, difference: float) -> str:
    """Returns the size of a difference: "3.1 points", "0.042"."""
    size = abs(difference)
    unit = ""
    if metric in PERCENT:
        unit = " points"
    return value_text(metric, size, unit=False) + unit


def gap_interval(metric: str, interval: list[float]) -> str:
    """Returns the interval of a difference, with signs: "+13.0 to +27.0 points"."""
    if not all(math.isfinite(bound) for bound in interval):
        return "without bounds"
    low, high = ("+" * (bound > 0) + value_text(metric, bound, unit=False) for bound in interval)
    return f"{low} to {high}" + " points" * (metric in PERCENT)


def listed(words: Sequence[str]) -> str:
    """Returns "a", "a and b" or "a, b and c"."""
    words = list(words)
    if len(words) == 1:
        return words[0]
    if words:
        return f"{', '.join(words[:-1])} and {words[-1]}"
    return "nothing"


def signed(value: float) -> str:
    """Returns a difference with its sign and three decimals.

    Example:

    >>> signed(-0.0001), signed(-0.25)
    ('+0.000', '-0.250')
    """
    return f"{round(value, 3) + 0.0:+.3f}"
