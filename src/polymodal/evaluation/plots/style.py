"""How every chart looks: colours, lines and fonts, whatever the caller has set for figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["BLUE", "GREY", "INK", "LIGHT", "ORANGE", "SKY", "TRACK", "house_style", "readable_text"]

# Okabe and Ito's colours: told apart with every common form of colour blindness.
BLUE, ORANGE, SKY = "#0072B2", "#D55E00", "#56B4E9"
INK, GREY, LIGHT, TRACK = "#23272e", "#6b737d", "#e3e6ea", "#f1f3f5"
_FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Arial Unicode MS",
    "Microsoft YaHei",
    "SimHei",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Sans Hebrew",
    "Noto Sans Thai",
)


@contextmanager
def house_style(salt: str) -> Iterator[None]:
    """Draws what is inside in the style of reports; settings of the caller's figures stay.

    Args:
        salt: str, from which the SVG makes its identifiers, so that equal charts are equal bytes.
    """
    import matplotlib.style

    with matplotlib.style.context(["default", {**_settings(), "svg.hashsalt": salt}]):
        yield


def _settings() -> dict[str, Any]:
    return {
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.family": _fonts(),
        "font.size": 9.5,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "axes.edgecolor": GREY,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": LIGHT,
        "grid.linewidth": 0.8,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 10,
        "xtick.major.size": 3,
        "ytick.major.size": 0,
        "ytick.major.pad": 6,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "legend.fontsize": 9,
    }


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
    text = "".join(" " if ord(c) < 32 and c != "\n" else c for c in text)
    if all(ord(c) in _glyphs() for c in text if c != "\n"):
        return text
    if otherwise is not None:
        return otherwise
    return "".join(c if c == "\n" or ord(c) in _glyphs() else "?" for c in text)
