"""Generates sequences with a decoder: one loop for greedy decoding, sampling and beam search.

Greedy, sampling and beam search share `Choice.scores`; each is one compiled loop on TensorFlow and
JAX, so that no step returns to Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.dense import by_xla

_NEVER = -1e9


class Choice:
    """How outputs are chosen.

    Args:
        beam: int, beam width; 1 = greedy.
        num: int, results for each row, the best ones of the beam, or as many samples.
        temperature: float; above 0, outputs are sampled, the more evenly the higher it is; by
            default 0, or 1 with `top_k` or `top_p`.
        top_k: int, most likely outputs to sample from; 0 = all.
        top_p: float, total probability of the most likely outputs to sample from.
        repetition_penalty: float, from 1; penalty for repeated outputs.
        length_penalty: float, from 0; scores are divided by the length to this power, so that
            long sequences are not worse for being long.
        allowed: list of allowed output ids besides the end; None for all.

    Raises:
        RecipeError: a number out of range, or sampling with a beam.

    Sources: Holtzman et al. 2020 (top-p); Keskar et al. 2019, section 4.1 (repetition penalty).
    """

    def __init__(self, beam: int = 1, num: int = 1, temperature: float | None = None,
                 top_k: int = 0, top_p: float = 1.0, repetition_penalty: float = 1.0,
                 length_penalty: float = 1.0, allowed: list[int] | None = None):
        limited = top_k > 0 or top_p < 1
        if temperature is None:
            temperature = 1.0 if limited else 0.0
        for name, value, low, high in (
            ("beam", beam, 1, 1000), ("num", num, 1, 1000), ("temperature", temperature, 0, 100),
            ("top_k", top_k, 0, 10**9), ("top_p", top_p, 1e-6, 1),
            ("repetition_penalty", repetition_penalty, 1, 100),
            ("length_penalty", length_penalty, 0, 10),
        ):
            if not low <= value <= high:
                raise RecipeError(f"Decoding needs {low} <= {name} <= {high}. Got {value}. Change "
                                  "it, or leave it out for the default.")
        if limited and not temperature:
            raise RecipeError("Decoding needs a temperature above 0 with top_k or top_p. Got "
                              f"temperature={temperature:g}. Leave it out to sample with 1.")
        if temperature and beam > 1:
            raise RecipeError("Decoding needs either a beam or sampling. Got "
                              f"beam={beam}, temperature={temperature:g}, top_k={top_k}, "
                              f"top_p={top_p:g}. Leave out the beam or the rest.")
        if num > 1 and not temperature and num > beam:
            raise RecipeError(f"Decoding needs a beam of at least num. Got beam={beam} and "
                              f"num={num}. Pass beam={num}, or a temperature to sample.")
        self.beam, self.num, self.temperature = beam, num, temperature
        self.top_k, self.top_p, self.repetition_penalty = top_k, top_p, repetition_penalty
        self.length_penalty = length_penalty
        self.allowed = None if allowed is None else sorted(set(allowed))

    @property
    def key(self) -> tuple:
        """A key that is equal for equal choices."""
        return tuple(str(value) for _, value in sorted(vars(self).items()))

    def scores(self, logits, said, end_id):
        """Returns log probabilities (rows, outputs) of what may come next.

        Args:
            logits: (rows, outputs).
            said: bool (rows, outputs), which outputs occurred already.
            end_id: int, or None.
        """
        if self.repetition_penalty != 1:
            less = ops.where(logits > 0, logits / self.repetition_penalty,
                             logits * self.repetition_penalty)
            logits = ops.where(said, less, logits)
        if self.allowed is not None:
            ids = [*self.allowed, *([] if end_id is None else [end_id])]
            open_ids = ops.any(ops.arange(logits.shape[-1])[:, None] == ops.convert_to_tensor(
                ids, "int32"), axis=-1)
            logits = ops.where(open_ids, logits, _NEVER)
        return ops.log_softmax(ops.cast(logits, "float32"), axis=-1)

    def pick(self, scores, noise):
        """Returns ids (rows,) int32: the most likely or sampled ones.

        Args:
            scores: log probabilities (rows, outputs).
            noise: float (rows,), uniform over 0..1, that decides what is sampled.
        """
        if not self.temperature or self.top_k == 1:
            return ops.cast(ops.argmax(scores, axis=-1), "int32")
        num = scores.shape[-1]
        best, ids = ops.top_k(scores / self.temperature, min(self.top_k or num, num))
        chances = ops.softmax(best, axis=-1)  # (rows, candidates), the most likely first
        before = ops.cumsum(chances, axis=-1) - chances
        chances = ops.where(before < self.top_p, chances, 0.0)
        until = ops.cumsum(chances, axis=-1)
        place = ops.sum(ops.cast(until < noise[:, None] * until[:, -1:], "int32"), axis=-1)
        chosen = ops.take_along_axis(ids, place[:, None], axis=-1)[:, 0]
        return ops.cast(chosen, "int32")


class Written(NamedTuple):
    """Generated sequences, the best first.

    Args:
        ids: int32 (batch, num, steps), padded with `end_id`.
        log_probabilities: float32 (batch, num, steps) of each output; 0 after the end.
        scores: float32 (batch, num): the log probability of the whole; of a beam, and of what was
            drawn, divided by the length to the power of `length_penalty`. Below -5e8 where a beam
            found fewer sequences than `num`: that one is none.
    """

    ids: Any
    log_probabilities: Any
    scores: Any


class _State(NamedTuple):
    """The state of the loop; rows are batch times results."""

    step: Any
    previous: Any
    decoder: Any
    ended: Any
    ids: Any
    log_probabilities: Any
    said: Any


def generate(decoder, memory, memory_mask, start, num_steps: int, end_id: int | None,
             choice: Choice, noise=None, jit: bool = False) -> Written:
    """Generates one or several sequences for each row.

    Args:
        decoder: layer with `initial_state` and `step`.
        memory, memory_mask: what it decodes, (batch, time, dim) and (batch, time).
        start: int32 (batch,), start token of each row.
        num_steps: int, most steps.
        end_id: int, output that ends a sequence; None to do all steps.
        choice: Choice.
        noise: float (batch, num, num_steps) in 0..1, needed for sampling.
        jit: bool, whether XLA compiles this.
    """
    if choice.beam > 1:
        return _beam(decoder, memory, memory_mask, start, num_steps, end_id, choice)
    first, advance = _prepare(decoder, memory, memory_mask, start, num_steps, end_id, choice, noise)

    def unfinished(*state):
        state = _State(*state)
        return ops.logical_and(state.step < num_steps, ops.logical_not(ops.all(state.ended)))

    with by_xla(jit):
        last = _loop(unfinished, advance, first)
    shape = (-1, choice.num, num_steps)
    found = ops.reshape(last.log_probabilities, shape)
    written = Written(ops.reshape(last.ids, shape), found, ops.sum(found, axis=-1))
    return _ranked(written, num_steps, end_id, choice) if choice.temperature else written


def _ranked(drawn: Written, num_steps, end_id: int | None, choice: Choice) -> Written:
    """Returns sampled results with scores as of a beam, the best first."""
    lengths = ops.sum(ops.cast(drawn.ids != (-1 if end_id is None else end_id), "int32"), axis=-1)
    lengths = ops.cast(ops.minimum(lengths + 1, num_steps), "float32")  # (batch, num)
    scores = drawn.scores / ops.power(lengths, choice.length_penalty)
    scores, place = ops.top_k(scores, choice.num)
    return Written(_pick(drawn.ids, place), _pick(drawn.log_probabilities, place), scores)


def steps(decoder, memory, memory_mask, start, num_steps: int, end_id: int | None,
          choice: Choice, noise=None) -> Iterator[Any]:
    """Yields the outputs (batch * num,) one step after the other, as the same loop makes them.

    Args: as `generate` has them, without a beam.
    """
    state, advance = _prepare(decoder, memory, memory_mask, start, num_steps, end_id, choice, noise)
    for _ in range(num_steps):
        state = advance(state)
        yield state.previous
        if bool(ops.all(state.ended)):
            return


def _prepare(decoder, memory, memory_mask, start, num_steps, end_id, choice, noise):
    """Returns the state before the first step, and the function that does one step."""
    again = lambda leaf: ops.repeat(leaf, choice.num, axis=0)
    state = keras.tree.map_structure(again, decoder.initial_state(memory, memory_mask, num_steps))
    memory, memory_mask, start = again(memory), again(memory_mask), again(start)
    if noise is not None:
        noise = ops.reshape(noise, (-1, num_steps))
    end, places = (-1 if end_id is None else end_id), ops.arange(num_steps, dtype="int32")

    def advance(now: _State) -> _State:
        logits, decoded = decoder.step(now.previous, now.decoder, memory, memory_mask)
        scores = choice.scores(logits, now.said, end_id)
        drawn = None if noise is None else ops.take(noise, now.step, axis=1)
        chosen = ops.where(now.ended, end, choice.pick(scores, drawn))
        found = ops.take_along_axis(scores, ops.maximum(chosen, 0)[:, None], axis=-1)
        here = places == now.step
        said = now.said
        if choice.repetition_penalty != 1:
            said = ops.logical_or(said, ops.arange(said.shape[-1]) == chosen[:, None])
        return _State(
            now.step + 1, chosen, decoded, ops.logical_or(now.ended, chosen == end),
            ops.where(here, chosen[:, None], now.ids),
            ops.where(ops.logical_and(here, ops.logical_not(now.ended)[:, None]), found,
                      now.log_probabilities), said)

    blank = ops.zeros_like(start[:, None]) + ops.zeros((1, num_steps), "int32")
    said = ops.zeros_like(start[:, None], dtype="bool")
    if choice.repetition_penalty != 1:
        said = ops.logical_or(said, ops.zeros((1, decoder.num_outputs), "bool"))
    first = _State(ops.zeros((), "int32"), start, state, ops.zeros_like(start, dtype="bool"),
                   blank + max(end, 0), ops.cast(blank, "float32"), said)
    return first, advance


def _loop(unfinished, advance, first):
    """Returns the last state. Each has the static shapes of the first, which TensorFlow asks for:
    where only the number of rows is known, as of one row whose input may have any length, a step
    forgets it."""
    def shaped(leaf, before):
        if tuple(leaf.shape) == tuple(before.shape):
            return leaf
        return ops.reshape(leaf, [-1 if size is None else size for size in before.shape])

    def once(*state):
        return tuple(keras.tree.map_structure(shaped, advance(type(first)(*state)), first))

    return type(first)(*ops.while_loop(unfinished, once, tuple(first)))


# --- Beam search --------------------------------------------------------------------------------


class _Beam(NamedTuple):
    """Unfinished sequences, `alive`, and finished ones, `done`: (batch, beam, ...)."""

    step: Any
    previous: Any
    decoder: Any
    alive: Any
    alive_ids: Any
    alive_each: Any
    done: Any
    done_ids: Any
    done_each: Any


def _beam(decoder, memory, memory_mask, start, num_steps, end_id, choice) -> Written:
    """Beam search; finished sequences are kept apart, so that they do not displace others.

    Stops when no unfinished sequence could still become better than the worst finished one.
    """
    width, end = choice.beam, (-1 if end_id is None else end_id)
    normal = lambda length: ops.power(ops.cast(length, "float32"), choice.length_penalty)
    again = lambda leaf: ops.repeat(leaf, width, axis=0)
    state = keras.tree.map_structure(again, decoder.initial_state(memory, memory_mask, num_steps))
    memory, memory_mask = again(memory), again(memory_mask)
    places, num = ops.arange(num_steps, dtype="int32"), decoder.num_outputs
    rows = ops.zeros_like(start[:, None]) + ops.zeros((1, width), "int32")  # (batch, beam)
    blank = rows[..., None] + ops.zeros((1, 1, num_steps), "int32") + max(end, 0)
    nothing = ops.cast(rows, "float32")
    alone = ops.where(ops.arange(width) == 0, nothing, _NEVER)  # all start alike: one is enough
    first_of = (ops.cumsum(ops.ones_like(start)) - 1)[:, None] * width  # (batch, 1)

    def unfinished(*state):
        now = _Beam(*state)
        best = now.alive[:, 0] / normal(num_steps)
        hope = ops.any(ops.logical_and(best > now.done[:, -1], now.alive[:, 0] > _NEVER / 2))
        return ops.logical_and(now.step < num_steps, hope)

    def once(now: _Beam) -> _Beam:
        logits, decoded = decoder.step(ops.reshape(now.previous, (-1,)), now.decoder, memory,
                                       memory_mask)
        said = None
        if choice.repetition_penalty != 1:
            same = ops.arange(num) == now.alive_ids[..., None]  # (batch, beam, steps, outputs)
            same = ops.logical_and(same, (places < now.step)[:, None])
            said = ops.reshape(ops.any(same, axis=2), (-1, num))
        scores = ops.reshape(choice.scores(logits, said, end_id), (-1, width, num))
        whole = ops.reshape(now.alive[..., None] + scores, (-1, width * num))
        best, place = ops.top_k(whole, min(2 * width, width * num))  # (batch, 2 beam)
        place = ops.cast(place, "int32")
        parent, chosen = place // num, place % num
        each = ops.take_along_axis(ops.reshape(scores, (-1, width * num)), place, axis=1)
        here = places == now.step
        ids = ops.where(here, chosen[..., None], _pick(now.alive_ids, parent))
        log_probabilities = ops.where(here, each[..., None], _pick(now.alive_each, parent))
        ended = ops.logical_and(chosen == end, best > _NEVER / 2)
        final = ops.where(ended, best / normal(now.step + 1), _NEVER)
        done, keep = ops.top_k(ops.concatenate([now.done, final], axis=1), width)
        done_ids = _pick(ops.concatenate([now.done_ids, ids], axis=1), keep)
        done_each = _pick(ops.concatenate([now.done_each, log_probabilities], axis=1), keep)
        alive, keep = ops.top_k(ops.where(chosen == end, _NEVER, best), width)
        source = ops.reshape(first_of + _pick(parent, keep), (-1,))
        decoded = keras.tree.map_structure(lambda leaf: ops.take(leaf, source, axis=0), decoded)
        return _Beam(now.step + 1, _pick(chosen, keep), decoded, alive, _pick(ids, keep),
                     _pick(log_probabilities, keep), done, done_ids, done_each)

    each = ops.cast(blank * 0, "float32")
    first = _Beam(ops.zeros((), "int32"), rows + start[:, None], state, nothing + alone, blank,
                  each, nothing + _NEVER, blank, each)
    last = _loop(unfinished, once, first)
    # What never ended ranks behind everything that did; both are sorted already.
    cut = ops.where(last.alive > _NEVER / 2, last.alive / normal(num_steps), _NEVER)
    ended = ops.sum(ops.cast(last.done > _NEVER / 2, "int32"), axis=1, keepdims=True)
    rank = ops.arange(choice.num, dtype="int32") + ops.zeros_like(ended)  # (batch, num)
    place = ops.where(rank < ended, rank, width + rank - ended)
    pick = lambda done, alive: _pick(ops.concatenate([done, alive], axis=1), place)
    return Written(pick(last.done_ids, last.alive_ids), pick(last.done_each, last.alive_each),
                   pick(last.done, cut))


def _pick(tensor, place):
    """Returns the values at `place` (batch, chosen) on the second axis of a tensor."""
    place = ops.cast(place, "int32")
    for _ in range(len(tensor.shape) - 2):
        place = place[..., None]
    return ops.take_along_axis(tensor, place, axis=1)
