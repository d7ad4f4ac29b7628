"""A curve of errors over rows, continued beyond the rows that there are, with what is unsure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polymodal.core.seeds import generator
from polymodal.questions.needs.families import FAMILIES, Fit

__all__ = ["LEVEL", "Curve", "Extrapolation"]

LEVEL = 0.8  # of all intervals
_FEWEST_SIZES = 4
_FEWEST_ROWS = 16
_ODD = 0.06  # probability of so uneven a curve by chance, below which there is no answer
_UNFIT = 0.002  # the same, of the family that fits best
_ROUNDING = 0.002  # an error this small is never told from another
_FAR = 0.1  # of the error, by which the smallest sizes may miss a curve that fits the largest
_FARTHEST = 1000.0  # times the rows, up to which a goal is looked for
_GAIN_UNSURE = 0.15  # standard deviation of the logarithm of a gain, per fourfold rows
_MODEST = 0.05  # of the same, by which gains are expected to be smaller than fitted


@dataclass(frozen=True)
class Curve:
    """Errors that were measured with growing numbers of rows.

    Args:
        sizes: (sizes,) rows that were trained on, ascending.
        errors: (seeds, sizes) error of each training; 0 is perfect.
        draws: (seeds, sizes, draws) errors on resampled rows, the same rows for all trainings.
        blind: float, error of a model that sees no input, or None.
    """

    sizes: np.ndarray
    errors: np.ndarray
    draws: np.ndarray
    blind: float | None = None

    @property
    def mean(self) -> np.ndarray:
        """(sizes,) error, mean of all seeds."""
        return self.errors.mean(axis=0)

    def resampled(self, seed: int = 0) -> np.ndarray:
        """Returns (draws, sizes) mean errors over resampled seeds and rows.

        Seeds that are scored on different rows differ by these too, which resampled rows already
        show: that part of their differences is left out. A mean of few seeds varies more than its
        resamples do, so they are widened.
        """
        num_seeds, _, num_draws = self.draws.shape
        chosen = generator(seed, 1).integers(num_seeds, size=(num_draws, num_seeds))
        each = self.draws[chosen, :, np.arange(num_draws)[:, None]]  # (draws, seeds, sizes)
        rows_alone = self.draws.mean(axis=0).T  # (draws, sizes)
        widened = np.sqrt(self._trained_apart() * num_seeds / max(1, num_seeds - 1))
        return rows_alone + widened * (each.mean(axis=1) - rows_alone)

    def _trained_apart(self) -> float:
        """Returns the share of the variance between seeds that is not from the rows scored."""
        num_seeds = len(self.errors)
        if num_seeds < 2:
            return 1.0
        between = self.errors.var(axis=0, ddof=1).mean()
        of_one, of_mean = self.draws.var(axis=2).mean(), self.draws.mean(axis=0).var(axis=1).mean()
        own_rows = (of_one - of_mean) * num_seeds / (num_seeds - 1)
        return float(np.clip(1 - own_rows / max(between, 1e-12), 0.05, 1.0))


class Extrapolation:
    """A curve beyond its last size.

    Args:
        curve: Curve.
        seed: int, key of all resamples.

    Example:

    >>> sizes = np.array([25, 50, 100, 200, 400, 800])
    >>> errors = np.broadcast_to(2.0 * sizes ** -0.5, (3, 6))
    >>> draws = errors[..., None] + np.random.default_rng(0).normal(0, 0.003, (3, 6, 200))
    >>> found = Extrapolation(Curve(sizes, errors, draws))
    >>> found.no_answer, round(found.expected(3200), 2)
    ('', 0.04)
    """

    def __init__(self, curve: Curve, seed: int = 0):
        self.curve, self.seed = curve, seed
        self._means = curve.resampled(seed)  # (draws, sizes)
        self._x = curve.sizes / curve.sizes[-1]
        apart = self._means - self._means.mean(axis=1, keepdims=True)
        far = _FAR * curve.mean * np.log2(1 / self._x) / 5
        self._variance = apart.var(axis=0) + _ROUNDING**2  # of the shape, not of the height
        self._weights = 1 / (self._variance + far**2)

    @cached_property
    def fits(self) -> list[Fit]:
        """Each family, fitted to all resamples."""
        return [family.fit(self._x, self._means, self._weights) for family in FAMILIES]

    @cached_property
    def _chosen(self) -> np.ndarray:
        """(draws,) which family each resample follows: the better it fits, the more often."""
        costs = np.array([fit.misfit / 2 + fit.family.num_parameters for fit in self.fits])
        shares = np.exp(costs.min(axis=0) - costs)
        shares = np.cumsum(shares / shares.sum(axis=0), axis=0)
        drawn = generator(self.seed, 2).random(shares.shape[1])
        return (drawn > shares).sum(axis=0).clip(max=len(self.fits) - 1)

    @cached_property
    def _luck(self) -> np.ndarray:
        """(draws,) how much more or less a gain will be than fitted, in standard deviations."""
        count = len(self._means)
        return generator(self.seed, 3).permutation(_normal((np.arange(count) + 0.5) / count))

    @property
    def shares(self) -> dict[str, float]:
        """{family: share of the resamples that follow it}."""
        counts = np.bincount(self._chosen, minlength=len(self.fits))
        return {
            fit.family.name: float(count / counts.sum())
            for fit, count in zip(self.fits, counts, strict=True)
        }

    def draws(self, rows: float) -> np.ndarray:
        """Returns (draws,) errors with so many rows to train on."""
        x = rows / self.curve.sizes[-1]
        fitted = self._fitted(x)
        if x <= 1:
            return fitted
        now, steps = self._fitted(1.0), np.log(x) / np.log(4)
        factor = np.exp(np.sqrt(steps) * _GAIN_UNSURE * self._luck - steps * _MODEST)
        return np.maximum(now - (now - fitted) * factor, 0.0)

    def _fitted(self, x: float) -> np.ndarray:
        each = np.array([fit.at(x) for fit in self.fits])
        return each[self._chosen, np.arange(each.shape[1])]

    def expected(self, rows: float) -> float:
        """Returns the median error with so many rows."""
        return float(np.median(self.draws(rows)))

    def interval(self, rows: float, level: float = LEVEL) -> tuple[float, float]:
        """Returns the bounds of the error with so many rows."""
        low, high = np.quantile(self.draws(rows), [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def rows_for(self, goal: float, chance: float) -> float | None:
        """Returns the rows with which the error is at most `goal` in a share `chance` of all
        resamples; None where even a thousandfold table would not be enough."""
        for x in np.geomspace(self._x[0], _FARTHEST, 120):
            if self.chance(goal, x * self.curve.sizes[-1]) >= chance:
                return float(x * self.curve.sizes[-1])
        return None

    def chance(self, goal: float, rows: float) -> float:
        """Returns in which share of resamples the error is at most `goal` with so many rows."""
        return float((self.draws(rows) <= goal).mean())

    @cached_property
    def no_answer(self) -> str:
        """Why the curve cannot be continued, in a sentence; "" where it can."""
        curve = self.curve
        if len(curve.sizes) < _FEWEST_SIZES or curve.sizes[-1] < _FEWEST_ROWS:
            return f"Too few rows: {int(curve.sizes[-1])} make too short a curve."
        if self._unevenness() < _ODD:
            return (
                "With more rows the score gets worse in places, by more than chance. Look for "
                "a drift or a fault in the table before adding rows."
            )
        if curve.blind is not None and self._is_blind(curve.blind):
            return (
                "The model is not better than one that sees no input, by more than chance, so "
                "its curve does not say when it would begin to learn."
            )
        if self._fit_chance() < _UNFIT:
            return "No usual form of a learning curve fits the measured scores."
        return ""

    def _unevenness(self) -> float:
        """Returns the probability that a falling curve looks so uneven by chance."""
        mean = self._means.mean(axis=0)
        falling = _falling(mean, self._weights)
        found = ((mean - falling) ** 2 / self._variance).sum()
        chance = []
        for one in self._means - mean + falling:
            chance.append(((one - _falling(one, self._weights)) ** 2 / self._variance).sum())
        return float((np.array(chance) >= found).mean())

    def _is_blind(self, blind: float) -> bool:
        return float((self._means[:, -1] >= blind).mean()) > (1 - LEVEL) / 2

    def _fit_chance(self) -> float:
        from scipy.stats import chi2

        middle = self._means.mean(axis=0, keepdims=True)
        found = min(
            fit.misfit[0]
            for fit in (family.fit(self._x, middle, self._weights) for family in FAMILIES)
        )
        return float(chi2.sf(found, max(1, len(self._x) - 2)))


def _falling(errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the nearest errors (sizes,) that never rise."""
    from scipy.optimize import isotonic_regression

    return isotonic_regression(errors, weights=weights, increasing=False).x


def _normal(probabilities: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return ndtri(probabilities)
