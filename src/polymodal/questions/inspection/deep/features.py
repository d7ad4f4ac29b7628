"""Rows as vectors for small models: pixels and edges, spectra, word counts, numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from polymodal.core.errors import DataError
from polymodal.core.printed.progress import track
from polymodal.media.audio import read_audio
from polymodal.media.image import read_image
from polymodal.media.video import read_video
from polymodal.questions.inspection.deep.spoken import SAMPLE_RATE, cepstra, pieces
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.measured.vectors import as_vectors
from polymodal.tables.kinds import MEDIA

_SIDE, _COLOURS = 28, 4
_CELLS, _ANGLES = 7, 8
_STANDS_OUT = 12.0  # grey values between a border and what is in front of it
_WORDS = 3000  # words and pairs of words of a text column
_MOST_CATEGORIES = 200
_COUNTED_WORDS = 400
_MOST_SECONDS, _FEWEST_FRAMES = 30.0, 1000  # of a sound, of all sounds


def features(look: Look, column: str, rows: np.ndarray) -> list[np.ndarray] | None:
    """Returns a column as small models read it: blocks of float32 (rows, dim), each about another
    side of the cells. None for a column of another kind, or where nothing can be read.

    Args:
        look: Look.
        column: str.
        rows: (n,) int, indices of rows.
    """
    kind = look.kind(column)
    if kind in MEDIA:
        return _media(look, column, str(kind), rows)
    block = None
    if kind == "text":
        block = _words([look.texts(column)[row] or "" for row in rows])
    elif kind == "number":
        block = _numbers(look.numbers(column)[rows])
    elif kind == "category":
        block = _categories([look.texts(column)[row] for row in rows])
    if block is None:
        return None
    return [block]


def _media(look: Look, column: str, kind: str, rows: np.ndarray) -> list[np.ndarray] | None:
    media = look.media(column)
    used = [int(cell) for cell in np.unique(media.slots[rows]) if cell >= 0]
    found: dict[int, list[np.ndarray]] = {}
    for cell in track(used, f"Reading {column}", len(used)):
        if media.readable[cell]:
            blocks = _of_cell(look, column, kind, media.facts[cell], cell)
            if blocks is not None:
                found[cell] = blocks
    if not found:
        return None
    empty = [np.mean(block, axis=0) for block in zip(*found.values(), strict=True)]
    of_rows = [found.get(int(slot), empty) for slot in media.slots[rows]]
    return [np.stack(block).astype(np.float32) for block in zip(*of_rows, strict=True)]


def _of_cell(
    look: Look, column: str, kind: str, facts: dict[str, Any], cell: int
) -> list[np.ndarray] | None:
    if kind == "audio":
        spectrum = as_vectors([facts["vector"]])[0].astype(np.float32) / 64
        return [np.append(spectrum, 4 * np.log(max(facts["seconds"], 1e-2)))]
    row = int(look.facts.items(column)[1][cell])
    try:
        if kind == "image":
            return picture(read_image(look.table.cell(row, column), look.table.root))
        frames = read_video(look.table.cell(row, column), look.table.root, 1.0, 8)
        return picture(frames[len(frames) // 2])
    except DataError:
        return None


def picture(pixels: np.ndarray) -> list[np.ndarray]:
    """Returns a picture's small copy, its colours, the directions of its edges by place, and what
    stands out from its border."""
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    image = Image.fromarray(pixels)
    small = np.asarray(image.resize((_SIDE, _SIDE), Image.Resampling.BOX), np.float32) / 255
    grey = np.asarray(image.convert("L").resize((56, 56), Image.Resampling.BILINEAR), np.float32)
    middle = np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR), np.float32)
    colours = (middle.astype(int) * _COLOURS // 256) @ np.array([_COLOURS**2, _COLOURS, 1])
    counts = np.bincount(colours.reshape(-1), minlength=_COLOURS**3) / colours.size
    return [small.reshape(-1), np.sqrt(counts), _edges(grey / 255), _standing_out(middle)]


def _standing_out(pixels: np.ndarray) -> np.ndarray:
    """Returns the form, the colour and the proportions of what differs from the border's colour,
    wherever in the picture it is."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    distance = np.abs(pixels - np.median(border, axis=0)).max(axis=2)
    there = distance > max(_STANDS_OUT, 0.35 * float(distance.max()))
    if not there.any():
        there[:] = True
    down, across = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    cut = there[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    form = Image.fromarray((cut * 255).astype(np.uint8)).resize((16, 16), Image.Resampling.BOX)
    colour = 3 * np.median(pixels[there], axis=0) / 255
    return np.concatenate(
        [np.asarray(form, np.float32).reshape(-1) / 1020, colour, [(len(down) - len(across)) / 32]]
    )


def _edges(grey: np.ndarray) -> np.ndarray:
    """Returns (7 * 7 * 8,) float: how strong edges of each direction are in each part."""
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    angle = (np.arctan2(down, across) % np.pi) / np.pi * _ANGLES
    low = np.floor(angle).astype(int) % _ANGLES
    share = angle - np.floor(angle)
    side = grey.shape[0] // _CELLS
    found = np.zeros((_CELLS, _CELLS, _ANGLES), np.float32)
    for direction in range(_ANGLES):
        here = strength * (
            (low == direction) * (1 - share) + ((low + 1) % _ANGLES == direction) * share
        )
        found[..., direction] = here.reshape(_CELLS, side, _CELLS, side).sum(axis=(1, 3))
    return np.sqrt(found / max(float(found.max()), 1e-3)).reshape(-1)


def _words(texts: list[str]) -> np.ndarray | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    found = TfidfVectorizer(
        max_features=_WORDS,
        ngram_range=(1, 2),
        sublinear_tf=True,
        min_df=2,
        token_pattern=r"(?u)\w+",
    )
    try:
        return np.asarray(found.fit_transform(texts).todense(), np.float32)
    except ValueError:  # no word that two texts share
        return None


def word_counts(texts: list[str]) -> np.ndarray | None:
    """Returns float32 (texts, words), how often each text has the words that several have."""
    from sklearn.feature_extraction.text import CountVectorizer

    found = CountVectorizer(max_features=_COUNTED_WORDS, min_df=3, token_pattern=r"(?u)\w+")
    try:
        counts: Any = found.fit_transform(texts)
        return counts.toarray().astype(np.float32)
    except ValueError:  # no word that three texts share
        return None


def spoken_pieces(look: Look, column: str, rows: np.ndarray) -> np.ndarray | None:
    """Returns float32 (rows, pieces), how often short pieces of sound occur in each cell of a
    column of sounds or videos; None where nothing can be read."""
    sounds = []
    for row in track(rows, f"Listening to {column}", len(rows)):
        try:
            sounds.append(
                cepstra(
                    read_audio(
                        look.table.cell(int(row), column),
                        look.table.root,
                        SAMPLE_RATE,
                        _MOST_SECONDS,
                    )
                )
            )
        except (DataError, TypeError):  # broken, or empty
            sounds.append(np.zeros((0, 26), np.float32))
    if sum(map(len, sounds)) < _FEWEST_FRAMES:
        return None
    return pieces(sounds)


def _numbers(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    middle = float(np.median(values[known])) if known.any() else 0.0
    spread = float(np.std(values[known])) if known.any() else 1.0
    filled = np.where(known, values, middle)
    return np.stack([np.clip((filled - middle) / max(spread, 1e-9), -5, 5), known], axis=1).astype(
        np.float32
    )


def _categories(texts: list[str | None]) -> np.ndarray | None:
    values = sorted({text for text in texts if text is not None})
    if not 2 <= len(values) <= _MOST_CATEGORIES:
        return None
    place = {value: number for number, value in enumerate(values)}
    found = np.zeros((len(texts), len(values)), np.float32)
    for row, text in enumerate(texts):
        if text is not None:
            found[row, place[text]] = 1
    return found
