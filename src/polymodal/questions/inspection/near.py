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
_LIKE = 0.85  # shared shingles of near duplicates
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
    signatures = {row: _signature(text) for row, text in enumerate(texts) if text is not None}
    signatures = {row: one for row, one in signatures.items() if one is not None}
    found: dict[int, int] = {}
    for start in range(0, _HASHES, _BAND):
        buckets: dict[bytes, int] = {}
        for row, (signature, _) in signatures.items():
            first = buckets.setdefault(signature[start:start + _BAND].tobytes(), row)
            if first == row or row in found:
                continue
            if _share(signatures[first][1], signatures[row][1]) >= _LIKE:
                found[row] = first
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


def _signature(text: str) -> tuple[np.ndarray, np.ndarray] | None:
    content = clean_text(text).encode(errors="surrogatepass")[:_MOST_BYTES]
    if len(content) < 2 * _SHINGLE:
        return None
    letters = np.frombuffer(content, np.uint8).astype(np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(letters, _SHINGLE)
    shingles = np.unique((windows * _WEIGHTS).sum(axis=1, dtype=np.uint64))
    hashes = (shingles[:, None] * _FACTORS) >> np.uint64(32)  # (shingles, hashes)
    return hashes.min(axis=0).astype(np.uint32), shingles.astype(np.uint32)


def _share(one: np.ndarray, other: np.ndarray) -> float:
    shared = len(np.intersect1d(one, other))
    return shared / max(len(one) + len(other) - shared, 1)
