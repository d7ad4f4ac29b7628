"""Families of curves that an error follows over the number of rows.

Each one is `floor + amount * shape(x)`: `x` is the number of rows over the largest measured one,
and `shape` falls with it. The parameters of a shape are looked up on a grid; `floor` and `amount`,
neither below 0, then follow by least squares. So all resamples of a curve are fitted at once, and a
fit never fails to converge.

Source: the families are those that Viering and Loog, "The shape of learning curves: a review"
(2021), and Mohr et al., "LCDB 1.0" (2022), found best: pow3, exp3, logarithm, mmf, weibull, vapor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["FAMILIES", "Family", "Fit"]

_EXPONENTS = np.geomspace(0.05, 2.5, 40)
_SCALES = np.geomspace(0.003, 6.0, 24)
_STEEPNESS = (0.4, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0)


@dataclass(frozen=True)
class Fit:
    """A family fitted to many resamples of one curve.

    Args:
        family: Family.
        floor: (draws,) error that is left with any number of rows.
        amount: (draws,) what the shape is multiplied by.
        settings: (draws, parameters) of the shape.
        misfit: (draws,) weighted sum of squared differences.
    """

    family: Family
    floor: np.ndarray
    amount: np.ndarray
    settings: np.ndarray
    misfit: np.ndarray

    def at(self, x: float) -> np.ndarray:
        """Returns the error (draws,) at `x` times the largest measured number of rows."""
        shape = self.family.shape(np.array([x]), self.settings)[:, 0]
        with np.errstate(invalid="ignore"):
            return np.maximum(self.floor + self.amount * shape, 0.0)


@dataclass(frozen=True)
class Family:
    """One form of a curve.

    Args:
        name: str, as it is shown.
        shape: function of x (sizes,) and settings (grid, parameters) -> (grid, sizes).
        grid: (grid, parameters) settings that are tried.
        has_floor: bool, whether an error may be left with any number of rows.
        sinks: bool, whether the fitted floor may be below 0, as the shape has no limit.
    """

    name: str
    shape: Callable[[np.ndarray, np.ndarray], np.ndarray]
    grid: np.ndarray
    has_floor: bool = True
    sinks: bool = False

    @property
    def num_parameters(self) -> int:
        """Numbers that a fit chooses."""
        return self.grid.shape[1] + 1 + self.has_floor

    def fit(self, x: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> Fit:
        """Returns the best fit for each resample.

        Args:
            x: (sizes,) numbers of rows over the largest one.
            errors: (draws, sizes).
            weights: (sizes,) one over the variance of each.
        """
        shapes = self.shape(x, self.grid)  # (grid, sizes)
        with np.errstate(divide="ignore", invalid="ignore"):  # of shapes that vanish
            floor, amount = self._linear(shapes, errors, weights)
            found = floor[..., None] + amount[..., None] * shapes  # (draws, grid, sizes)
            misfit = ((found - errors[:, None]) ** 2 * weights).sum(axis=-1)
        misfit = np.where(np.isnan(misfit), np.inf, misfit)
        best = misfit.argmin(axis=1)
        each = np.arange(len(errors))
        return Fit(self, floor[each, best], amount[each, best], self.grid[best], misfit[each, best])

    def _linear(
        self, shapes: np.ndarray, errors: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns floor and amount (draws, grid) by least squares, neither below 0."""
        total, height = weights.sum(), shapes @ weights  # (), (grid,)
        squared = (shapes**2) @ weights
        mean = (errors @ weights)[:, None]  # (draws, 1)
        product = (errors * weights) @ shapes.T  # (draws, grid)
        alone = np.maximum(product, 0) / squared
        if not self.has_floor:
            return np.zeros_like(alone), alone
        spread = np.maximum(total * squared - height**2, 1e-12 * total * squared)
        amount = np.maximum((total * product - height * mean) / spread, 0)
        floor = (mean - amount * height) / total
        if self.sinks:
            return floor, amount
        return np.maximum(floor, 0), np.where(floor < 0, alone, amount)


def _pairs(first: np.ndarray | tuple, second: np.ndarray | tuple) -> np.ndarray:
    return np.array([(a, b) for a in first for b in second])


def _power(x: np.ndarray, of: np.ndarray) -> np.ndarray:
    return x ** -of[:, :1]


def _exponential(x: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.exp(-x / of[:, :1])


def _logarithmic(x: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.broadcast_to(-np.log(x), (len(of), len(x)))


def _mmf(x: np.ndarray, of: np.ndarray) -> np.ndarray:
    return 1 / (1 + (x / of[:, :1]) ** of[:, 1:])


def _weibull(x: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.exp(-((x / of[:, :1]) ** of[:, 1:]))


def _vapor(x: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.exp(of[:, :1] * (1 / x - 1)) * x ** -of[:, 1:]


FAMILIES = (
    Family("power law", _power, _EXPONENTS[:, None]),
    Family("exponential", _exponential, _SCALES[:, None]),
    Family("logarithmic", _logarithmic, np.zeros((1, 0)), sinks=True),
    Family("mmf", _mmf, _pairs(_SCALES, _STEEPNESS)),
    Family("weibull", _weibull, _pairs(_SCALES, _STEEPNESS[:5])),
    Family(
        "vapor pressure",
        _vapor,
        _pairs((0.0, 0.001, 0.003, 0.01, 0.03, 0.1), _EXPONENTS),
        has_floor=False,
    ),
)
