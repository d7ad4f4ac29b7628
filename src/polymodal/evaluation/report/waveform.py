"""A small picture of a sound."""

from __future__ import annotations

from markupsafe import Markup

__all__ = ["waveform"]


def waveform(peaks: list[float]) -> Markup:
    """Returns a small picture of a sound from its peaks in 0..1."""
    bars = "".join(
        f'<rect x="{4 * i}" y="{20 - max(0.6, 18 * peak):.1f}" width="2.4" '
        f'height="{2 * max(0.6, 18 * peak):.1f}" rx="1.2"/>'
        for i, peak in enumerate(peaks)
    )
    return Markup(
        f'<svg class="wave" viewBox="0 0 {4 * len(peaks)} 40" aria-hidden="true" '
        f'preserveAspectRatio="none">{bars}</svg>'
    )
