"""Recurrent layers that skip what is masked, in both directions."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import fit_mask, hide

__all__ = ["Recurrent"]

# Added to a gate before its sigmoid, this opens or closes it entirely in every float type.
SHUT = 1e4


class Recurrent(keras.layers.Layer):
    """A recurrent layer over tokens: LSTM or GRU, one direction or both.

    Masked steps do not change the state: padding on either side has no effect, and a missing step
    in the middle is ignored.

    Args:
        dim: int, width of the result; shared by both directions, so even with `bidirectional`.
        kind: "gru" or "lstm".
        bidirectional: bool, whether a second pass reads from the end.

    Call arguments:
        tokens: (batch, time, any dim).
        mask: bool (batch, time).

    Returns:
        (batch, time, dim), zero where masked.

    Raises:
        RecipeError: an unknown kind, or an odd `dim` for two directions.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997, with forget gates that start
    open; Cho et al., "Learning phrase representations", 2014, equations 5 to 8, with the reset
    gate after the product. Masks act on the gates (input shut, forget or update open), so the
    loop itself has nothing to select.
    """

    def __init__(self, dim: int, kind: str = "gru", bidirectional: bool = False, **kwargs):
        super().__init__(**kwargs)
        if kind not in _CELLS:
            raise RecipeError(
                f'Recurrent needs kind {" or ".join(_CELLS)}. Got "{kind}". Use one of these.'
            )
        if bidirectional and dim % 2:
            raise RecipeError(
                f"Recurrent needs an even dim for two directions. Got {dim}. Pass dim={dim + 1}."
            )
        self.dim, self.kind, self.bidirectional = dim, kind, bidirectional
        size = dim // 2 if bidirectional else dim
        make = lambda name, back: _Direction(size, kind, back, dtype=self.dtype_policy, name=name)
        self.onward = make("onward", False)
        self.backward = make("backward", True) if bidirectional else None

    def build(self, tokens_shape):
        self.onward.build(tokens_shape)
        if self.backward is not None:
            self.backward.build(tokens_shape)
        self.built = True

    def call(self, tokens, mask, training=None):
        tokens = hide(tokens, mask)
        result = self.onward(tokens, mask)
        if self.backward is not None:
            result = ops.concatenate([result, self.backward(tokens, mask)], axis=-1)
        return hide(result, mask)


class _Direction(keras.layers.Layer):
    """One pass. The products with the inputs are taken for all steps at once, before the loop."""

    def __init__(self, size: int, kind: str, backwards: bool, **kwargs):
        super().__init__(**kwargs)
        self.cell = _CELLS[kind](size, self.compute_dtype, dtype="float32", name="cell")
        self.project = keras.layers.Dense(
            size * len(self.cell.gates), dtype=self.dtype_policy, name="project"
        )
        # The states stay float32; only the cell's product may be in a smaller type.
        self.loop = keras.layers.RNN(
            self.cell,
            return_sequences=True,
            go_backwards=backwards,
            dtype="float32",
            name="loop",
        )
        self.backwards = backwards

    def build(self, tokens_shape):
        self.project.build(tokens_shape)
        self.loop.build((*tokens_shape[:2], self.project.units))
        self.built = True

    def call(self, tokens, mask):
        gates = self.project(tokens)
        absent = ops.cast(ops.logical_not(mask), gates.dtype)
        hold = ops.repeat(ops.cast(self.cell.gates, gates.dtype), self.cell.state_width)
        result = ops.cast(self.loop(gates + fit_mask(absent, gates) * hold), gates.dtype)
        if self.backwards:
            return ops.flip(result, axis=1)
        return result


class _Cell(keras.layers.Layer):
    """Base of the two cells: `gates` is what a masked step adds to each gate to hold the memory."""

    gates: tuple[float, ...]

    def __init__(self, size: int, product_dtype: str, **kwargs):
        super().__init__(**kwargs)
        self.state_width = self.output_size = size
        self.product_dtype = product_dtype

    def build(self, gates_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.state_width, self.state_width * len(self.gates)),
            initializer="orthogonal",
        )

    def product(self, state):
        small = self.product_dtype
        product = ops.matmul(ops.cast(state, small), ops.cast(self.kernel, small))
        return ops.cast(product, "float32")


class _LSTMCell(_Cell):
    gates = (-SHUT, SHUT, 0.0, 0.0)  # input, forget, candidate, output

    @property
    def state_size(self):
        return [self.state_width, self.state_width]

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.state_width), "float32") for _ in range(2)]

    def call(self, gates, states):
        output, memory = states
        enter, forget, candidate, show = ops.split(gates + self.product(output), 4, axis=-1)
        memory = ops.sigmoid(forget + 1.0) * memory + ops.sigmoid(enter) * ops.tanh(candidate)
        output = ops.sigmoid(show) * ops.tanh(memory)
        return output, [output, memory]


class _GRUCell(_Cell):
    gates = (0.0, SHUT, 0.0)  # reset, update, candidate

    def build(self, gates_shape):
        super().build(gates_shape)
        self.bias = self.add_weight(name="bias", shape=(self.state_width,), initializer="zeros")

    @property
    def state_size(self):
        return [self.state_width]

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.state_width), "float32")]

    def call(self, gates, states):
        memory = states[0]
        reset, update, candidate = ops.split(gates, 3, axis=-1)
        reset_more, update_more, candidate_more = ops.split(self.product(memory), 3, axis=-1)
        reset = ops.sigmoid(reset + reset_more)
        update = ops.sigmoid(update + update_more)
        candidate = ops.tanh(candidate + reset * (candidate_more + self.bias))
        memory = update * memory + (1.0 - update) * candidate
        return memory, [memory]


_CELLS = {"gru": _GRUCell, "lstm": _LSTMCell}
