"""Beam search: the most likely sequences side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from polymodal.model.generation.choice import NEVER, Choice
from polymodal.model.generation.loop import repeat
from polymodal.model.generation.written import Written, at

__all__ = ["search"]


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


def search(
    decoder: Any,
    memory: Any,
    memory_mask: Any,
    start: Any,
    num_steps: int,
    end_id: int | None,
    choice: Choice,
) -> Written:
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
    alone = ops.where(ops.arange(width) == 0, nothing, NEVER)  # all start alike: one is enough
    first_of = (ops.cumsum(ops.ones_like(start)) - 1)[:, None] * width  # (batch, 1)

    def unfinished(*state):
        now = _Beam(*state)
        best = now.alive[:, 0] / normal(num_steps)
        hope = ops.any(ops.logical_and(best > now.done[:, -1], now.alive[:, 0] > NEVER / 2))
        return ops.logical_and(now.step < num_steps, hope)

    def once(now: _Beam) -> _Beam:
        logits, decoded = decoder.step(
            ops.reshape(now.previous, (-1,)), now.decoder, memory, memory_mask
        )
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
        ids = ops.where(here, chosen[..., None], at(now.alive_ids, parent))
        log_probabilities = ops.where(here, each[..., None], at(now.alive_each, parent))
        ended = ops.logical_and(chosen == end, best > NEVER / 2)
        final = ops.where(ended, best / normal(now.step + 1), NEVER)
        done, keep = ops.top_k(ops.concatenate([now.done, final], axis=1), width)
        done_ids = at(ops.concatenate([now.done_ids, ids], axis=1), keep)
        done_each = at(ops.concatenate([now.done_each, log_probabilities], axis=1), keep)
        alive, keep = ops.top_k(ops.where(chosen == end, NEVER, best), width)
        source = ops.reshape(first_of + at(parent, keep), (-1,))
        decoded = keras.tree.map_structure(lambda leaf: ops.take(leaf, source, axis=0), decoded)
        return _Beam(
            now.step + 1,
            at(chosen, keep),
            decoded,
            alive,
            at(ids, keep),
            at(log_probabilities, keep),
            done,
            done_ids,
            done_each,
        )

    each = ops.cast(blank * 0, "float32")
    first = _Beam(
        ops.zeros((), "int32"),
        rows + start[:, None],
        state,
        nothing + alone,
        blank,
        each,
        nothing + NEVER,
        blank,
        each,
    )
    return _best(repeat(unfinished, once, first), choice, normal(num_steps))


def _best(last: _Beam, choice: Choice, longest: Any) -> Written:
    """Returns the best sequences of the last step; `longest` divides scores of unfinished ones."""
    width = choice.beam
    # What never ended ranks behind everything that did; both are sorted already.
    cut = ops.where(last.alive > NEVER / 2, last.alive / longest, NEVER)
    ended = ops.sum(ops.cast(last.done > NEVER / 2, "int32"), axis=1, keepdims=True)
    rank = ops.arange(choice.num, dtype="int32") + ops.zeros_like(ended)  # (batch, num)
    place = ops.where(rank < ended, rank, width + rank - ended)
    pick = lambda done, alive: at(ops.concatenate([done, alive], axis=1), place)
    return Written(
        pick(last.done_ids, last.alive_ids),
        pick(last.done_each, last.alive_each),
        pick(last.done, cut),
    )
