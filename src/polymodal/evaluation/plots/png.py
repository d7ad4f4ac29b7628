"""Charts as PNG files, drawn by matplotlib without a screen."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import write_atomic
from polymodal.evaluation.plots.chart import Bars, Chart, Columns, Lines, Matrix, Points
from polymodal.evaluation.words import PERCENT, readable

__all__ = ["write_png"]

# Okabe and Ito's colours: told apart with every common form of colour blindness.
BLUE, ORANGE, SKY, GREY = "#0072B2", "#D55E00", "#56B4E9", "#8a8f98"
_FALLBACKS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Micro Hei",
              "WenQuanYi Zen Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans GB",
              "Heiti SC", "Arial Unicode MS", "Microsoft YaHei", "SimHei", "Noto Sans Arabic",
              "Noto Sans Devanagari", "Noto Sans Hebrew", "Noto Sans Thai")


def write_png(folder: str | Path, chart: Chart) -> Path:
    """Draws a chart into `<folder>/<key>.png` and returns that path."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: Any = {"font.family": _fonts(), "axes.spines.top": False, "axes.spines.right": False,
             "axes.grid": not isinstance(chart, Matrix), "grid.color": "#e6e8eb",
             "axes.axisbelow": True, "axes.edgecolor": GREY, "font.size": 10,
             "text.parse_math": False}
    buffer = io.BytesIO()
    with matplotlib.rc_context(style):  # settings of the caller's own figures stay as they were
        figure = Figure(figsize=_size(chart), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_title(readable_text(chart.title), loc="left", fontsize=11)
        _DRAWERS[type(chart)](axes, chart)
        figure.savefig(buffer, dpi=140, format="png", bbox_inches="tight",
                       pad_inches=0.12)
    path = Path(folder) / f"{chart.key}.png"
    write_atomic(path, buffer.getvalue())
    return path


@cache
def _fonts() -> list[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _FALLBACKS if name in installed)]


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    found: set[int] = set()
    for name in _fonts():
        found |= set(FT2Font(font_manager.findfont(name)).get_charmap())
    return frozenset(found)


def readable_text(text: str, otherwise: str | None = None) -> str:
    """Returns `text`, or a substitute when no installed font has its characters (no boxes)."""
    text = "".join(" " if ord(c) < 32 else c for c in text)
    if all(ord(c) in _glyphs() for c in text):
        return text
    if otherwise is not None:
        return otherwise
    return "".join(c if ord(c) in _glyphs() else "?" for c in text)


def _size(chart: Chart) -> tuple[float, float]:
    if isinstance(chart, Matrix):
        side = 3.2 + 0.32 * len(chart.labels)
        return side + 0.6, side
    if isinstance(chart, Bars):
        return 6.4, 1.2 + 0.42 * len(chart.bars)
    return 6.0, 4.0


def _short(text: str, otherwise: str) -> str:
    text = readable_text(text, otherwise)
    return text if len(text) <= 24 else text[:23] + "…"


def _percent(value: float, _: int) -> str:
    return f"{100 * value:.4g} %"


def _draw_lines(axes, chart: Lines) -> None:
    for number, line in enumerate(chart.series):
        colour = SKY if line.dashed else (BLUE, ORANGE, GREY)[number // 2 % 3]
        axes.plot(line.x, line.y, "--" if line.dashed else "-", color=colour, linewidth=2,
                  label=readable_text(line.name), marker="o" if len(line.x) < 3 else None)
    if chart.mark is not None:
        axes.axvline(chart.mark, color=GREY, linestyle=":", label=chart.mark_label)
    axes.set_xlabel(chart.x_label)
    if chart.percent:
        axes.yaxis.set_major_formatter(_percent)
    if len(chart.series) > 1 or chart.mark is not None:
        axes.legend(frameon=False)


def _draw_points(axes, chart: Points) -> None:
    axes.scatter(chart.x, chart.y, s=10, color=BLUE, alpha=0.5, linewidths=0)
    if chart.diagonal:
        ends = [min(chart.x.min(), chart.y.min()), max(chart.x.max(), chart.y.max())]
        axes.plot(ends, ends, ":", color=GREY)
    axes.set_xlabel(readable_text(chart.x_label))
    axes.set_ylabel(readable_text(chart.y_label))


def _draw_columns(axes, chart: Columns) -> None:
    left = np.array([edge[0] for edge in chart.edges])
    width = np.array([edge[1] for edge in chart.edges]) - left
    faint = np.sqrt(np.array(chart.counts) / max(chart.counts)) * 0.75 + 0.25
    for place, wide, height, alpha in zip(left, width, chart.heights, faint, strict=True):
        axes.bar(place, height, wide * 0.94, align="edge", color=BLUE,
                 alpha=alpha if chart.percent else 1)
    if chart.diagonal:
        axes.plot([0, 1], [0, 1], ":", color=GREY)
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(chart.y_label)


def _draw_bars(axes, chart: Bars) -> None:
    names = [_short(bar.name, f"part {i + 1}") for i, bar in enumerate(chart.bars)]
    places = np.arange(len(names))
    values = np.array([bar.value for bar in chart.bars])
    ends = [(bar.value if bar.low is None else bar.low, bar.value if bar.high is None else bar.high)
            for bar in chart.bars]
    spread = np.abs(np.array(ends).reshape(-1, 2).T - values)
    axes.barh(places, values, 0.62, xerr=spread, capsize=3, ecolor="#30343b",
              color=[BLUE if bar.strong else SKY for bar in chart.bars])
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlim(*chart.limits(chart.metric in PERCENT))
    axes.set_xlabel(readable(chart.metric))
    if chart.metric in PERCENT:
        axes.xaxis.set_major_formatter(_percent)


def _draw_matrix(axes, chart: Matrix) -> None:
    shares, size = chart.shares(), len(chart.labels)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [_short(label, f"class {i + 1}") for i, label in enumerate(chart.labels)]
    axes.set_xticks(np.arange(size), names, rotation=45 if size < 12 else 90, ha="right")
    axes.set_yticks(np.arange(size), names)
    for truth, guess in np.argwhere(chart.counts > 0):
        dark = shares[truth, guess] > 0.5
        axes.text(guess, truth, f"{chart.counts[truth, guess]}", ha="center", va="center",
                  color="white" if dark else "#30343b", fontsize=9 if size < 15 else 7)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.figure.colorbar(image, ax=axes, shrink=0.7, label="share of the true class")


_DRAWERS: dict[type, Callable] = {Lines: _draw_lines, Points: _draw_points, Matrix: _draw_matrix,
                                  Columns: _draw_columns, Bars: _draw_bars}
