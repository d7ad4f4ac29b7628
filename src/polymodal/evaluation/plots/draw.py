"""Draws charts on axes of matplotlib: one function for each kind of chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from polymodal.evaluation.plots.chart import Bar, Bars, Chart, Columns, Lines, Matrix, Points
from polymodal.evaluation.plots.style import BLUE, GREY, INK, ORANGE, SKY, TRACK
from polymodal.evaluation.words import PERCENT, SPACE, interval_text, readable, value_text

__all__ = ["draw", "size"]

_LONGEST = 36  # characters of a name
_LINES = (BLUE, ORANGE, GREY)


def size(chart: Chart) -> tuple[float, float]:
    """Returns width and height in inches."""
    if isinstance(chart, Matrix):
        side = 1.5 + 0.36 * max(4, len(chart.labels))
        return side + 0.5, side
    if isinstance(chart, Bars):
        return 8.4, 0.75 + 0.46 * len(chart.bars)
    return 4.7, 3.1


def draw(axes: Any, chart: Chart) -> None:
    """Draws a chart."""
    _DRAWERS[type(chart)](axes, chart)


def _lines(axes: Any, chart: Lines) -> None:
    solid = 0
    for line in chart.series:
        few = len(line.x) <= 12
        style: dict[str, Any] = {"marker": "o", "markersize": 3.5} if few else {}
        if line.dashed:  # train, wherever it stands
            style |= {"color": SKY, "linestyle": (0, (4, 2.5)), "linewidth": 1.7}
        else:
            style |= {"color": _LINES[solid % len(_LINES)], "linewidth": 2.1}
            solid += 1
        axes.plot(line.x, line.y, label=line.name, **style)
    axes.margins(x=0.03)
    if chart.between and len(chart.series) == 2:
        _shade(axes, chart)
    if chart.percent:
        _share_axis(axes, chart)
    if chart.mark is not None:
        axes.axvline(chart.mark, color=GREY, linestyle=":", linewidth=1.2, label=chart.mark_label)
    axes.set_xlabel(chart.x_label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(chart.series) > 1 or chart.mark is not None:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderaxespad=0.2)


def _shade(axes: Any, chart: Lines) -> None:
    """Shades what is between two lines, on an axis that starts at 0, so that its size is honest."""
    first, second = chart.series
    if first.x == second.x:
        axes.fill_between(first.x, first.y, second.y, color=SKY, alpha=0.16, linewidth=0)
    finite = [y for line in chart.series for y in line.y if np.isfinite(y)]
    if finite and min(finite) >= 0:
        axes.set_ylim(bottom=0)


def _share_axis(axes: Any, chart: Lines) -> None:
    """Lets the axis of shares end at 1, and start where the lowest value still shows."""
    finite = [y for line in chart.series for y in line.y if np.isfinite(y)] or [0.0]
    start = next(low for low in (0.9, 0.8, 0.5, 0.0, -np.inf) if min(finite) >= low)
    if np.isfinite(start):
        axes.set_ylim(start, 1 + 0.02 * (1 - start))
    axes.yaxis.set_major_formatter(_percent)


def _points(axes: Any, chart: Points) -> None:
    if chart.diagonal:
        ends = [min(chart.x.min(), chart.y.min()), max(chart.x.max(), chart.y.max())]
        _diagonal(axes, ends)
    axes.scatter(chart.x, chart.y, s=12, color=BLUE, alpha=0.45, linewidths=0)
    axes.grid(True, axis="both")
    axes.set_xlabel(_short(chart.x_label, 50))
    axes.set_ylabel(_short(chart.y_label, 34))


def _columns(axes: Any, chart: Columns) -> None:
    left = np.array([edge[0] for edge in chart.edges])
    width = np.array([edge[1] for edge in chart.edges]) - left
    bars = axes.bar(left + 0.03 * width, chart.heights, 0.94 * width, align="edge", color=BLUE)
    if chart.percent:  # pale where few rows are behind a column
        shares = np.sqrt(np.array(chart.counts) / max(chart.counts))
        for bar, share in zip(bars, shares, strict=True):
            bar.set_alpha(0.25 + 0.75 * share)
        axes.yaxis.set_major_formatter(_percent)
    if chart.diagonal:
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(_percent)
        _diagonal(axes, [0.0, 1.0])
    elif chart.edges[0][0] < 0 < chart.edges[-1][1]:
        axes.axvline(0, color=INK, linestyle=":", linewidth=1.2)
    axes.set_xlabel(_short(chart.x_label, 50))
    axes.set_ylabel(chart.y_label)


def _diagonal(axes: Any, ends: list[float]) -> None:
    axes.plot(ends, ends, linestyle=(0, (4, 3)), color=INK, linewidth=1.1)


def _bars(axes: Any, chart: Bars) -> None:
    low, high = chart.limits(chart.metric in PERCENT)
    places = np.arange(len(chart.bars))
    axes.barh(places, high - low, 0.44, left=low, color=TRACK)
    axes.barh(
        places,
        [bar.value for bar in chart.bars],
        0.44,
        color=[BLUE if bar.strong else SKY for bar in chart.bars],
    )
    for place, bar in enumerate(chart.bars):
        if bar.low is not None and bar.high is not None:
            axes.errorbar(
                (bar.low + bar.high) / 2,
                place,
                xerr=(bar.high - bar.low) / 2,
                color=INK,
                capsize=3,
                linewidth=1.2,
            )
        _label_bar(axes, chart.metric, bar, place)
    axes.set(xlim=(low, high), ylim=(len(places) - 0.45, -0.55), yticks=[], xlabel="")
    axes.spines["bottom"].set_visible(False)
    axes.grid(False)
    axes.tick_params(axis="x", length=0)
    if low < 0:
        axes.axvline(0, color=GREY, linewidth=0.8)
    if chart.metric in PERCENT:
        axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel(readable(chart.metric), color=GREY)


def _label_bar(axes: Any, metric: str, bar: Bar, place: int) -> None:
    """Writes the name left of a bar, and its value with the interval right of it."""
    weight = "normal"
    if bar.strong:
        weight = "bold"
    beside = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
    left = {"xy": (0, place), "xycoords": axes.get_yaxis_transform(), "ha": "right", **beside}
    right = {"xy": (1, place), "xycoords": axes.get_yaxis_transform(), "ha": "left", **beside}
    axes.annotate(_short(bar.name), xytext=(-10, 5.5), weight=weight, **left)
    axes.annotate(bar.note, xytext=(-10, -6.5), size=8, color=GREY, **left)
    height = 0.0
    if bar.low is not None and bar.high is not None:
        axes.annotate(
            interval_text(metric, [bar.low, bar.high]),
            xytext=(10, -6.5),
            size=8,
            color=GREY,
            **right,
        )
        height = 5.5
    axes.annotate(value_text(metric, bar.value), xytext=(10, height), weight=weight, **right)


def _matrix(axes: Any, chart: Matrix) -> None:
    from matplotlib.patches import Rectangle

    shares, count = chart.shares(), len(chart.labels)
    for truth, guess in np.ndindex(count, count):
        colour, dark = _cell_colour(float(shares[truth, guess]), truth == guess)
        axes.add_patch(
            Rectangle((guess - 0.47, truth - 0.47), 0.94, 0.94, color=colour, linewidth=0)
        )
        if chart.counts[truth, guess]:
            axes.text(
                guess,
                truth,
                f"{chart.counts[truth, guess]}",
                ha="center",
                va="center",
                color="white" if dark else INK,
                fontsize=8.5 if count < 15 else 7,
            )
    names = [_short(label, 20) for label in chart.labels]
    turn = {}
    if max(map(len, names)) > 3 or count > 14:
        turn = {"rotation": 90}
    axes.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), aspect="equal")
    axes.set_xticks(range(count), names, color=INK, **turn)
    axes.set_yticks(range(count), names, color=INK)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel("predicted", color=GREY)
    axes.set_ylabel("actual", color=GREY)


def _cell_colour(share: float, is_right: bool) -> tuple[tuple[float, ...], bool]:
    """Returns the colour of a cell, blue where it is right, and whether its text is white."""
    from matplotlib.colors import to_rgb

    if not share:
        return to_rgb(TRACK), False
    strength = 0.14 + 0.86 * share
    full = np.array(to_rgb(BLUE if is_right else ORANGE))
    return tuple(1 - strength * (1 - full)), strength > 0.55


def _short(text: str, longest: int = _LONGEST) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - 1] + "…"


def _percent(value: float, _: int) -> str:
    return f"{100 * value:.4g}{SPACE}%"


_DRAWERS: dict[type, Callable] = {
    Lines: _lines,
    Points: _points,
    Matrix: _matrix,
    Columns: _columns,
    Bars: _bars,
}
