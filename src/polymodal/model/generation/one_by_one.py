"""Greedy decoding and sampling: one output after the other, each fed back for the next."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from polymodal.model.generation.choice import Choice
from polymodal.model.generation.loop import repeat
from polymodal.model.generation.written import Written, at

__all__ = ["write_one_by_one"]


class _State(NamedTuple):
    """The state of the loop; rows are batch times results."""

    step: Any
    previous: Any
    decoder: Any
    ended: Any
    ids: Any
    log_probabilities: Any
    said: Any


def write_one_by_one(
    decoder: Any,
    memory: Any,
    memory_mask: Any,
    start: Any,
    num_steps: int,
    end_id: int | None,
    choice: Choice,
    noise: Any = None,
) -> Written:
    """Generates `choice.num` sequences for each row; those sampled are ordered, the best first.

    Args: as `generate` has them.
    """
    first, advance = _prepare(decoder, memory, memory_mask, start, num_steps, end_id, choice, noise)

    def unfinished(*state):
        state = _State(*state)
        return ops.logical_and(state.step < num_steps, ops.logical_not(ops.all(state.ended)))

    last = repeat(unfinished, advance, first)
    shape = (-1, choice.num, num_steps)
    found = ops.reshape(last.log_probabilities, shape)
    written = Written(ops.reshape(last.ids, shape), found, ops.sum(found, axis=-1))
    if choice.temperature:
        return _ranked(written, num_steps, end_id, choice)
    return written


def _ranked(drawn: Written, num_steps, end_id: int | None, choice: Choice) -> Written:
    """Returns sampled results with scores as of a beam, the best first."""
    lengths = ops.sum(ops.cast(drawn.ids != (-1 if end_id is None else end_id), "int32"), axis=-1)
    lengths = ops.cast(ops.minimum(lengths + 1, num_steps), "float32")  # (batch, num)
    scores = drawn.scores / ops.power(lengths, choice.length_penalty)
    scores, place = ops.top_k(scores, choice.num)
    return Written(at(drawn.ids, place), at(drawn.log_probabilities, place), scores)


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
            now.step + 1,
            chosen,
            decoded,
            ops.logical_or(now.ended, chosen == end),
            ops.where(here, chosen[:, None], now.ids),
            ops.where(
                ops.logical_and(here, ops.logical_not(now.ended)[:, None]),
                found,
                now.log_probabilities,
            ),
            said,
        )

    blank = ops.zeros_like(start[:, None]) + ops.zeros((1, num_steps), "int32")
    said = ops.zeros_like(start[:, None], dtype="bool")
    if choice.repetition_penalty != 1:
        said = ops.logical_or(said, ops.zeros((1, decoder.num_outputs), "bool"))
    first = _State(
        ops.zeros((), "int32"),
        start,
        state,
        ops.zeros_like(start, dtype="bool"),
        blank + max(end, 0),
        ops.cast(blank, "float32"),
        said,
    )
    return first, advance
