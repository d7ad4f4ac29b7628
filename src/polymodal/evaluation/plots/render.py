"""From a chart to its picture: the same figure as SVG for the page and as PNG next to it."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from polymodal.evaluation.plots.chart import Bars, Chart, Matrix
from polymodal.evaluation.plots.draw import draw, size
from polymodal.evaluation.plots.style import house_style, readable_text

__all__ = ["Picture", "render"]

_DPI = 140


class Picture(NamedTuple):
    """A chart as it is shown.

    Args:
        svg: Markup, one element to put into a page; its text stays text.
        png: bytes of a file, with the title of the chart.
    """

    svg: Markup
    png: bytes


def render(chart: Chart) -> Picture:
    """Returns the picture of a chart. The same chart gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with house_style(chart.key), warnings.catch_warnings():
        # Text without a font here is replaced in the PNG, and left to the browser in the page.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure = Figure(figsize=size(chart), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes, chart)
        svg = _svg(figure, chart)
        _make_readable(figure, chart)
        axes.set_title(readable_text(chart.title))
        return Picture(svg, _saved(figure, "png", dpi=_DPI, metadata={"Software": None}))


def _saved(figure: Any, form: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format=form, facecolor="white", bbox_inches="tight", pad_inches=0.1, **settings
    )
    return buffer.getvalue()


def _svg(figure: Any, chart: Chart) -> Markup:
    """Returns the figure as one element, without what only files need, and without clipping."""
    for artist in figure.findobj():
        artist.set_clip_on(False)
    text = _saved(
        figure,
        "svg",
        transparent=True,
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )
    found = text.decode()
    view = re.search(r'viewBox="([^"]*)"', found)
    inside = found[found.index(">", found.index("<svg")) + 1 :]
    inside = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|<defs>\s*</defs>|<!--.*?-->",
        "",
        inside,
        flags=re.DOTALL,
    )
    used = set(re.findall(r'href="#([^"]*)"', inside))
    inside = re.sub(r' id="([^"]*)"', lambda match: match[0] * (match[1] in used), inside)
    head = f'<svg class="chart" role="img" aria-label="{escape(chart.title)}" '
    return Markup(f'{head}viewBox="{view[1] if view else ""}">{inside.strip()}')


def _make_readable(figure: Any, chart: Chart) -> None:
    """Substitutes text that no font of this machine has."""
    from matplotlib.text import Text

    names = _substitutes(chart)
    for text in figure.findobj(Text):
        own = text.get_text()
        plain = readable_text(own, names.get(own))
        if plain != own:
            text.set_text(plain)


def _substitutes(chart: Chart) -> dict[str, str]:
    if isinstance(chart, Bars):
        return {bar.name: f"part {i + 1}" for i, bar in enumerate(chart.bars)}
    if isinstance(chart, Matrix):
        return {label: f"class {i + 1}" for i, label in enumerate(chart.labels)}
    return {}
