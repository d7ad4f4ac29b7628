"""What the frames of a CTC model spell: the best path, and prefix beam search with scorers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from polymodal.speech.transcript import TokenSpan

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

    def scores(self, state: Any) -> np.ndarray:
        """Returns what each symbol would add, (num_symbols,) in natural logarithms."""
        ...

    def advance(self, state: Any, symbol: int) -> Any:
        """Returns the state after one more symbol."""
        ...

    def finish(self, state: Any) -> float:
        """Returns what the end adds."""
        ...


@dataclass(frozen=True)
class Hypothesis:
    """One spelling that a search found.

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
        raise ValueError(f"{who} needs log-probabilities of shape (frames, num_symbols). "
                         f"Got {log_probs.shape}. Pass one recording at a time.")
    if np.isnan(log_probs).any() or (log_probs > _SLACK).any():
        raise ValueError(f"{who} needs log-probabilities, 0 at most. "
                         f"Got {log_probs.max():.3g}. Apply a log-softmax to the logits.")
    if not 0 <= blank < log_probs.shape[1]:
        raise ValueError(f"{who} needs blank to be one of {log_probs.shape[1]} symbols. "
                         f"Got {blank}. Pass the id of the blank, usually the last.")
    return log_probs


def greedy(log_probs: Any, blank: int) -> list[TokenSpan]:
    """Reads the most probable symbol of each frame; repeats are one token, blanks are none.

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
    return [TokenSpan(int(best[start]), int(start), int(end),
                      float(np.exp(log_probs[start:end, best[start]]).mean().clip(0, 1)))
            for start, end in zip(starts, ends, strict=True) if best[start] != blank]


def beam_search(
    log_probs: Any,
    blank: int,
    beam_width: int = 16,
    num_best: int = 1,
    num_candidates: int = 20,
    skip_blank: float = 0.999,
    scorers: Sequence[Scorer] = (),
) -> list[Hypothesis]:
    """Finds the spellings with the highest sum over all their paths, plus what scorers add.

    Args:
        log_probs: float (frames, num_symbols).
        blank: int, id of the blank.
        beam_width: int, prefixes kept after each frame.
        num_best: int, hypotheses to return at most.
        num_candidates: int, symbols of a frame that may be appended, the most probable ones.
        skip_blank: float, frames whose blank is more probable only end the current symbol; 1 skips
            none.
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
    >>> best.ids, round(float(np.exp(best.score)), 2)  # and yet 1 is likelier than silence
    ((1,), 0.64)
    """
    log_probs = check_log_probs("beam_search", log_probs, blank)
    for name, value in (("beam_width", beam_width), ("num_best", num_best),
                        ("num_candidates", num_candidates)):
        if value < 1:
            raise ValueError(f"beam_search needs {name} of at least 1. Got {value}. Raise it.")
    beams = _Beams(scorers, log_probs.shape[1])
    for frame, symbols in zip(log_probs, _candidates(log_probs, blank, num_candidates),
                              strict=True):
        if frame[blank] > np.log(skip_blank):
            beams.rest(frame[blank])
        else:
            beams.step(frame, symbols, blank, beam_width)
    return beams.best(num_best)


def _candidates(log_probs: np.ndarray, blank: int, number: int) -> np.ndarray:
    hidden = log_probs.copy()
    hidden[:, blank] = -np.inf
    number = min(number, hidden.shape[1] - 1)
    top = np.argsort(-hidden, axis=1, kind="stable")[:, :number]
    return np.sort(top, axis=1)  # (frames, number)


class _Beams:
    """The prefixes of a search, as nodes of a tree, with their scores as arrays over beams."""

    def __init__(self, scorers: Sequence[Scorer], num_symbols: int):
        self.scorers = tuple(scorers)
        self.parents, self.symbols = [_NOTHING], [_NOTHING]  # by node
        self.known: dict[tuple[int, int], int] = {}  # (parent, symbol) -> node
        self.states = [tuple(scorer.start() for scorer in self.scorers)]
        self.nodes = np.array([_ROOT])  # all that follow: (beams,)
        self.in_blank, self.in_symbol = np.zeros(1), np.full(1, -np.inf)
        self.added = np.zeros((1, len(self.scorers)))
        self.columns = np.empty(num_symbols, np.int64)  # symbol -> place among the candidates

    def rest(self, blank_score: float) -> None:
        """Takes in a frame that is all but certainly blank."""
        self.in_blank = np.logaddexp(self.in_blank, self.in_symbol) + blank_score
        self.in_symbol = np.full(len(self.nodes), -np.inf)

    def step(self, frame: np.ndarray, symbols: np.ndarray, blank: int, width: int) -> None:
        """Takes in a frame: every prefix stays or grows by one of the symbols."""
        num_beams, last = len(self.nodes), np.array([self.symbols[node] for node in self.nodes])
        total = np.logaddexp(self.in_blank, self.in_symbol)
        in_symbol = self.in_symbol + np.where(last == _NOTHING, -np.inf, frame[last])
        grown = np.where(symbols == last[:, None], self.in_blank[:, None], total[:, None])
        grown = grown + frame[symbols]  # (beams, candidates)
        self._merge(grown, in_symbol, last, symbols)
        in_blank = total + frame[blank]

        added = self._additions(symbols)  # (beams, candidates, scorers)
        ranked = np.concatenate([
            np.logaddexp(in_blank, in_symbol) + self.added.sum(axis=1),
            (grown + added.sum(axis=2)).ravel()])
        chosen = np.argsort(-ranked, kind="stable")[:width]
        chosen = chosen[ranked[chosen] > -np.inf]
        if not len(chosen):  # the frame allows nothing that is kept: go on as if it were not there
            return
        kept = chosen < num_beams
        stays, grows = chosen[kept], chosen[~kept] - num_beams
        beam, column = np.divmod(grows, max(1, len(symbols)))
        children = [self._child(parent, symbol) for parent, symbol in zip(
            self.nodes[beam].tolist(), symbols[column].tolist(), strict=True)]
        self.nodes = np.concatenate([self.nodes[stays], np.array(children, np.int64)])
        self.in_blank = np.concatenate([in_blank[stays], np.full(len(grows), -np.inf)])
        self.in_symbol = np.concatenate([in_symbol[stays], grown[beam, column]])
        self.added = np.concatenate([self.added[stays], added[beam, column]])

    def _merge(self, grown, in_symbol, last, symbols) -> None:
        """Moves what grows into a prefix that is kept anyway over to that prefix, in place."""
        self.columns.fill(_NOTHING)  # of symbols that are no candidates
        self.columns[symbols] = np.arange(len(symbols))
        parents = np.array([self.parents[node] for node in self.nodes])
        child, parent = np.nonzero(parents[:, None] == self.nodes)
        column = self.columns[last[child]]
        child, parent, column = (part[column >= 0] for part in (child, parent, column))
        in_symbol[child] = np.logaddexp(in_symbol[child], grown[parent, column])
        grown[parent, column] = -np.inf

    def _additions(self, symbols: np.ndarray) -> np.ndarray:
        added = np.repeat(self.added[:, None], len(symbols), axis=1)
        for index, scorer in enumerate(self.scorers):
            rows = [scorer.scores(self.states[node][index]) for node in self.nodes]
            added[:, :, index] += np.stack(rows)[:, symbols]
        return added

    def _child(self, parent: int, symbol: int) -> int:
        if (parent, symbol) not in self.known:
            self.known[parent, symbol] = len(self.parents)
            self.parents.append(parent)
            self.symbols.append(symbol)
            self.states.append(tuple(
                scorer.advance(state, symbol)
                for scorer, state in zip(self.scorers, self.states[parent], strict=True)))
        return self.known[parent, symbol]

    def best(self, number: int) -> list[Hypothesis]:
        """Returns the best hypotheses, what the end adds included."""
        acoustic = np.logaddexp(self.in_blank, self.in_symbol)
        found = []
        for node, score, added in zip(self.nodes, acoustic, self.added, strict=True):
            parts = {"acoustic": float(score)}
            for scorer, state, sum_so_far in zip(self.scorers, self.states[node], added,
                                                 strict=True):
                parts[scorer.name] = float(sum_so_far) + scorer.finish(state)
            found.append(Hypothesis(self._ids(node), sum(parts.values()), parts))
        return sorted(found, key=lambda one: -one.score)[:number]

    def _ids(self, node: int) -> tuple[int, ...]:
        ids = []
        while node != _ROOT:
            ids.append(self.symbols[node])
            node = self.parents[node]
        return tuple(reversed(ids))
