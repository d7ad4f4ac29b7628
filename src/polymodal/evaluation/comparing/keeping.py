"""Which model a run should keep, decided on rows that are not those it is shown to be good on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.printed.counting import counted
from polymodal.evaluation.comparing.compare import Comparison, compare
from polymodal.evaluation.words import gap_interval, readable, value_text

__all__ = ["Keeping", "choose_kept"]

_ONE_ERROR = 0.6827  # level of an interval of one standard error on each side


@dataclass(frozen=True)
class Keeping:
    """The model that is kept, and why.

    Args:
        single: str, the input whose model is kept in place of that of all inputs, or "".
        linear: bool, whether the linear model is kept in place of a network.
        sentence: str, which rows decided and what they say.
        split: str, the part of the data that decided; "" where there is none.
        num_rows: int, rows of it.
    """

    single: str = ""
    linear: bool = False
    sentence: str = ""
    split: str = ""
    num_rows: int = 0

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; empty where nothing was asked."""
        if not self.sentence:
            return {}
        return {"sentence": self.sentence, "split": self.split, "rows": self.num_rows}


def choose_kept(
    network: Predictions | None,
    singles: Mapping[str, Predictions],
    linear: tuple[str, Predictions] | None,
    split: str,
    shown: str,
    crossed: bool = False,
) -> Keeping:
    """Returns which model is kept: that of all inputs, unless the model of one input is better by
    more than chance; and in place of either the linear model, unless it is worse by more than one
    standard error.

    Source: the rule of one standard error is that of Breiman et al. 1984, "Classification and
    Regression Trees", section 3.4.3; here that error is of the paired difference.

    Args:
        network: Predictions of the model of all inputs on the rows that decide, or None.
        singles: {input: Predictions} of models of one input alone on the same rows.
        linear: name and Predictions of the linear model on the same rows, or None.
        split: str, the part of the data that these rows are of.
        shown: str, the part of the data whose scores are shown.
        crossed: bool, whether these are rows of train, answered by models that never saw them.
    """
    if network is None or not np.any(network.scored):
        return Keeping(
            sentence="The network is kept: --keep better decides on validation rows, "
            "and there are none. Give some with --val, or leave --split none out."
        )
    rows = len(np.unique(network.rows[network.scored]))
    best, said = _best_single(network, singles)
    name = "the network"
    if len(network.modalities) > 1:
        name = "all inputs together"
    kept = f"The model of {name.removeprefix('the ')}"
    if best:
        kept, name, network = f"The model of {best} alone", f"{best} alone", singles[best]
    keeps_linear = False
    if linear is not None:
        found = compare(network, linear[1], level=_ONE_ERROR)
        keeps_linear = _is_as_good(found)
        said.append(_linear_words(found, linear[0], name))
    if keeps_linear and linear is not None:
        kept = f"The linear model ({linear[0]}), which needs no engine,"
    answered = ", answered by models that never saw them," if crossed else ""
    why = f"{counted(rows, 'row')} of {split}{answered} decided"
    if said:
        why += f": {'; '.join(said)}"
    return Keeping(
        "" if keeps_linear else best,
        keeps_linear,
        f"{kept} is kept. {why}. {_tail(split, shown)}",
        split,
        rows,
    )


def _tail(split: str, shown: str) -> str:
    if split == shown:
        return "The scores are of the same rows, so they are optimistic."
    return f"The rows of {shown} score it and decided nothing."


def _best_single(network: Predictions, singles: Mapping[str, Predictions]) -> tuple[str, list[str]]:
    """Returns the input whose model is best and better by more than chance, or ""; and words."""
    compared = {name: compare(network, one) for name, one in singles.items()}
    if not compared:
        return "", []
    sign = 1 if next(iter(compared.values())).higher_is_better else -1
    best = max(compared, key=lambda name: sign * compared[name].second)
    found = compared[best]
    kept, said, interval = "", "not better by more than chance", ""
    if found.better == "second":
        kept, said = best, "better by more than chance"
    if found.interval is not None and np.isfinite(found.interval).all():
        interval = (
            " (paired 95 % interval of the difference "
            f"{gap_interval(found.metric, found.interval)})"
        )
    words = (
        f"{readable(found.metric)} is {value_text(found.metric, found.second)} with {best} "
        f"alone and {value_text(found.metric, found.first)} with all inputs together, "
        f"{said}{interval}"
    )
    return kept, [words]


def _is_as_good(found: Comparison) -> bool:
    """Returns whether the second model is not worse than the first by more than one standard
    error; without an interval, whether it is not worse."""
    if found.interval is None or not np.isfinite(found.interval).all():
        return found.difference == 0 or (found.difference > 0) != found.higher_is_better
    return found.better != "first"


def _linear_words(found: Comparison, linear: str, other: str) -> str:
    told = "not worse by more than one standard error"
    if not _is_as_good(found):
        told = "worse by more than one standard error"
    return (
        f"{readable(found.metric)} is {value_text(found.metric, found.second)} with {linear} "
        f"and {value_text(found.metric, found.first)} with {other}, {told}"
    )
