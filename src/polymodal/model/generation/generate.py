"""Generates sequences with any decoder: one loop for greedy decoding, sampling and beam search.

They share `Choice.scores`; each is one compiled loop on
TensorFlow and JAX, so that no step returns to Python.
"""

from __future__ import annotations

from typing import Any

from polymodal.model.generation.beam import search
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.one_by_one import write_one_by_one
from polymodal.model.generation.written import Written

__all__ = ["generate"]


def generate(
    decoder: Any,
    memory: Any,
    memory_mask: Any,
    start: Any,
    num_steps: int,
    end_id: int | None,
    choice: Choice,
    noise: Any = None,
) -> Written:
    """Generates one or several sequences for each row.

    Args:
        decoder: layer with `initial_state` and `step`.
        memory, memory_mask: what it decodes, (batch, time, dim) and (batch, time).
        start: int32 (batch,), start token of each row.
        num_steps: int, most steps.
        end_id: int, output that ends a sequence; None to do all steps.
        choice: Choice.
        noise: float (batch, num, num_steps) in 0..1, needed for sampling.
    """
    if choice.beam > 1:
        return search(decoder, memory, memory_mask, start, num_steps, end_id, choice)
    return write_one_by_one(decoder, memory, memory_mask, start, num_steps, end_id, choice, noise)
