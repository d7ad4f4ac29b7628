"""Pictures and videos that differ from the others of their column: dark, flat, blurred, odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from polymodal.core.advice import set_option
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look, Media
from polymodal.questions.inspection.robust import median, robust_scores

_FLAT = 10.0  # range of the grey values, 0 to 255, below which nothing can be seen
_DARK, _BRIGHT = 70.0, 185.0  # grey values that the lightest and the darkest 1 % reach
_LIGHT_SIGMAS = 3.5
_RELATIVE = 0.45  # of the usual value of the column
_BLURRED_SIGMAS, _BLURRED = 3.5, 0.5
_SAME_SIZE = 0.8  # share of one size from which others are odd
_SIZE_SIGMAS, _SIZE_FLOOR = 6.0, 0.25
_FEW = 0.15  # what more cells have is no exception
_ODD_SIGMAS = 9.0
_GREY, _HARDLY = 0.5, 4.0  # mean distance of the channels: none, and hardly any
_COLOURFUL = 10.0  # mean distance of the channels of photographs in colour
_STILL = 0.3  # mean difference between frames below which nothing moves
_NOTHING = "Such a picture tells the model nothing, or the wrong thing."
_LEAVE = "Look at each such row, and remove it or empty the cell, which is then read as missing."


def pictures(look: Look) -> Iterator[Finding]:
    """Finds pictures in which little can be seen, and those of another size or kind."""
    for column in look.of_kind("image", "video"):
        media = look.media(column)
        seen = np.zeros(len(media.facts), bool)
        for kind, found, said in (
            ("constant", _constant(media), "have one colour"),
            ("too dark", _dark(media), "are almost black"),
            ("too bright", _bright(media), "are almost white"),
            ("blurred", _blurred(media), "are blurred"),
            ("still", _still(media), "do not move"),
        ):
            found = found & media.readable & ~seen
            seen |= found
            if found.any() and found.mean() <= _FEW:
                yield look.finding(
                    kind,
                    column,
                    media.rows(np.flatnonzero(found)),
                    f"{{rows}} {said}.",
                    _NOTHING,
                    _LEAVE,
                )
        yield from _sizes(look, column, media)
        yield from _odd(look, column, media, seen)


def _constant(media: Media) -> np.ndarray:
    values = media.values("range")
    return (values < _FLAT) & (values < _RELATIVE * median(values))


def _dark(media: Media) -> np.ndarray:
    high = media.values("high")
    if media.modality == "video":
        high = media.values("brightest")
    unusual = robust_scores(np.log(high + 2), floor=0.2) < -_LIGHT_SIGMAS
    return unusual & (high < _DARK) & (high < _RELATIVE * median(high))


def _bright(media: Media) -> np.ndarray:
    low, flat = media.values("low"), 255 - media.values("low")
    unusual = robust_scores(np.log(flat + 2), floor=0.2) < -_LIGHT_SIGMAS
    return unusual & (low > _BRIGHT) & (flat < _RELATIVE * median(flat))


def _blurred(media: Media) -> np.ndarray:
    """Finds pictures without the finest edges, which others have whatever they show."""
    sharp = np.log(np.maximum(media.values("sharpness"), 1e-6))
    fine = np.log(media.values("fineness"))
    unusual = robust_scores(fine, floor=0.12) < -_BLURRED_SIGMAS
    return unusual & (fine < median(fine) - _BLURRED) & (sharp < median(sharp) - 2 * _BLURRED)


def _still(media: Media) -> np.ndarray:
    movement = media.values("movement")
    return (movement < _STILL) & (movement < 0.2 * median(movement))


def _sizes(look: Look, column: str, media: Media) -> Iterator[Finding]:
    height, width = media.values("height"), media.values("width")
    known = media.readable & np.isfinite(height)
    sizes = Counter(zip(height[known], width[known], strict=True))
    if not sizes:
        return
    (tall, wide), most = sizes.most_common(1)[0]
    if most >= _SAME_SIZE * known.sum():
        odd = known & ((height != tall) | (width != wide))
        usual, size = f"{wide:.0f} x {tall:.0f}", (tall, wide)
    else:
        area = robust_scores(np.log(np.maximum(height * width, 1)), _SIZE_FLOOR)
        shape = robust_scores(np.log(width / np.maximum(height, 1)), _SIZE_FLOOR)
        odd = known & ((np.abs(area) > _SIZE_SIGMAS) | (np.abs(shape) > _SIZE_SIGMAS))
        usual = f"about {median(width):.0f} x {median(height):.0f}"
        size = (median(height), median(width))
    if not odd.any() or odd.mean() > _FEW:
        return
    rows = media.rows(np.flatnonzero(odd))
    option = set_option("inputs", column, "size", value=f"[{size[0]:.0f},{size[1]:.0f}]")
    notes = {
        int(row): f"{width[media.slots[row]]:.0f} x {height[media.slots[row]]:.0f} pixels"
        for row in rows
    }
    yield look.finding(
        "odd size",
        column,
        rows,
        f"{{rows}} have another size than the usual {usual}.",
        "All pictures are brought to one size, so one of another size is stretched or coarse.",
        f"Look at each; {option} sets the size that all get.",
        notes=notes,
    )


def _odd(look: Look, column: str, media: Media, seen: np.ndarray) -> Iterator[Finding]:
    """Finds pictures unlike all others: negatives, noise, screenshots among photographs."""
    colour = media.values("colour")
    between = ((colour > _GREY) & (colour < _HARDLY)).sum()
    grey = media.readable & (colour <= _GREY)
    odd, why = np.zeros(len(colour), bool), {}
    if median(colour) > _COLOURFUL and 5 * between <= grey.sum() <= _FEW * len(colour):
        odd |= grey
        why |= dict.fromkeys(np.flatnonzero(odd), "has no colour")
    measures = {
        "brightness": media.values("mean"),
        "contrast": np.log(np.maximum(media.values("spread"), 1)),
        "detail": np.log(np.maximum(media.values("sharpness"), 1e-6)),
        "colour": np.log(np.maximum(colour, 1) + 8),
    }
    floors = {"brightness": 6.0, "contrast": 0.1, "detail": 0.2, "colour": 0.15}
    for name, values in measures.items():
        scores = robust_scores(values, floors[name])
        far = media.readable & (np.abs(scores) > _ODD_SIGMAS)
        if far.mean() <= _FEW:
            odd |= far
            why |= dict.fromkeys(np.flatnonzero(far), f"has an unusual {name}")
    odd &= ~seen
    if odd.any() and odd.mean() <= _FEW:
        rows = media.rows(np.flatnonzero(odd))
        yield look.finding(
            "outlier",
            column,
            rows,
            "{rows} look unlike all others.",
            "A model has hardly seen such pictures, and what it says of them is a guess.",
            _LEAVE,
            notes={int(row): why[media.slots[row]] for row in rows},
        )
