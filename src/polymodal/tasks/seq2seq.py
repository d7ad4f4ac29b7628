"""Sequence to sequence: outputs one after the other, each one fed back for the next."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from polymodal.core.batch import PREVIOUS, select_inputs, with_masks
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.core.probabilities import softmax
from polymodal.layers.losses import CrossEntropy

__all__ = ["Seq2Seq"]


class Generated(NamedTuple):
    """What a model gave when it ran on its own outputs.

    Args:
        ids: (batch, steps) int32; behind the first `end_id` of a row only `end_id` follows.
        logits: (batch, steps, num_outputs) float32, of each step.
    """

    ids: np.ndarray
    logits: np.ndarray


class Seq2Seq:
    """Emits a sequence: trained on the true previous outputs, used with its own.

    Args:
        num_outputs: int, number of output ids. The start is the id behind the last of them.
        dim: int, width of the decoder.
        aligned: bool, True for one output per fused step (O_i = f(G_i, O_{i-1})), False for a
            sequence with a length of its own, which attends to all fused steps.
        end_id: int, output that ends a sequence which is not aligned.
        max_length: int, number of outputs at which a sequence that is not aligned is cut.
        decoder: str, name in `decoders`; None for the one that fits `aligned`.
        label_smoothing: float, share of the target spread evenly over all ids, 0 <= s < 1.
        dropout: float, rate inside the decoder.

    Raises:
        RecipeError: no end for a sequence that is not aligned, or a decoder of the other kind.
    """

    per_step = True
    autoregressive = True
    monitor = ("accuracy", "max")

    def __init__(
        self,
        num_outputs: int,
        dim: int = 128,
        aligned: bool = True,
        end_id: int | None = None,
        max_length: int = 64,
        decoder: str | None = None,
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
    ):
        if not aligned and end_id is None:
            raise RecipeError(
                "Seq2Seq needs end_id where outputs are not aligned. Got none. "
                "Pass the target's end_id, or aligned=True."
            )
        self.num_outputs, self.dim, self.aligned = num_outputs, dim, aligned
        self.start_id, self.end_id, self.max_length = num_outputs, end_id, max_length
        self.decoder = decoder or ("recurrent" if aligned else "recurrent_attention")
        self.label_smoothing, self.dropout = label_smoothing, dropout
        if find("decoders", self.decoder).aligned != aligned:
            raise RecipeError(
                f"Seq2Seq needs a decoder that is {'' if aligned else 'not '}aligned. "
                f'Got "{self.decoder}". Leave decoder out to get the right one.'
            )
        self._generator: Any = None

    def head(self, pooling: str = "attention"):
        """Returns the decoder: `(previous, tokens, mask)` -> logits (batch, steps, outputs)."""
        return find("decoders", self.decoder)(self.dim, self.num_outputs, dropout=self.dropout)

    def loss(self):
        """Returns the loss, summed over steps: the loader's weights hold the normalisation."""
        return CrossEntropy(self.label_smoothing)

    def activate(self, logits) -> np.ndarray:
        """Returns probabilities (rows, steps, outputs) for logits of that shape."""
        return softmax(logits)

    def generate(self, model, inputs, batch_size: int = 32) -> Generated:
        """Runs a trained model on its own previous outputs, the likeliest one at each step.

        The loop over steps is compiled where the engine compiles.

        Args:
            model: the model.
            inputs: {key: array} as in a batch. Where `previous` is given, its first column is what
                each row starts from; the rest of it is not looked at.
            batch_size: int, rows at a time.
        """
        rows = len(next(iter(inputs.values())))
        start = np.asarray(inputs.get(PREVIOUS, np.full((rows, 1), self.start_id)))[:, :1]
        inputs = {**select_inputs(inputs, with_masks(model.keys.values())),
                  PREVIOUS: start.astype(np.int32)}
        if self._generator is None or self._generator.model is not model:
            self._generator = Generator(model, self)
        ids, logits = self._generator.predict(inputs, batch_size=batch_size, verbose=0)
        return Generated(ids, logits)


class Generator(keras.Model):
    """Runs a model on its own outputs; `predict` compiles it.

    Args:
        model: the model that was trained.
        task: its task.

    Call arguments:
        inputs: as for the model, `previous` (batch, 1) holding only the start.

    Returns:
        ids (batch, steps) and logits (batch, steps, num_outputs).
    """

    def __init__(self, model, task, **kwargs):
        super().__init__(**kwargs)
        self.model, self.aligned = model, task.aligned
        self.end_id, self.max_length = task.end_id, task.max_length
        # XLA would compile the loop anew for every shape, which costs more than it gains;
        # JAX has no other way to leave Python
        self.jit_compile = keras.backend.backend() == "jax"

    def call(self, inputs):
        memory, mask = self.model.encode(inputs, training=False)
        steps = ops.shape(memory)[1] if self.aligned else self.max_length
        return free_run(self.model.head, memory, mask, inputs[PREVIOUS][:, 0], steps, self.end_id)


def free_run(decoder, memory, memory_mask, start, num_steps, end_id=None):
    """Feeds a decoder its own likeliest outputs.

    Args:
        decoder: layer with `initial_state` and `step`.
        memory, memory_mask: what it decodes, (batch, time, dim) and (batch, time).
        start: int32 (batch,), what each row starts from.
        num_steps: int, most steps.
        end_id: int, output behind which a row only repeats it; all rows there end the loop. None
            to do all steps.

    Returns:
        ids (batch, num_steps) int32 and logits (batch, num_steps, num_outputs) float32.
    """
    end = -1 if end_id is None else end_id
    ended = ops.zeros_like(start, dtype="bool")
    blank = ops.zeros_like(start[:, None], dtype="int32") + ops.zeros((1, num_steps), "int32")
    logits = ops.cast(blank[..., None], "float32") + ops.zeros((1, 1, decoder.num_outputs))
    places = ops.arange(num_steps, dtype="int32")

    def unfinished(step, previous, state, ended, ids, logits):
        return ops.logical_and(step < num_steps, ops.logical_not(ops.all(ended)))

    def once(step, previous, state, ended, ids, logits):
        found, state = decoder.step(previous, state, memory, memory_mask)
        best = ops.where(ended, end, ops.cast(ops.argmax(found, axis=-1), "int32"))
        here = places == step
        ids = ops.where(here, best[:, None], ids)
        logits = ops.where(here[:, None], found[:, None], logits)
        return step + 1, best, state, ops.logical_or(ended, best == end), ids, logits

    state = decoder.initial_state(memory, memory_mask)
    first = (ops.zeros((), "int32"), start, state, ended, blank + max(end, 0), logits)
    return ops.while_loop(unfinished, once, first)[4:]
