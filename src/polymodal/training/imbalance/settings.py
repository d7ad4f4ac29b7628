"""The setting `training.imbalance`: how training makes up for classes with few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from polymodal.core import arguments
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown

__all__ = ["METHODS", "Imbalance", "imbalance_of"]

METHODS = ("none", "balanced_sampling", "effective_number", "logit_adjustment", "focal")


@dataclass(frozen=True)
class Imbalance:
    """How training makes up for classes with few rows.

    Args:
        method: none; balanced_sampling (each class comes equally often in an epoch);
            effective_number (rows of rare classes weigh more, Cui et al. 2019); logit_adjustment
            (the loss adds the log frequency of the classes to the logits, Menon et al. 2021); or
            focal (rows that are answered well count less, Lin et al. 2017).
        tau: float > 0, strength of logit_adjustment.
        beta: float in 0..1, of effective_number; nearer to 1 rare classes weigh more.
        gamma: float > 0, of focal.

    Source: Cui et al. 2019, "Class-balanced loss based on effective number of samples"; Menon et
    al. 2021, "Long-tail learning via logit adjustment"; Lin et al. 2017, "Focal loss for dense
    object detection".
    """

    method: Literal[
        "none", "balanced_sampling", "effective_number", "logit_adjustment", "focal"
    ] = "none"
    tau: float = 1.0
    beta: float = 0.999
    gamma: float = 2.0

    def __post_init__(self) -> None:
        for name, value in (("tau", self.tau), ("gamma", self.gamma)):
            if not 0 < value <= 100:
                raise RecipeError(
                    f"training.imbalance.{name} needs a number above 0, at most 100. "
                    f"Got {value!r}. Try {getattr(type(self), name)}."
                )
        if not 0 < self.beta < 1:
            raise RecipeError(
                f"training.imbalance.beta needs 0 < beta < 1. Got {self.beta!r}. Try 0.999."
            )


def imbalance_of(value: str | Mapping[str, Any] | None) -> Imbalance:
    """Returns the setting `training.imbalance`, which is a name or a mapping.

    Raises:
        RecipeError: an unknown method or setting, or a value out of range.

    Example:

    >>> imbalance_of("focal").gamma
    2.0
    """
    if value is None:
        return Imbalance()
    if isinstance(value, str):
        value = {"method": value}
    method = value.get("method", METHODS[0])
    if method not in METHODS:
        raise RecipeError(f"training.imbalance: {unknown('method', str(method), METHODS)}")
    return arguments.build(Imbalance, dict(value), "training.imbalance")
