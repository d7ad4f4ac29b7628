"""Decoding of CTC frames: greedy, and prefix beam search with scorers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from polymodal.speech.transcripts.transcript import TokenSpan

__all__ = ["Hypothesis", "Scorer", "beam_search", "check_log_probs", "greedy"]

_ROOT, _NOTHING = 0, -1
_SLACK = 1e-3  # float32 log-probabilities of certain symbols may lie a little above 0


class Scorer(Protocol):
    """Adds to the score of a prefix as it grows: a language model, hot words.

    States are hashable and never changed. `name` is the key of its part in `Hypothesis.parts`.
    """

    name: str

    def start(self) -> Any:
        """Returns the state of the empty prefix."""
        ...

    def read(self, state: Any, symbol: int) -> tuple[float, Any]:
        """Returns the score of one more symbol, in natural logarithms, and the next state."""
        ...

    def finish(self, state: Any) -> float:
        """Returns the score of the end."""
        ...


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis of a search.

    Args:
        ids: tuple of int, the symbols without blank.
        score: float, the sum of the parts: what hypotheses are ranked by.
        parts: dict, "acoustic" (log-probability of all paths found that spell it) and one entry
            for each scorer.
    """

    ids: tuple[int, ...]
    score: float
    parts: dict[str, float] = field(default_factory=dict)


def check_log_probs(who: str, log_probs: Any, blank: int) -> np.ndarray:
    """Returns log-probabilities as float64 (frames, num_symbols).

    Raises:
        ValueError: they have another shape, are above 0 or not a number, or there is no such blank.
    """
    log_probs = np.asarray(log_probs, np.float64)
    if log_probs.ndim != 2:
        raise ValueError(
            f"{who} needs log-probabilities of shape (frames, num_symbols). "
            f"Got {log_probs.shape}. Pass one recording at a time."
        )
    if np.isnan(log_probs).any() or (log_probs > _SLACK).any():
        raise ValueError(
            f"{who} needs log-probabilities, 0 at most. "
            f"Got {log_probs.max():.3g}. Apply a log-softmax to the logits."
        )
    if not 0 <= blank < log_probs.shape[1]:
        raise ValueError(
            f"{who} needs blank to be one of {log_probs.shape[1]} symbols. "
            f"Got {blank}. Pass the id of the blank, usually the last."
        )
    return log_probs


def greedy(log_probs: Any, blank: int) -> list[TokenSpan]:
    """Greedy decoding: the most probable symbol of each frame, without repeats and blanks.

    Args:
        log_probs: float (frames, num_symbols).
        blank: int, id of the blank.

    Returns:
        The tokens with their frames and confidence.

    Raises:
        ValueError: see `check_log_probs`.

    Source: Graves et al. 2006, "Connectionist temporal classification", section 3.2.

    Example:

    >>> log_probs = np.log([[0.1, 0.8, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    >>> [(span.id, span.start_frame, span.end_frame) for span in greedy(log_probs, blank=2)]
    [(1, 0, 2)]
    """
    log_probs = check_log_probs("greedy", log_probs, blank)
    if not len(log_probs):
        return []
    best = log_probs.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(starts[1:], len(best))
    return [
        TokenSpan(
            int(best[start]),
            int(start),
            int(end),
            float(np.exp(log_probs[start:end, best[start]]).mean().clip(0, 1)),
        )
        for start, end in zip(starts, ends, strict=True)
        if best[start] != blank
    ]


