"""Charts as inline SVG: colours are CSS variables, text is set by the browser in its own fonts."""

from __future__ import annotations

import math
from collections.abc import Callable

from markupsafe import Markup, escape

from polymodal.evaluation.plots.chart import Chart, Columns, Lines, Points, ticks

__all__ = ["render", "waveform"]

WIDTH, HEIGHT = 460, 300
RIGHT, TOP, BOTTOM = 12, 14, 44
LETTER = 7  # width of a digit of a tick, about


def render(chart: Chart) -> Markup:
    """Returns the SVG of a chart of lines, points or columns."""
    return _RENDERERS[type(chart)](chart)


def waveform(peaks: list[float]) -> Markup:
    """Returns a small picture of a sound from its peaks in 0..1."""
    bars = "".join(
        f'<rect x="{4 * i}" y="{20 - max(0.6, 18 * peak):.1f}" width="2.4" '
        f'height="{2 * max(0.6, 18 * peak):.1f}" rx="1.2"/>' for i, peak in enumerate(peaks))
    return Markup(f'<svg class="wave" viewBox="0 0 {4 * len(peaks)} 40" aria-hidden="true" '
                  f'preserveAspectRatio="none">{bars}</svg>')


class _Frame:
    """Axes of a chart: turns data into positions, and draws grid, ticks and labels."""

    def __init__(self, chart: Chart, x_ticks: list[float], y_ticks: list[float], x_label: str,
                 y_label: str = "", percent_x: bool = False, percent_y: bool = False):
        self.chart, self.x_ticks, self.y_ticks = chart, x_ticks, y_ticks
        self.x_label, self.y_label = x_label, y_label
        self.percent_x, self.percent_y = percent_x, percent_y
        self.parts: list[str] = []
        longest = max(len(label(t, percent_y)) for t in y_ticks)
        self.left = 14 + LETTER * longest + 20 * bool(y_label)

    def x(self, value: float) -> float:
        low, high = self.x_ticks[0], self.x_ticks[-1]
        return self.left + (value - low) / (high - low) * (WIDTH - self.left - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def add(self, part: str) -> None:
        self.parts.append(part)

    def svg(self) -> Markup:
        title = escape(self.chart.title)
        return Markup(
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
            + self._axes() + "".join(self.parts) + "</svg>")

    def _axes(self) -> str:
        base, middle = HEIGHT - BOTTOM, (self.left + WIDTH - RIGHT) / 2
        parts = [f'<line class="grid" x1="{self.left}" x2="{WIDTH - RIGHT}" y1="{self.y(t):.1f}" '
                 f'y2="{self.y(t):.1f}"/><text x="{self.left - 8}" y="{self.y(t) + 4:.1f}" '
                 f'text-anchor="end">{label(t, self.percent_y)}</text>' for t in self.y_ticks]
        parts += [f'<text x="{self.x(t):.1f}" y="{base + 18}" text-anchor="middle">'
                  f"{label(t, self.percent_x)}</text>" for t in self.x_ticks]
        parts.append(f'<line class="axis" x1="{self.left}" x2="{WIDTH - RIGHT}" y1="{base}" '
                     f'y2="{base}"/>')
        parts.append(f'<text class="name" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">'
                     f"{escape(self.x_label)}</text>")
        if self.y_label:
            parts.append(f'<text class="name" transform="translate(13 {(TOP + base) / 2}) '
                         f'rotate(-90)" text-anchor="middle">{escape(self.y_label)}</text>')
        return "".join(parts)


def label(value: float, percent: bool = False) -> str:
    """Returns a tick as text: 25 %, 0.5, 1,000, −2."""
    if percent:
        text = f"{100 * value:.4g}\u202f%"
    elif abs(value) >= 10_000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.4g}"
    return text.replace("-", "\u2212")


