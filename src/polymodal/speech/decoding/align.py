"""Forced alignment: when each token of a known text is said, from the frames of a CTC model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from polymodal.speech.decoding.ctc_search import check_log_probs
from polymodal.speech.transcripts.transcript import TokenSpan

__all__ = ["align"]


def align(log_probs: Any, tokens: Sequence[int], blank: int) -> list[TokenSpan]:
    """Finds the most probable frames of each token, in the given order.

    Scores are kept at every n-th frame only and made again between them, n the square root of the
    frames, so that an hour needs megabytes, at twice the work.

    Args:
        log_probs: float (frames, num_symbols).
        tokens: sequence of int, ids without blanks.
        blank: int, id of the blank.

    Returns:
        One span for each token, in order, never overlapping.

    Raises:
        ValueError: there are fewer frames than the tokens need, one for each and one between equal
            neighbours; a token is blank or no symbol; or no path has a probability above 0.

    Source: Graves et al. 2006, "Connectionist temporal classification", section 4.1, with the
    maximum instead of the sum.

    Example:

    >>> log_probs = np.log([[0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])
    >>> [(span.start_frame, span.end_frame) for span in align(log_probs, [0, 0], blank=1)]
    [(0, 1), (3, 4)]
    """
    log_probs = check_log_probs("align", log_probs, blank)
    ids = _checked(tokens, log_probs, blank)
    if not len(ids):
        return []
    path = _best_path(log_probs, _Lattice(ids, blank))
    spans = []
    for place, token in enumerate(ids.tolist()):
        start, end = (int(np.searchsorted(path, 2 * place + 1, side)) for side in ("left", "right"))
        confidence = np.exp(log_probs[start:end, token]).mean().clip(0, 1)
        spans.append(TokenSpan(token, start, end, float(confidence)))
    return spans


def _checked(tokens: Sequence[int], log_probs: np.ndarray, blank: int) -> np.ndarray:
    num_frames, num_symbols = log_probs.shape
    ids = np.asarray(tokens, np.int64).reshape(-1)
    strange = ids[(ids < 0) | (ids >= num_symbols) | (ids == blank)]
    if len(strange):
        raise ValueError(
            f"align needs tokens below {num_symbols} that are not the blank {blank}. "
            f"Got {strange[0]}. Encode the text with the model's own symbols."
        )
    needed = len(ids) + int((ids[1:] == ids[:-1]).sum())
    if num_frames < needed:
        raise ValueError(
            f"align needs at least {needed} frames for {len(ids)} tokens. "
            f"Got {num_frames}. Is it the text of this recording?"
        )
    return ids


class _Lattice:
    """The states a path goes through: blank, token, blank, token, ..., blank."""

    def __init__(self, tokens: np.ndarray, blank: int):
        self.symbols = np.full(2 * len(tokens) + 1, blank)
        self.symbols[1::2] = tokens
        # A blank may be skipped between two different tokens.
        skips = self.symbols[2:] != self.symbols[:-2]
        self.skip_cost = np.where(skips & (self.symbols[2:] != blank), 0.0, -np.inf)

    def start(self) -> np.ndarray:
        """Returns the scores before the first frame, (states,)."""
        scores = np.full(len(self.symbols), -np.inf)
        scores[0] = 0.0
        return scores

    def step(self, scores: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the scores after a frame, and how many states each of them came from before."""
        best = scores.copy()
        np.maximum(best[1:], scores[:-1], out=best[1:])
        moves = (best > scores).astype(np.int8)
        skipping = scores[:-2] + self.skip_cost
        np.maximum(moves[2:], 2 * (skipping > best[2:]), out=moves[2:])
        np.maximum(best[2:], skipping, out=best[2:])
        return best + frame[self.symbols], moves


def _best_path(log_probs: np.ndarray, lattice: _Lattice) -> np.ndarray:
    """Returns the state of each frame, (frames,)."""
    num_frames = len(log_probs)
    block = math.ceil(math.sqrt(num_frames))
    scores, saved = lattice.start(), []
    for index, frame in enumerate(log_probs):
        if index % block == 0:
            saved.append(scores)
        scores, _ = lattice.step(scores, frame)
    state = len(scores) - 1 - int(scores[-2] > scores[-1])
    if scores[state] == -np.inf:
        raise ValueError(
            "align needs log-probabilities that allow the tokens. Got none above "
            "minus infinity. Is it the text of this recording?"
        )
    path = np.empty(num_frames, np.int64)
    for number in reversed(range(len(saved))):
        first, scores, moves = number * block, saved[number], []
        for frame in log_probs[first : first + block]:
            scores, move = lattice.step(scores, frame)
            moves.append(move)
        for index in reversed(range(len(moves))):
            path[first + index] = state
            state -= int(moves[index][state])
    return path
