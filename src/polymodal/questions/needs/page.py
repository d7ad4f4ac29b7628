"""The learning curve as a picture, and as a page with the answer."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import check_name, check_writable, write_atomic
from polymodal.evaluation.plots.style import BLUE, GREY, ORANGE, house_style
from polymodal.evaluation.words import PERCENT, readable
from polymodal.media.address import data_uri
from polymodal.questions.needs.answer import TIMES, Needs
from polymodal.questions.needs.extrapolate import LEVEL

__all__ = ["check_page", "write_page"]

_ENDINGS = (".html", ".png")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
img{max-width:100%}</style></head><body>
<h1>{{ title }}</h1>
<img alt="Learning curve" src="{{ picture }}">
{% for sentence in sentences %}<p>{{ sentence }}</p>
{% endfor %}</body></html>
"""


def check_page(path: Path) -> None:
    """Checks that a page can be written.

    Raises:
        RecipeError: its name ends in neither .html nor .png.
        PolymodalError: it cannot be written.
    """
    check_writable(check_name("--out", path, list(_ENDINGS)))


def write_page(found: Needs, path: Path) -> None:
    """Writes the curve as a PNG, or a page with curve and answer."""
    picture = _picture(found)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.lower().endswith(".png"):
        write_atomic(path, picture)
        return
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(_PAGE)
    write_atomic(
        path,
        page.render(
            title=f"How much data: {readable(found.metric)} over rows",
            picture=data_uri("image/png", picture),
            sentences=found.sentences(),
        ),
    )


def _picture(found: Needs) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with house_style("needs"):
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _draw(axes, found)
        buffer = io.BytesIO()
        figure.savefig(
            buffer, format="png", dpi=140, facecolor="white", metadata={"Software": None}
        )
    return buffer.getvalue()


def _draw(axes: Any, found: Needs) -> None:
    share = found.num_rows / found.curve.sizes[-1]  # of a table to what is trained on
    for errors in found.curve.errors:
        axes.plot(found.curve.sizes * share, found.score(errors), "o", color=GREY, markersize=2.5)
    axes.plot(
        found.curve.sizes * share, found.score(found.curve.mean), "o", color=BLUE, label="measured"
    )
    if not found.no_answer:
        times = np.geomspace(found.curve.sizes[0] / found.curve.sizes[-1], max(TIMES), 40)
        expected, bounds = zip(*map(found.at, times), strict=True)
        axes.plot(times * found.num_rows, expected, color=ORANGE, label="expected")
        axes.fill_between(
            times * found.num_rows,
            *np.array(bounds).T,
            color=ORANGE,
            alpha=0.2,
            linewidth=0,
            label=f"{100 * LEVEL:.0f} % interval",
        )
    if found.goal is not None:
        axes.axhline(found.goal, color=GREY, linestyle=":", label="goal")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda rows, _: f"{rows:,.0f}")
    axes.set_xlabel("rows of the table")
    if found.metric in PERCENT:
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_ylabel(readable(found.metric))
    axes.legend(loc="best")
