"""From predictions and history to charts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.decisions import decisions, known
from polymodal.evaluation.groups import group_words
from polymodal.evaluation.plots.chart import Bar, Bars, Columns, Lines, Matrix, Points, Series
from polymodal.evaluation.scores.calibration import reliability, reliability_of
from polymodal.evaluation.scores.per_class import accuracy_by_position
from polymodal.evaluation.trust.temperature import Temperatures
from polymodal.evaluation.words import PERCENT, readable

__all__ = [
    "confusion",
    "learning_curves",
    "performance",
    "position",
    "regression_charts",
    "reliability_chart",
    "uncalibrated_chart",
    "unit_word",
    "word_reliability_chart",
    "worst_confusions",
]

MOST_CLASSES = 30  # a larger matrix cannot be read on a page
MOST_POINTS = 2000
MOST_CURVES = 4
# Times, and scores that only repeat other curves.
_NOT_CURVES = {
    "epoch",
    "seconds",
    "time",
    "step",
    "steps",
    "learning_rate",
    "samples_per_second",
    "f1_weighted",
    "balanced_accuracy",
    "log_loss",
    "calibration_error",
}

_GAP = (
    "The shaded area is the gap between train and validation. The loss of train is counted "
    "while the model learns, with dropout and augmentation: on the same rows at rest it is "
    "lower, and the gap wider."
)


def learning_curves(history: Sequence[Mapping], best_epoch: int | None = None) -> list[Lines]:
    """Returns one chart for the loss and one per further metric, train next to validation.

    Args:
        history: one mapping per epoch: "epoch" from 1, "loss" of train, "val_loss", and scores
            such as "accuracy", which are of validation unless "val_accuracy" is next to them.
        best_epoch: int, the epoch whose weights were kept; marked in each chart.
    """
    numeric = [name for name in _names(history) if name.removeprefix("val_") not in _NOT_CURVES]
    bases = list(dict.fromkeys(name.removeprefix("val_") for name in numeric))
    bases.sort(key=lambda base: base != "loss")
    charts = []
    for base in bases[:MOST_CURVES]:
        of_train = base == "loss" or f"val_{base}" in numeric
        if of_train:
            plain = (base, "train", True)
        else:
            plain = (base, "validation", False)
        series = [
            _curve(history, name, label, dashed)
            for name, label, dashed in (plain, (f"val_{base}", "validation", False))
            if name in numeric
        ]
        gap = base == "loss" and len(series) == 2
        charts.append(
            Lines(
                f"curve_{_file_name(base) or len(charts)}",
                _title(base),
                _GAP if gap else "",
                "epoch",
                series,
                percent=base in PERCENT,
                mark=best_epoch,
                between=gap,
                mark_label="" if best_epoch is None else f"kept: epoch {best_epoch}",
            )
        )
    return charts


def _file_name(base: str) -> str:
    return re.sub(r"\W+", "_", base).strip("_")[:60]


def _title(base: str) -> str:
    name = readable(base)
    return name[:1].upper() + name[1:]


def _names(history: Sequence[Mapping]) -> list[str]:
    found: dict[str, None] = {}
    for entry in history:
        for name, value in entry.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[name] = None
    return list(found)


def _curve(history: Sequence[Mapping], name: str, label: str, dashed: bool) -> Series:
    epochs = [float(entry.get("epoch", i + 1)) for i, entry in enumerate(history)]
    values = [entry.get(name) for entry in history]
    return Series(
        label, epochs, [np.nan if value is None else float(value) for value in values], dashed
    )


def performance(
    key: str,
    title: str,
    caption: str,
    metric: str,
    parts: Mapping[str, Mapping],
    unit: str = "row",
    strong: str | None = None,
) -> Bars:
    """Returns bars of one metric from {name: {"n", "metrics", "intervals"}}; n counts `unit`s.

    A part with "num_groups", of the column "group", says how many groups its rows are of.
    """
    bars = []
    for name, part in parts.items():
        if metric in part["metrics"]:
            low, high = part["intervals"].get(metric) or (None, None)
            note = f"{part['n']:,} {unit}" + "s" * (part["n"] != 1)
            if "num_groups" in part:
                note += " of " + group_words(part["group"], part["num_groups"])
            bars.append(Bar(str(name), part["metrics"][metric], low, high, note, name == strong))
    return Bars(key, title, caption, metric, bars)


def unit_word(predictions: Predictions) -> str:
    """Returns what one output stands for: "row", or "step" where a row has several."""
    if len(np.unique(predictions.rows)) == len(predictions):
        return "row"
    return "step"


def confusion(predictions: Predictions) -> Matrix | None:
    """Returns truth against prediction; None for tasks without one answer per row.

    Only classes that occur or are predicted are shown. A matrix of more than 30 is not for a page.
    """
    if not predictions.task.has_classes:
        return None
    rest = known(predictions)
    truth, guess = decisions(rest)
    if truth.ndim == 2:
        return None
    shown = np.unique(np.concatenate([truth, guess]))
    place = np.full(rest.outputs.shape[1], -1)
    place[shown] = np.arange(len(shown))
    counts = np.zeros((len(shown), len(shown)), np.int64)
    np.add.at(counts, (place[truth], place[guess]), 1)
    return Matrix(
        "confusion",
        "Confusion matrix",
        "One line per actual class, one column per predicted class. Blue is right, "
        "orange is a mistake.",
        [rest.labels[i] for i in shown],
        counts,
    )


def worst_confusions(matrix: Matrix, count: int = 15) -> list[dict]:
    """Returns the most frequent mistakes: {"truth", "predicted", "count", "share"}."""
    wrong = matrix.counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    places = [np.unravel_index(i, wrong.shape) for i in order]
    shares = matrix.shares()
    return [
        {
            "truth": matrix.labels[t],
            "predicted": matrix.labels[p],
            "count": int(wrong[t, p]),
            "share": float(shares[t, p]),
        }
        for t, p in places
        if wrong[t, p]
    ]


def reliability_chart(predictions: Predictions) -> Columns | None:
    """Returns the share that came true per probability claimed; None where none is claimed."""
    if not predictions.task.has_classes:
        return None
    return _reliability(
        reliability(known(predictions)),
        "Stated probability against accuracy",
        "probability the model gave",
        "share right",
        "rows",
    )


def uncalibrated_chart(
    predictions: Predictions, calibration: Mapping[str, Any] | None
) -> Columns | None:
    """Returns `reliability_chart` of the probabilities before they were calibrated; None where
    that changed nothing.

    Args:
        predictions: Predictions, calibrated.
        calibration: what `Temperatures.to_json` gave, or None.
    """
    if not calibration or not predictions.task.has_classes:
        return None
    temperatures = Temperatures.from_json(
        calibration, list(calibration["inputs"]), predictions.outputs.shape[1]
    )
    if not temperatures.changes:
        return None
    chart = reliability_chart(temperatures.undone(predictions))
    return chart and replace(chart, key="uncalibrated", title="Before calibration")


def word_reliability_chart(confidence: np.ndarray, right: np.ndarray) -> Columns:
    """Returns the share of right words per stated confidence, of words (n,) both."""
    return _reliability(
        reliability_of(confidence, right),
        "Confidence in a word against share right",
        "confidence in the word",
        "share of words that are right",
        "words",
    )


def _reliability(bars: list[dict], title: str, claimed: str, true: str, unit: str) -> Columns:
    return Columns(
        "calibration",
        title,
        "Bars on the diagonal are well calibrated; below it the model is overconfident, above it "
        f"underconfident. Pale bars have few {unit}.",
        claimed,
        true,
        [(bar["low"], bar["high"]) for bar in bars],
        [bar["accuracy"] for bar in bars],
        [bar["n"] for bar in bars],
        percent=True,
        diagonal=True,
        unit=unit,
    )


def regression_charts(predictions: Predictions, target: str) -> list[Points | Columns]:
    """Returns predicted against true, and the histogram of residuals."""
    rest = known(predictions)
    truth = np.asarray(rest.targets, np.float64).ravel()
    guess = np.asarray(rest.outputs, np.float64).ravel()
    error = guess - truth
    pick = np.linspace(0, len(truth) - 1, min(len(truth), MOST_POINTS)).astype(int)
    count, edges = np.histogram(error, bins=min(30, max(5, int(np.sqrt(len(error))))))
    return [
        Points(
            "predicted_true",
            "Predicted against actual",
            "A perfect model would put every point on the line.",
            f"actual {target}",
            f"predicted {target}",
            truth[pick],
            guess[pick],
            diagonal=True,
        ),
        Columns(
            "residuals",
            "Errors",
            "Predicted minus actual. A good model has its peak at 0; a peak elsewhere is a bias.",
            "predicted minus actual",
            "rows",
            list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)),
            count.astype(float).tolist(),
            count.tolist(),
        ),
    ]


def position(predictions: Predictions) -> Lines | None:
    """Returns accuracy by step of the sequence; None without steps or with one step only."""
    places = accuracy_by_position(predictions)
    if len(places) < 2:
        return None
    return Lines(
        "position",
        "Accuracy by position",
        "A fall to the right means that errors build up along the sequence. Late "
        "positions have few sequences.",
        "position in the sequence",
        [
            Series(
                "accuracy",
                [place["step"] + 1.0 for place in places],
                [place["accuracy"] for place in places],
            )
        ],
        percent=True,
    )
