"""Wrong pairs of images and texts, by an imported pair such as CLIP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say, track
from polymodal.questions.inspection.deep.pairs import FEWEST, better, odd_pairs, stands_apart
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.finding import Finding
from polymodal.questions.inspection.look import Look

__all__ = ["check_pretrained", "compared", "ranks_by"]

_AT_ONCE = 32  # cells that are encoded together
_TWICE = 2.0  # `better` compares twice the logarithm of likelihoods


def check_pretrained(look: Look, given: Mapping[str, str]) -> None:
    """Raises RecipeError where a pair is given for a column without images."""
    for column in given:
        if column not in look.table.column_names:
            raise RecipeError(f"--pretrained: {unknown('column', column, look.table.column_names)}")
        if look.kind(column) != "image":
            raise RecipeError(
                f"--pretrained needs a column of images, such as photo=models/clip. "
                f'Got "{column}", which holds {look.kind(column) or "none"}. Name '
                "the column whose images are compared with texts."
            )


def compared(sampled: Sampled, given: Mapping[str, str]) -> Iterator[Finding]:
    """Finds rows whose image and text do not belong together, by the vectors of imported pairs.

    Args:
        sampled: Sampled.
        given: {column of images: folder of an imported pair}.

    Raises:
        BundleError: a folder holds no such pair.
    """
    from polymodal.pretrained.pair import load_pair

    look = sampled.look
    texts = [
        name
        for name in dict.fromkeys([*sampled.inputs, look.target])
        if name is not None and look.kind(name) == "text"
    ]
    for image, folder in given.items():
        pair = load_pair(folder)
        if not texts:
            say(f'"{image}" is compared with no text by {folder}, because no column has texts.')
        for text in texts:
            yield from _of_columns(sampled, pair, image, text, folder)


def _of_columns(
    sampled: Sampled, pair: Any, image: str, text: str, folder: str
) -> Iterator[Finding]:
    there = np.flatnonzero(sampled.there(image) & sampled.there(text))
    if len(there) < FEWEST:
        say(
            f'"{image}" and "{text}" are not compared by {folder}: {counted(len(there), "row")} '
            f"have both, and {FEWEST} are needed."
        )
        return
    ranked = ranks_by(pair, sampled, image, text, there)
    if not stands_apart(ranked):
        say(
            f'{folder} does not tell which "{text}" belongs to which "{image}", so it finds no '
            "wrong pairs in them."
        )
        return
    sampled.judged.add(frozenset((image, text)))
    yield from odd_pairs(sampled, (image, text), there, ranked, f"by {folder}")


def ranks_by(pair: Any, sampled: Sampled, image: str, text: str, there: np.ndarray) -> np.ndarray:
    """Returns (rows, partners), the share of other texts that a pair finds to fit an image better
    than each, averaged with that of other images for a text.

    Args:
        pair: `polymodal.pretrained.pair.Pair`.
        sampled: Sampled.
        image, text: names of columns.
        there: (rows,) int, the rows of `sampled` that have both.
    """
    look = sampled.look
    rows = sampled.rows[there]
    slots, texts = look.media(image).slots, look.texts(text)
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(int(slots[row]), int(row))
    cells = {slot: look.table.cell(row, image) for slot, row in first.items()}
    images = _encoded(
        lambda some: pair.image.encode(some, look.table.root),
        cells,
        [int(slots[row]) for row in rows],
        image,
    )
    words = [texts[row] or "" for row in rows]
    spoken = _encoded(pair.text.encode, {word: word for word in words}, words, text)
    logits = _TWICE * pair.compare(images, spoken)  # (rows, partners)
    return (better(logits) + better(logits.T).T) / 2


def _encoded(
    encode: Callable[[list[Any]], np.ndarray],
    cells: Mapping[Any, Any],
    of_rows: Sequence[Any],
    column: str,
) -> np.ndarray:
    """Returns a vector for each row; equal cells are encoded once."""
    names, values = list(cells), list(cells.values())
    starts = range(0, len(values), _AT_ONCE)
    parts = [
        encode(values[start : start + _AT_ONCE])
        for start in track(starts, f"Encoding {column}", len(starts))
    ]
    place = {name: index for index, name in enumerate(names)}
    return np.concatenate(parts)[[place[name] for name in of_rows]]
