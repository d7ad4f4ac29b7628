"""Calibration and sets of answers as numbers and in words, for reports and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.evaluation.decisions import known
from polymodal.evaluation.groups import group_words
from polymodal.evaluation.scores.calibration import expected_calibration_error
from polymodal.evaluation.trust.conformal import Sets
from polymodal.evaluation.trust.fit_temperature import log_losses
from polymodal.evaluation.trust.temperature import Temperatures
from polymodal.evaluation.words import SPACE

__all__ = ["before_and_after", "calibration_words", "new_group_words", "set_words", "sets_json"]


def before_and_after(temperatures: Temperatures, found: Predictions) -> dict[str, list[float]]:
    """Returns {metric: [before, after]} of calibrated predictions with targets."""
    pair = [known(one) for one in (temperatures.undone(found), found)]
    return {
        "log_loss": [_log_loss(one) for one in pair],
        "calibration_error": [expected_calibration_error(one) for one in pair],
    }


def calibration_words(
    temperatures: Temperatures | None, found: Predictions, split: str
) -> list[str]:
    """Returns sentences on how probabilities were calibrated, and what that changed.

    Args:
        temperatures: Temperatures, or None where none were fitted.
        found: Predictions with targets, calibrated.
        split: str, the part of the data that they are of.
    """
    if not found.task.has_classes:
        return []
    if temperatures is None:
        return ["The probabilities are the model's own: they were not calibrated."]
    rows = f"{counted(temperatures.num_rows, 'row')} of {temperatures.split}"
    if temperatures.group:
        rows += f' whose "{temperatures.group}" is not in train'
    loss = temperatures.figures["log_loss"]
    if temperatures.changes and loss[0] == loss[1]:
        return [
            f"No temperature lowers the log loss of {rows} (cross-fitted), so only the "
            "probabilities of rows that lack inputs were calibrated."
        ]
    if not temperatures.changes:
        return [
            f"The probabilities are the model's own: no temperature lowers the log loss of "
            f"{rows} (cross-fitted)."
        ]
    sentences = [
        f"The probabilities were calibrated (temperature scaling) on {rows}. There, "
        f"{_change(temperatures.figures)} (cross-fitted)."
    ]
    if split != temperatures.split:
        sentences.append(f"On {split}, {_change(before_and_after(temperatures, found))}.")
    return sentences


def new_group_words(column: str, values: Sequence[Any], train: Sequence[Any], split: str) -> str:
    """Returns what calibration cannot promise for groups that train lacks; "" without such rows.

    Args:
        column: str, column of the groups, such as "speaker".
        values: its cells in the rows that are shown.
        train: its cells in train.
        split: str, the part of the data of `values`.
    """
    seen = {str(value) for value in train}
    new = [str(value) for value in values if str(value) not in seen]
    if not new:
        return ""
    share = f"{len(new):,} of {counted(len(values), 'row')}"
    if len(new) == len(values):
        share = f"All {counted(len(values), 'row')}"
    return (
        f"{share} of {split} are of {group_words(column, len(set(new)))} that train does not "
        "have. Validation rows cannot promise calibrated probabilities, or the coverage of "
        "sets, for further groups."
    )


def sets_json(
    sets: Sets,
    found: Predictions,
    groups: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Returns {"level", "coverage", "mean_size", "empty"} of sets for rows with targets.

    Args:
        sets: Sets of `found`.
        found: Predictions; rows without a target are left out.
        groups: value of each output in the column that sets are made by; the JSON then has "by":
            {value: the same}.
    """
    rest, made = known(found), sets.take(found.scored)
    held, sizes = made.holds(np.asarray(rest.targets)), made.sizes()
    value: dict[str, Any] = {"level": sets.level, **_measured(held, sizes)}
    if made.members is not None:
        value["empty"] = float((sizes == 0).mean())
    if groups is not None:
        named = np.asarray(groups, object)[found.scored]
        value["by"] = {
            str(name): {
                "n": int((named == name).sum()),
                **_measured(held[named == name], sizes[named == name]),
            }
            for name in sorted(set(named))
        }
    return value


def set_words(value: dict[str, Any], split: str, has_classes: bool, fitted_on: str) -> str:
    """Returns a sentence on sets of answers.

    Args:
        value: what `sets_json` gave.
        split: str, the part of the data that they are for.
        has_classes: bool, whether sets hold labels; else they are intervals of numbers.
        fitted_on: str, the part of the data whose scores the sets are made with.
    """
    if value["mean_size"] is None:
        return (
            f"Sets for {100 * value['level']:g}{SPACE}% hold every answer: {fitted_on} has too "
            "few rows for smaller ones."
        )
    what, size = "Intervals", f"{value['mean_size']:.4g} wide"
    if has_classes:
        what, size = "Sets", f"{value['mean_size']:.2f} labels large"
    start = f"{what} for {100 * value['level']:g}{SPACE}% (--sets {value['level']:g})"
    if split == fitted_on:
        return f"{start} are {size} on average. They are made with the scores of {fitted_on}."
    return (
        f"{start}, made with the scores of {fitted_on}, hold the true answer of "
        f"{100 * value['coverage']:.1f}{SPACE}% of {split} and are {size} on average."
    )


def _measured(held: np.ndarray, sizes: np.ndarray) -> dict[str, Any]:
    size = float(sizes.mean())
    return {"coverage": float(held.mean()), "mean_size": size if np.isfinite(size) else None}


def _log_loss(rest: Predictions) -> float:
    targets = np.asarray(rest.targets)
    targets = targets.astype(bool) if targets.ndim == 2 else targets.astype(np.int64)
    return float(log_losses(rest.outputs, targets).mean())


def _change(figures: Any) -> str:
    """Returns "the calibration error goes from 12.1 to 3.4 points, the log loss from ..."."""
    error, loss = figures["calibration_error"], figures["log_loss"]
    return (
        f"the calibration error goes from {100 * error[0]:.1f} to {100 * error[1]:.1f} points, "
        f"the log loss from {loss[0]:.3f} to {loss[1]:.3f}"
    )
