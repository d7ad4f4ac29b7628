"""Near duplicates: of media by the distance of fingerprints, of texts by MinHash."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from polymodal.questions.inspection.measured.vectors import centred
from polymodal.text.cleaning import clean_text

_NEAR = 0.15  # of the usual distance to the nearest neighbour
_FARTHEST = 0.2  # distance of fingerprints of length 1 beyond which nothing is a duplicate
_FEWEST = 20
_CHUNK = 1024
_MOST = 20_000  # fingerprints that are compared each with each; of more, each with some
_HASHES, _BAND = 64, 4
_SHINGLE = 5  # bytes
_LIKE, _LIKELY = 0.85, 0.7  # shared shingles of near duplicates, and shared hashes
_MOST_BYTES = 2000  # of a text
_RANDOM = np.random.default_rng(37)
_FACTORS = _RANDOM.integers(1, 1 << 62, _HASHES, dtype=np.uint64) | np.uint64(1)
_WEIGHTS = _RANDOM.integers(1, 1 << 62, _SHINGLE, dtype=np.uint64) | np.uint64(1)


def nearest(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the nearest other fingerprint of each, and the distance to it, of uint8 (n, dim)."""
    points = centred(vectors)
    neighbour, best = np.full(len(points), -1), np.full(len(points), -2.0, np.float32)
    for start in range(0, len(points), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(points)))
        likeness = points[rows] @ points.T
        likeness[np.arange(len(rows)), rows] = -2.0
        neighbour[rows] = likeness.argmax(axis=1)
        best[rows] = likeness[np.arange(len(rows)), neighbour[rows]]
    return neighbour, np.sqrt(np.maximum(2 - 2 * best, 0))


def near_media(vectors: np.ndarray) -> dict[int, int]:
    """Returns {fingerprint: one that is nearly the same}.

    What is near is told by the column itself: a small part of the usual distance to the nearest
    neighbour. So drawings of few forms, which are all alike, are no duplicates.

    Args:
        vectors: uint8 (n, dim).
    """
    if not _FEWEST <= len(vectors) <= _MOST:
        return {}
    neighbour, distance = nearest(vectors)
    limit = min(_NEAR * float(np.median(distance)), _FARTHEST)
    flat = vectors.astype(np.float32).std(axis=1) < 2  # all flat ones are alike
    near = (distance < limit) & ~flat
    return {int(i): int(neighbour[i]) for i in np.flatnonzero(near)}


def near_texts(texts: list[str | None]) -> dict[int, int]:
    """Returns {text: an earlier one that is nearly the same}, by MinHash over groups of letters.

    Example:

    >>> near_texts(["A small dog runs over the green field at noon.", "Two cats sleep.",
    ...             "A small dog runs over the green field at noon"])
    {2: 0}
    """
    rows, signatures = _signatures(texts)
    found: dict[int, int] = {}
    for start in range(0, _HASHES if len(rows) else 0, _BAND):
        band = np.ascontiguousarray(signatures[:, start : start + _BAND])
        _, first, bucket = np.unique(
            band.view(f"V{4 * _BAND}").reshape(-1), return_index=True, return_inverse=True
        )
        twin = first[bucket]
        likely = (signatures == signatures[twin]).mean(axis=1) >= _LIKELY
        for place in np.flatnonzero(likely & (twin != np.arange(len(rows)))):
            row, other = rows[place], rows[twin[place]]
            if row not in found and _share(str(texts[other]), str(texts[row])) >= _LIKE:
                found[row] = other
    return found


def groups(pairs: dict[int, int]) -> list[list[int]]:
    """Returns the groups that such pairs make, each of two or more, in order."""
    root: dict[int, int] = {}

    def find(one: int) -> int:
        while root.setdefault(one, one) != one:
            one = root[one]
        return one

    for one, other in pairs.items():
        low, high = sorted((find(one), find(other)))
        root[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for one in sorted(root):
        members[find(one)].append(one)
    return [group for group in members.values() if len(group) > 1]


def _signatures(texts: list[str | None]) -> tuple[list[int], np.ndarray]:
    """Returns the texts that are long enough, and (texts, hashes) uint32 of their shingles."""
    rows, found = [], []
    for row, text in enumerate(texts):
        shingles = None if text is None else _shingles(text)
        if shingles is not None:
            rows.append(row)
            hashes = (shingles[:, None] * _FACTORS) >> np.uint64(32)  # (shingles, hashes)
            found.append(hashes.min(axis=0).astype(np.uint32))
    return rows, np.array(found, np.uint32).reshape(len(rows), _HASHES)


def _shingles(text: str) -> np.ndarray | None:
    """Returns (shingles,) uint64, the hashes of all runs of letters; None of a short text."""
    content = clean_text(text).encode(errors="surrogatepass")[:_MOST_BYTES]
    if len(content) < 2 * _SHINGLE:
        return None
    letters = np.frombuffer(content, np.uint8).astype(np.uint64)
    stop = len(letters) - _SHINGLE + 1
    found = letters[:stop] * _WEIGHTS[0]
    for place in range(1, _SHINGLE):
        found += letters[place : place + stop] * _WEIGHTS[place]
    return found


def _share(one: str, other: str) -> float:
    """Returns the share of shingles that two texts have in common."""
    sets = [
        set(shingles.tolist()) for text in (one, other) if (shingles := _shingles(text)) is not None
    ]
    return len(sets[0] & sets[1]) / max(len(sets[0] | sets[1]), 1)