def beam_search(
    log_probs: Any,
    blank: int,
    beam_width: int = 16,
    num_best: int = 1,
    num_candidates: int = 20,
    skip_blank: float = 0.999,
    least: float = 1e-3,
    margin: float = 10.0,
    scorers: Sequence[Scorer] = (),
) -> list[Hypothesis]:
    """Prefix beam search: the hypotheses with the highest sum over all paths, plus scorers.

    Args:
        log_probs: float (frames, num_symbols).
        blank: int, id of the blank.
        beam_width: int, prefixes kept after each frame.
        num_best: int, hypotheses to return at most.
        num_candidates: int, symbols of a frame that may be appended, the most probable ones.
        skip_blank: float, frames whose blank is more probable only end the current symbol; 1 skips
            none.
        least: float, symbols of a frame that are less probable are not appended; 0 = append all.
        margin: float, prefixes whose score is further below the best are dropped; inf = keep all.
        scorers: language model, hot words.

    Returns:
        The hypotheses, best first; at least one, which may be empty.

    Raises:
        ValueError: see `check_log_probs`; or a number below 1.

    Source: Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", algorithm 1; scorers are asked for each symbol, not each word.

    Example:

    >>> probabilities = [[0.0, 0.4, 0.6], [0.0, 0.4, 0.6]]  # blank, the last, leads in each frame
    >>> with np.errstate(divide="ignore"):
    ...     best, = beam_search(np.log(probabilities), blank=2)
    >>> best.ids, round(float(np.exp(best.score)), 2)  # and yet 1 is more likely than silence
    ((1,), 0.64)
    """
    log_probs = check_log_probs("beam_search", log_probs, blank)
    for name, value in (
        ("beam_width", beam_width),
        ("num_best", num_best),
        ("num_candidates", num_candidates),
    ):
        if value < 1:
            raise ValueError(f"beam_search needs {name} of at least 1. Got {value}. Raise it.")
    beams = _Beams(scorers, blank, beam_width, margin)
    probs = np.exp(log_probs)
    for frame, symbols in zip(
        probs.tolist(), _candidates(probs, blank, num_candidates, least), strict=True
    ):
        if frame[blank] > skip_blank:
            beams.rest(frame[blank])
        else:
            beams.step(frame, symbols)
    return beams.best(num_best)


def _candidates(probs: np.ndarray, blank: int, number: int, least: float) -> list[list[int]]:
    """Returns for each frame the symbols that may be appended, in their order."""
    hidden = probs.copy()
    hidden[:, blank] = -1
    top = np.argsort(-hidden, axis=1, kind="stable")[:, :number]
    likely = np.take_along_axis(hidden, top, axis=1) >= least
    return [sorted(row[kept].tolist()) for row, kept in zip(top, likely, strict=True)]


