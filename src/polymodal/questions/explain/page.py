"""An explanation as a page: shares, and each row with what mattered marked in it."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import check_name, check_writable, write_atomic
from polymodal.questions.explain.explanation import Explanation, RowExplanation
from polymodal.questions.explain.sentences import row_sentences, table_sentences

__all__ = ["check_page", "write_page"]

_MOST_SHOWN = 24  # columns or steps
_SIDE = 280  # pixels of a picture
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem}
img{image-rendering:pixelated;margin:.3rem .6rem .3rem 0}section{border-top:1px solid #ccc}
.bar{display:inline-block;height:.8rem;background:#e07b39;vertical-align:middle}
.bar.less{background:#4c78a8}td{padding:0 .6rem 0 0}mark{background:none;border-radius:3px}
small{color:#666}</style></head><body>
<h1>{{ title }}</h1>
{% for line in head %}<p>{{ line }}</p>
{% endfor %}<p><small>Orange raises what the model says, blue lowers it.</small></p>
{% for row in rows %}<section><h2>{{ row.title }}</h2>
{% for line in row.lines %}<p>{{ line }}</p>
{% endfor %}{% for part in row.parts %}<h3>{{ part.name }}</h3>
{% if part.words %}<p>{% for word, colour in part.words %}<mark style="background:{{ colour }}">\
{{ word }}</mark> {% endfor %}</p>{% endif %}
{% if part.picture %}<img alt="What the model saw of {{ part.name }}" width="{{ side }}" \
src="data:image/png;base64,{{ part.picture }}">{% endif %}
{% if part.map %}<img alt="What mattered in {{ part.name }}" width="{{ side }}" \
src="data:image/png;base64,{{ part.map }}">{% endif %}
{% if part.bars %}<table>{% for name, value, width in part.bars %}<tr><td>{{ name }}</td><td>\
{{ "%+.3f"|format(value) }}</td><td><span class="bar{{ " less" if value < 0 }}" \
style="width:{{ width }}rem"></span></td></tr>{% endfor %}</table>{% endif %}
{% endfor %}</section>
{% endfor %}</body></html>
"""


def check_page(path: Path) -> None:
    """Checks that a page can be written.

    Raises:
        RecipeError: its name does not end in .html.
        PolymodalError: it cannot be written.
    """
    check_writable(check_name("--out", path, [".html"]))


def write_page(found: Explanation, path: Path) -> None:
    """Writes a page that opens offline, with no script in it."""
    from jinja2 import Environment

    path.parent.mkdir(parents=True, exist_ok=True)
    page = Environment(autoescape=True).from_string(_PAGE)
    write_atomic(
        path,
        page.render(
            title=f"Why the model answers as it does: {found.table}",
            side=_SIDE,
            head=[line.strip() for line in table_sentences(found)],
            rows=list(map(_row, found.rows)),
        ),
    )


def _row(row: RowExplanation) -> dict[str, Any]:
    lines = list(row_sentences(row))
    return {
        "title": lines[0].strip(),
        "lines": [line.strip() for line in lines[1:]],
        "parts": [_part(name, parts, row.decoded.get(name)) for name, parts in row.parts.items()],
    }


def _part(name: str, parts: dict[str, Any], decoded: Any) -> dict[str, Any]:
    """Returns what the template needs of one input."""
    values = np.asarray(parts["values"], float)
    shown: dict[str, Any] = {
        "name": name,
        "words": None,
        "picture": None,
        "map": None,
        "bars": None,
    }
    if parts["kind"] == "words":
        shown["words"] = list(zip(parts["names"], map(_colour, _scaled(values)), strict=True))
    elif parts["shape"] is not None:
        grid = _scaled(values).reshape(parts["shape"])
        if parts["kind"] == "spans":
            grid = grid.T[::-1]  # time to the right, high frequencies above
        elif isinstance(decoded, np.ndarray) and decoded.ndim == 3:
            shown["picture"] = _png(np.asarray(decoded, np.uint8))
        shown["map"] = _png(_heat(grid))
    else:
        order = np.argsort(-np.abs(values), kind="stable")[:_MOST_SHOWN]
        widths = np.abs(_scaled(values))
        shown["bars"] = [
            (parts["names"][i], float(values[i]), round(12 * float(widths[i]), 2)) for i in order
        ]
    return shown


def _scaled(values: np.ndarray) -> np.ndarray:
    """Returns values from -1 to 1, the largest being 1 or -1."""
    return values / max(float(np.abs(values).max(initial=0)), 1e-9)


def _colour(value: float) -> str:
    strength = round(abs(value) * 0.75, 3)
    if value >= 0:
        return f"rgba(224,123,57,{strength})"
    return f"rgba(76,120,168,{strength})"


def _heat(grid: np.ndarray) -> np.ndarray:
    """Returns uint8 (rows, columns, 3): orange where parts raise the answer, blue where they lower
    it, white where they do nothing."""
    warm, cold = np.array([224, 123, 57]), np.array([76, 120, 168])
    colour = np.where(grid[..., None] >= 0, warm, cold)
    strength = np.abs(grid)[..., None]
    return (255 * (1 - strength) + colour * strength).astype(np.uint8)


def _png(array: np.ndarray) -> str:
    from PIL import Image

    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    picture, buffer = Image.fromarray(array), io.BytesIO()
    scale = max(1, _SIDE // max(picture.size))
    picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST).save(
        buffer, "PNG"
    )
    return b64encode(buffer.getvalue()).decode()
