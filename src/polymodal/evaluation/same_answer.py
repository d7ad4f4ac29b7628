"""Reports a model that gives the same answer for all rows."""

from __future__ import annotations

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.printed.counting import counted
from polymodal.evaluation.decisions import decisions, known

__all__ = ["same_answer"]

_LEAST = 5  # rows; fewer may be alike by chance
_LONGEST = 120  # characters of a text that are shown


def same_answer(predictions: Predictions) -> str:
    """Returns a sentence if all scored rows get one answer but not all targets are equal, else "".

    Args:
        predictions: Predictions with targets.
    """
    rest = known(predictions)
    if len(rest) < _LEAST or rest.targets is None:
        return ""
    if rest.is_text:
        texts = {str(text) for text in rest.outputs}
        differ = len({tuple(right) for right in rest.targets}) > 1
        return _text(texts.pop(), len(rest)) if len(texts) == 1 and differ else ""
    if rest.task.name == "regression":
        truth, guess = np.ravel(np.asarray(rest.targets)), np.ravel(rest.outputs)
        spread = np.ptp(truth)
        if spread and np.ptp(guess) < 1e-4 * spread:
            return f"The model predicts {guess[0]:.4g} for all {counted(len(rest), 'row')}."
        return ""
    truth, guess = decisions(rest)
    if (guess != guess[0]).any() or not (truth != truth[0]).any():
        return ""
    unit = "row" if rest.steps is None else "step"
    return f"The model predicts {_named(rest, guess[0])} for all {counted(len(rest), unit)}."


def _text(text: str, rows: int) -> str:
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    what = f'the same text for all {counted(rows, "row")}: "{shown}"'
    return f"The model generates {what}." if text else \
        f"The model generates no text for all {counted(rows, 'row')}."


def _named(rest: Predictions, guess: np.ndarray) -> str:
    if np.ndim(guess) == 0:
        return f'"{rest.labels[int(guess)]}"'
    chosen = [f'"{label}"' for label, on in zip(rest.labels, guess, strict=True) if on]
    return " and ".join(chosen) or "no label"
