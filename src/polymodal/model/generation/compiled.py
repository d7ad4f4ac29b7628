"""A decoder whose steps are compiled, for loops that return to Python after each one."""

from __future__ import annotations

from typing import Any

from polymodal.layers.engines.compiled import compiled

__all__ = ["CompiledDecoder"]


class CompiledDecoder:
    """A decoder for `steps`, which streams outputs: what it compiles serves all later calls.

    Args:
        decoder: Keras layer with `initial_state` and `step`, built. Its weights may change.
    """

    def __init__(self, decoder: Any):
        self.num_outputs = decoder.num_outputs
        self.step = compiled(decoder.step, decoder.variables)
        self.initial_state = compiled(decoder.initial_state, decoder.variables, static=(2,))
