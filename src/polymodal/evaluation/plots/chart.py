"""The charts a report can hold, as plain data that knows nothing about drawing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Bar", "Bars", "Chart", "Columns", "Lines", "Matrix", "Points", "Series"]


@dataclass(frozen=True)
class Chart:
    """What every chart has.

    Args:
        key: str, file name of the PNG without ending.
        title: str, what is shown.
        caption: str, how to read it, in a sentence.
    """

    key: str
    title: str
    caption: str


@dataclass(frozen=True)
class Series:
    """One line: values over x; nan breaks the line."""

    name: str
    x: list[float]
    y: list[float]
    dashed: bool = False


@dataclass(frozen=True)
class Lines(Chart):
    """Lines over a common axis; `mark` is an x worth a vertical rule. With `between`, the area
    between the two lines is shaded, and the axis starts at 0 where no value is below."""

    x_label: str
    series: list[Series]
    percent: bool = False
    mark: float | None = None
    mark_label: str = ""
    between: bool = False


@dataclass(frozen=True)
class Points(Chart):
    """A cloud of points; `diagonal` draws y = x, where perfect predictions lie."""

    x_label: str
    y_label: str
    x: np.ndarray
    y: np.ndarray
    diagonal: bool = False


@dataclass(frozen=True)
class Columns(Chart):
    """Columns between edges: a histogram, or shares with the diagonal y = x to compare with.

    `unit` names what is counted.
    """

    x_label: str
    y_label: str
    edges: list[tuple[float, float]]
    heights: list[float]
    counts: list[int]
    percent: bool = False
    diagonal: bool = False
    unit: str = "rows"


@dataclass(frozen=True)
class Bar:
    """One named value with its interval; `strong` marks the one the others are measured by."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Bars(Chart):
    """Named values of one metric."""

    metric: str
    bars: list[Bar] = field(default_factory=list)

    def limits(self, percent: bool) -> tuple[float, float]:
        """Returns the ends of the axis; it always holds 0, and 1 for shares."""
        found = [x for bar in self.bars for x in (bar.value, bar.low, bar.high) if x is not None]
        low, high = min([0.0, *found]), max([0.0, *found])
        return low, 1.0 if percent and high <= 1 else high or 1.0


@dataclass(frozen=True)
class Matrix(Chart):
    """Counts (truth, predicted) between labels."""

    labels: list[str]
    counts: np.ndarray

    def shares(self) -> np.ndarray:
        """Returns counts divided by the number of rows of that truth."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
