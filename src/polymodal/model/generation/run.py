"""Runs a trained model on its own outputs: inputs in, sequences with their scores out."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
from keras import ops

from polymodal.core.contracts.batch import (
    MASK_SUFFIX,
    PREVIOUS,
    mask_key,
    select_inputs,
    with_masks,
)
from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.generate import generate
from polymodal.model.generation.written import Written

__all__ = ["Generated", "Runner", "Writes"]

NOISE = "noise"  # key of the numbers that decide what is sampled


class Writes(Protocol):
    """What a head that writes states: where a sequence starts, and where it ends.

    Attributes:
        aligned: bool, whether there is one output per fused step.
        start_id: int.
        end_id: int, or None where all steps are done.
        max_length: int, most outputs of a sequence that is not aligned.
        textual: bool, whether texts are scored, so that nobody asks for the logits of their steps.
    """

    aligned: bool
    start_id: int
    end_id: int | None
    max_length: int
    textual: bool


class Generated(NamedTuple):
    """Generated outputs of a model, for each row the best result first.

    Args:
        ids: (batch, steps) int32, padded with `end_id`.
        logits: (batch, steps, num_outputs) float32, of each step; of texts (batch, 0).
        results: Written, all results (batch, num, steps) with their scores.
    """

    ids: np.ndarray
    logits: np.ndarray
    results: Written


class Runner:
    """Runs models on their own outputs, and keeps the compiled loop of each way to choose.

    Args:
        head: Writes.
    """

    def __init__(self, head: Writes):
        self.head = head
        self._generators: dict[tuple, Generator] = {}

    def run(
        self,
        model: Any,
        inputs: dict[str, Any],
        batch_size: int,
        seed: int,
        jit: bool | None,
        choice: Choice,
    ) -> Generated:
        """Returns what a model writes. Arguments are as `WritingHead.generate` has them.

        Raises:
            RecipeError: a beam where outputs are aligned with inputs.
        """
        if self.head.aligned and choice.beam > 1:
            raise RecipeError(
                f"generate needs beam=1 where outputs are aligned with the inputs. "
                f"Got beam={choice.beam}. Leave it out."
            )
        rows = len(next(iter(inputs.values())))
        inputs = self._prepared(model, inputs, rows, seed, choice)
        engine = keras.backend.backend()
        jit = engine == "jax" if jit is None else jit and engine != "torch"
        writer = self._generator(model, choice, jit)
        if jit and rows <= batch_size:
            # a batch by itself keeps its shape, of which XLA makes more where it is one row
            found = writer.predict_on_batch(inputs)
        else:
            found = writer.predict(inputs, batch_size=batch_size, verbose=0)
        logits = np.zeros((rows, 0), np.float32)
        if not self.head.textual:
            logits = found[3]
        return Generated(found[0][:, 0], logits, Written(*found[:3]))

    def _prepared(
        self, model: Any, inputs: dict[str, Any], rows: int, seed: int, choice: Choice
    ) -> dict[str, Any]:
        """Returns exactly what the generator reads: inputs, starts, and noise where it samples."""
        start = np.asarray(inputs.get(PREVIOUS, np.full((rows, 1), self.head.start_id)))[:, :1]
        found = {
            **select_inputs(inputs, with_masks(model.keys.values())),
            PREVIOUS: start.astype(np.int32),
        }
        if choice.temperature:
            shape = choice.num, self.head.max_length
            found[NOISE] = np.stack(
                [
                    generator(seed, _fingerprint(found, row)).random(shape, np.float32)
                    for row in range(rows)
                ]
            )
        return found

    def _generator(self, model: Any, choice: Choice, jit: bool) -> Generator:
        key = (*choice.key, jit, model.kept)
        known = self._generators.get(key)
        if known is None or known.model is not model:
            self._generators[key] = known = Generator(model, self.head, choice, jit)
        return known


class Generator(keras.Model):
    """Generates with a model; `predict` compiles it.

    Args:
        model: the model that was trained.
        head: Writes.
        choice: Choice.
        jit: bool, whether XLA compiles the loop.

    Call arguments:
        inputs: as for the model, `previous` (batch, 1) holding only the start; `noise` where
            outputs are sampled.

    Returns:
        ids, log probabilities and scores as `Written` has them, and, but for texts, logits (batch,
        steps, num_outputs) of the first result: they take reading the prompt once more.
    """

    def __init__(self, model: Any, head: Writes, choice: Choice, jit: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.model, self.aligned, self.choice = model, head.aligned, choice
        self.end_id, self.max_length = head.end_id, head.max_length
        self.textual = head.textual
        self.jit_compile = jit

    def call(self, inputs):
        memory, mask = self.model.encode(inputs, training=False)
        steps = ops.shape(memory)[1] if self.aligned else self.max_length
        start = inputs[PREVIOUS][:, 0]
        found = generate(
            self.model.head, memory, mask, start, steps, self.end_id, self.choice, inputs.get(NOISE)
        )
        if self.textual:
            return tuple(found)
        previous = ops.concatenate([start[:, None], found.ids[:, 0, :-1]], axis=1)
        return *found, self.model.head(previous, memory, mask, training=False)


def _fingerprint(inputs: dict[str, np.ndarray], row: int) -> int:
    """Returns a number that stands for what a row holds, without what its steps are padded with."""
    digest = hashlib.sha256()
    for key in sorted(key for key in inputs if not key.endswith(MASK_SUFFIX)):
        array, mask = np.asarray(inputs[key][row]), inputs.get(mask_key(key))
        known = array if mask is None else array[np.asarray(mask[row])]
        digest.update(f"{key}{known.dtype.str}".encode())
        digest.update(np.ascontiguousarray(known))
    return int.from_bytes(digest.digest()[:8], "little")
