"""When each token was said: from where the decoder's aligned heads look in the sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import median_filter

from polymodal.pretrained.speech.tokens import Tokens
from polymodal.speech.transcripts.transcript import TokenSpan, Word
from polymodal.speech.transcripts.words import words_from_spans

__all__ = ["boundaries", "path", "words_of"]

_MEDIAN = 7  # positions that are smoothed over
_INCOMPLETE = "\ufffd"  # what a tokenizer gives for some bytes of a character


def boundaries(weights: np.ndarray, prompt_length: int) -> np.ndarray:
    """Returns int (tokens + 1,): the position of the sound where each token begins, and the end.

    Args:
        weights: float32 (heads, ids, positions), attention over the positions that have sound: of
            the prompt, each token and the end.
        prompt_length: int, ids of the prompt.

    Source: the library `openai-whisper`, timing.py.
    """
    weights = weights / np.maximum(weights.sum(-1, keepdims=True), 1e-12)
    spread = weights.std(axis=1, keepdims=True)
    weights = (weights - weights.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-12)
    if weights.shape[-1] > _MEDIAN // 2:
        weights = median_filter(weights, (1, 1, _MEDIAN), mode="mirror")
    # After an id the decoder looks for the next one.
    tokens, positions = path(-weights.mean(axis=0)[prompt_length - 1 : -1])
    return positions[np.flatnonzero(np.diff(tokens, prepend=-1))]


def path(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the cheapest way through a table that goes down, right, or both, as (rows, columns).

    It is found one diagonal after the other, each at once (dynamic time warping).

    Args:
        costs: float (rows, columns).
    """
    rows, columns = costs.shape
    total = np.full((rows + columns + 1, rows + 1), np.inf)  # [diagonal, row], from 1
    step = np.zeros(total.shape, np.int8)
    total[0, 0] = 0
    for diagonal in range(2, rows + columns + 1):
        row = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        both, down, right = (
            total[diagonal - 2, row - 1],
            total[diagonal - 1, row - 1],
            total[diagonal - 1, row],
        )
        chosen = np.where(
            (both < down) & (both < right), 0, np.where((down < both) & (down < right), 1, 2)
        )
        step[diagonal, row] = chosen
        least = np.choose(chosen, [both, down, right])
        total[diagonal, row] = least + costs[row - 1, diagonal - row - 1]
    return _traced(step, rows, columns)


def _traced(step: np.ndarray, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    row, column, found = rows, columns, []
    while row and column:  # both end together, at the first cell
        found.append((row - 1, column - 1))
        way = step[row + column, row]
        row, column = row - (way != 2), column - (way != 1)
    path_ = np.array(found[::-1])
    return path_[:, 0], path_[:, 1]


def words_of(
    ids: Sequence[int],
    begins: np.ndarray,
    log_probabilities: Sequence[float],
    tokens: Tokens,
    position_seconds: float,
    start_seconds: float,
) -> list[Word]:
    """Returns the words of a segment with their times.

    Args:
        ids: of text.
        begins: int (ids + 1,), position where each begins, and where the next one does.
        log_probabilities: of each id.
        tokens: Tokens.
        position_seconds: float, from one position to the next.
        start_seconds: float, when position 0 is.
    """
    spans, texts, first = [], [], 0
    for place in range(len(ids)):
        text = tokens.text(ids[first : place + 1])
        if text.endswith(_INCOMPLETE) and place + 1 < len(ids):
            continue  # the rest of a character follows
        sure = float(np.exp(np.mean(log_probabilities[first : place + 1])))
        spans.append(TokenSpan(len(texts), int(begins[first]), int(begins[place + 1]), sure))
        texts.append(text)
        first = place + 1
    return words_from_spans(spans, texts, position_seconds, start_seconds)