class _Beams:
    """The prefixes of a search, as nodes of a tree, each with what its paths sum to.

    Sums are relative to the most likely prefix, so that they do not underflow. Few symbols of a
    frame are likely, so plain loops are faster than many small arrays.
    """

    def __init__(self, scorers: Sequence[Scorer], blank: int, width: int, margin: float):
        self.scorers, self.blank, self.width, self.margin = tuple(scorers), blank, width, margin
        self.parents, self.symbols = [_NOTHING], [_NOTHING]  # by node
        self.children: list[dict[int, int]] = [{}]  # by node: symbol -> node
        self.states = [tuple(scorer.start() for scorer in self.scorers)]
        self.known: list[dict[int, tuple[float, tuple]]] = [{}]  # by node: symbol -> see _read
        # By node: sums of the paths that end in blank and in the symbol, and what scorers added.
        self.kept: dict[int, tuple[float, float, float]] = {_ROOT: (1.0, 0.0, 0.0)}
        self.log_scale = 0.0

    def rest(self, blank_prob: float) -> None:
        """Takes a frame that is almost certainly blank."""
        self.kept = {
            node: (in_blank + in_symbol, 0.0, added)
            for node, (in_blank, in_symbol, added) in self.kept.items()
        }
        self.log_scale += math.log(blank_prob)

    def step(self, frame: list[float], symbols: list[int]) -> None:
        """Takes a frame: every prefix stays or grows by one of the symbols."""
        stay, blank = {}, frame[self.blank]
        for node, (in_blank, in_symbol, added) in self.kept.items():
            last = self.symbols[node]
            again = 0.0
            if last != _NOTHING:
                again = in_symbol * frame[last]
            stay[node] = [(in_blank + in_symbol) * blank, again, added]
        grown = []
        for node, (in_blank, in_symbol, added) in self.kept.items():
            last, total, children = self.symbols[node], in_blank + in_symbol, self.children[node]
            for symbol in symbols:
                share = (in_blank if symbol == last else total) * frame[symbol]
                if (child := children.get(symbol)) in stay:
                    stay[child][1] += share  # grows into a prefix that is kept anyway
                elif share > 0:
                    more = added + self._read(node, symbol)[0]
                    grown.append((math.log(share) + more, node, symbol, share, more))
        ranked = [
            (math.log(in_blank + in_symbol) + added, node, _NOTHING, in_symbol, added)
            for node, (in_blank, in_symbol, added) in stay.items()
            if in_blank + in_symbol > 0
        ]
        ranked += [one for one in grown if one[0] > -math.inf]
        if ranked:  # else the frame allows nothing that is kept: go on as if it were not there
            ranked.sort(key=lambda one: -one[0])
            least = ranked[0][0] - self.margin
            self._keep(stay, [one for one in ranked[: self.width] if one[0] >= least])

    def _keep(self, stay: dict, chosen: list) -> None:
        """Keeps what was chosen; what did not grow has no symbol next to it."""
        kept = {}
        for _, node, symbol, share, added in chosen:
            if symbol == _NOTHING:
                kept[node] = (stay[node][0], share, added)
            else:
                kept[self._child(node, symbol)] = (0.0, share, added)
        most = max(in_blank + in_symbol for in_blank, in_symbol, _ in kept.values())
        self.kept = {
            node: (in_blank / most, in_symbol / most, added)
            for node, (in_blank, in_symbol, added) in kept.items()
        }
        self.log_scale += math.log(most)

    def _read(self, node: int, symbol: int) -> tuple[float, tuple]:
        """Returns what a symbol adds behind a prefix, and the states after it."""
        known = self.known[node].get(symbol)
        if known is None:
            read = [
                scorer.read(state, symbol)
                for scorer, state in zip(self.scorers, self.states[node], strict=True)
            ]
            known = sum(added for added, _ in read), tuple(state for _, state in read)
            self.known[node][symbol] = known
        return known

    def _child(self, parent: int, symbol: int) -> int:
        child = self.children[parent].get(symbol)
        if child is None:
            child = self.children[parent][symbol] = len(self.parents)
            self.parents.append(parent)
            self.symbols.append(symbol)
            self.children.append({})
            self.known.append({})
            self.states.append(self._read(parent, symbol)[1])
        return child

    def best(self, number: int) -> list[Hypothesis]:
        """Returns the best hypotheses, what the end adds included."""
        ranked = []
        for node, (in_blank, in_symbol, added) in self.kept.items():
            if in_blank + in_symbol > 0:  # else it is all but impossible next to the most likely
                acoustic = math.log(in_blank + in_symbol)
                ends = sum(
                    scorer.finish(state)
                    for scorer, state in zip(self.scorers, self.states[node], strict=True)
                )
                ranked.append((acoustic + added + ends, node, acoustic + self.log_scale))
        ranked.sort(key=lambda one: -one[0])
        return [
            self._hypothesis(self._ids(node), acoustic) for _, node, acoustic in ranked[:number]
        ]

    def _hypothesis(self, ids: tuple[int, ...], acoustic: float) -> Hypothesis:
        parts = {
            "acoustic": acoustic,
            **{scorer.name: _whole(scorer, ids) for scorer in self.scorers},
        }
        return Hypothesis(ids, sum(parts.values()), parts)

    def _ids(self, node: int) -> tuple[int, ...]:
        ids = []
        while node != _ROOT:
            ids.append(self.symbols[node])
            node = self.parents[node]
        return tuple(reversed(ids))


def _whole(scorer: Scorer, ids: Sequence[int]) -> float:
    """Returns what a scorer adds to a spelling, the end included."""
    total, state = 0.0, scorer.start()
    for symbol in ids:
        added, state = scorer.read(state, symbol)
        total += added
    return total + scorer.finish(state)