def _lines(chart: Lines) -> Markup:
    finite = [y for line in chart.series for y in line.y if math.isfinite(y)] or [0.0, 1.0]
    every_x = [x for line in chart.series for x in line.x]
    y_ticks = ticks(min(finite), max(finite)) if not chart.percent else _share_ticks(min(finite))
    x_ticks = ticks(min(every_x), max(every_x), 6, whole=True)
    x_ticks = [min(every_x), *x_ticks[1:]] if x_ticks[0] < min(every_x) else x_ticks
    frame = _Frame(chart, x_ticks, y_ticks, chart.x_label, percent_y=chart.percent)
    if chart.mark is not None:
        frame.add(f'<line class="mark" x1="{frame.x(chart.mark):.1f}" '
                  f'x2="{frame.x(chart.mark):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        side = "end" if frame.x(chart.mark) > WIDTH / 2 else "start"
        shift = -5 if side == "end" else 5
        frame.add(f'<text x="{frame.x(chart.mark) + shift:.1f}" y="{TOP - 4}" '
                  f'text-anchor="{side}">{escape(chart.mark_label)}</text>')
    for number, line in enumerate(chart.series):
        frame.add(_path(frame, line.x, line.y,
                        f"line c{_colour(chart, number)}" + " dashed" * line.dashed))
    return frame.svg()


def _colour(chart: Lines, number: int) -> int:
    """Train is drawn grey-blue and dashed, validation in the main colour, wherever they stand."""
    return 2 if chart.series[number].dashed else 1 + 2 * number * (len(chart.series) > 2)


def _share_ticks(low: float) -> list[float]:
    start = 0.0 if low < 0.5 else 0.5 if low < 0.8 else 0.8 if low < 0.9 else 0.9
    return ticks(start, 1.0)


def _path(frame: _Frame, xs: list[float], ys: list[float], css: str) -> str:
    steps, fresh, dots = [], True, ""
    for x, y in zip(xs, ys, strict=True):
        if not math.isfinite(y):
            fresh = True
            continue
        steps.append(f"{'M' if fresh else 'L'}{frame.x(x):.1f} {frame.y(y):.1f}")
        fresh = False
        if len(xs) <= 12:
            dots += f'<circle class="{css}" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.5"/>'
    return f'<path class="{css}" d="{" ".join(steps)}"/>{dots}'


def _points(chart: Points) -> Markup:
    low = min(chart.x.min(), chart.y.min()) if chart.diagonal else chart.x.min()
    high = max(chart.x.max(), chart.y.max()) if chart.diagonal else chart.x.max()
    x_ticks = ticks(float(low), float(high))
    y_ticks = x_ticks if chart.diagonal else ticks(float(chart.y.min()), float(chart.y.max()))
    frame = _Frame(chart, x_ticks, y_ticks, chart.x_label, chart.y_label)
    if chart.diagonal:
        frame.add(_diagonal(frame))
    frame.add('<g class="points">' + "".join(
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.6"/>'
        for x, y in zip(chart.x, chart.y, strict=True)) + "</g>")
    return frame.svg()


def _diagonal(frame: _Frame) -> str:
    low, high = frame.x_ticks[0], frame.x_ticks[-1]
    return (f'<line class="diagonal" x1="{frame.x(low):.1f}" y1="{frame.y(low):.1f}" '
            f'x2="{frame.x(high):.1f}" y2="{frame.y(high):.1f}"/>')


def _columns(chart: Columns) -> Markup:
    x_ticks = ticks(0, 1) if chart.diagonal else ticks(chart.edges[0][0], chart.edges[-1][1])
    y_ticks = ticks(0, 1) if chart.percent else ticks(0, max(chart.heights), whole=True)
    frame = _Frame(chart, x_ticks, y_ticks, chart.x_label, chart.y_label, chart.diagonal,
                   chart.percent)
    most = max(chart.counts)
    for (low, high), height, count in zip(chart.edges, chart.heights, chart.counts, strict=True):
        faint = 0.25 + 0.75 * (count / most) ** 0.5 if chart.percent else 1
        frame.add(f'<rect class="column" x="{frame.x(low) + 1:.1f}" y="{frame.y(height):.1f}" '
                  f'width="{max(1, frame.x(high) - frame.x(low) - 2):.1f}" '
                  f'height="{frame.y(0) - frame.y(height):.1f}" opacity="{faint:.2f}">'
                  f"<title>{label(height, chart.percent)}, {count:,} {chart.unit}</title></rect>")
    if chart.diagonal:
        frame.add(_diagonal(frame))
    elif x_ticks[0] < 0 < x_ticks[-1]:
        frame.add(f'<line class="mark" x1="{frame.x(0):.1f}" x2="{frame.x(0):.1f}" y1="{TOP}" '
                  f'y2="{HEIGHT - BOTTOM}"/>')
    return frame.svg()


_RENDERERS: dict[type, Callable] = {Lines: _lines, Points: _points, Columns: _columns}
