"""Sequence to sequence: outputs one after the other, each one fed back for the next."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from polymodal.core import arguments
from polymodal.core.batch import MASK_SUFFIX, PREVIOUS, mask_key, select_inputs, with_masks
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.core.probabilities import softmax
from polymodal.core.seeds import generator
from polymodal.layers.losses import CrossEntropy
from polymodal.model.generation import Choice, Written, generate

__all__ = ["WritingHead"]

NOISE = "noise"  # key of the numbers that decide what is drawn


class Generated(NamedTuple):
    """Generated outputs of a model, for each row the best result first.

    Args:
        ids: (batch, steps) int32, padded with `end_id`.
        logits: (batch, steps, num_outputs) float32, of each step.
        results: Written, all results (batch, num, steps) with their scores.
    """

    ids: np.ndarray
    logits: np.ndarray
    results: Written


class WritingHead:
    """Generates a sequence: trained with teacher forcing, fed its own outputs in prediction.

    Args:
        num_outputs: int, number of output ids. The start token is the next id.
        dim: int, width of the decoder.
        aligned: bool, True for one output per fused step (O_i = f(G_i, O_{i-1})), False for a
            sequence with a length of its own, which attends to all fused steps.
        end_id: int, output that ends a sequence which is not aligned.
        max_length: int, most outputs of a sequence that is not aligned.
        decoder: str or mapping, name in `decoders`, or `{name: ..., argument: ...}` that sets its
            arguments; None for the one that fits `aligned`.
        label_smoothing: float, share of the target spread evenly over all ids, 0 <= s < 1.
        dropout: float, rate inside the decoder.
        scheduled_sampling: float, share of the model's own previous outputs at the end of training,
            0 <= s <= 1; it rises from 0. Each step runs the decoder twice.

    Raises:
        RecipeError: no end for a sequence that is not aligned, a decoder of the other kind, or a
            setting that it does not have.
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
        decoder: str | dict | None = None,
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
        scheduled_sampling: float = 0.0,
    ):
        if not 0 <= scheduled_sampling <= 1:
            raise RecipeError(f"WritingHead needs 0 <= scheduled_sampling <= 1. Got "
                              f"{scheduled_sampling}. Use 0 to train on true outputs alone.")
        if not aligned and end_id is None:
            raise RecipeError(
                "WritingHead needs end_id where outputs are not aligned. Got none. "
                "Pass the target's end_id, or aligned=True."
            )
        self.num_outputs, self.dim, self.aligned = num_outputs, dim, aligned
        self.start_id, self.end_id, self.max_length = num_outputs, end_id, max_length
        self.decoder, self.decoder_settings = _chosen(
            decoder or ("recurrent" if aligned else "recurrent_attention"))
        self.label_smoothing, self.dropout = label_smoothing, dropout
        self.scheduled_sampling = scheduled_sampling
        if find("decoders", self.decoder).aligned != aligned:
            fit = "recurrent" if aligned else "transformer or recurrent_attention"
            raise RecipeError(
                f"{type(self).__name__} needs a decoder that is {'' if aligned else 'not '}"
                f'aligned. Got "{self.decoder}". Choose {fit}, or leave decoder out.'
            )
        self._generators: dict[tuple, Generator] = {}

    def head(self, pooling: str = "attention"):
        """Returns the decoder: `(previous, tokens, mask)` -> logits (batch, steps, outputs)."""
        settings = {"dropout": self.dropout, **self.decoder_settings}
        return arguments.build(find("decoders", self.decoder), settings, "decoder", dim=self.dim,
                               num_outputs=self.num_outputs)

    def loss(self):
        """Returns the loss, summed over steps: the loader's weights hold the normalisation."""
        return CrossEntropy(self.label_smoothing)

    def activate(self, logits) -> np.ndarray:
        """Returns probabilities (rows, steps, outputs) for logits of that shape."""
        return softmax(logits)

    def generate(self, model, inputs, batch_size: int = 32, seed: int = 0,
                 jit: bool | None = None, **choice: Any) -> Generated:
        """Generates with a trained model, feeding back its outputs.

        The loop over steps is compiled if the engine compiles. A row's result does not depend on
        the other rows of its batch.

        Args:
            model: the model.
            inputs: {key: array} as in a batch. Where `previous` is given, its first column is what
                each row starts from; the rest of it is not looked at.
            batch_size: int, rows at a time.
            seed: int, of sampled outputs. The same inputs give the same samples, alone or anywhere
                in a batch.
            jit: bool, compile the loop with XLA; by default on JAX, which has no other way to leave
                Python. On TensorFlow it takes some seconds for each shape of a batch, and each
                token then takes about two thirds of the time: for servers, and long texts.
            choice: arguments of `generation.Choice`; greedy by default.

        Raises:
            RecipeError: a choice out of range, or a beam where outputs are aligned with inputs.
        """
        how = Choice(**choice)
        if self.aligned and how.beam > 1:
            raise RecipeError(f"generate needs beam=1 where outputs are aligned with the inputs. "
                              f"Got beam={how.beam}. Leave it out.")
        rows = len(next(iter(inputs.values())))
        start = np.asarray(inputs.get(PREVIOUS, np.full((rows, 1), self.start_id)))[:, :1]
        inputs = {**select_inputs(inputs, with_masks(model.keys.values())),
                  PREVIOUS: start.astype(np.int32)}
        if how.temperature:
            inputs[NOISE] = np.stack([
                generator(seed, _fingerprint(inputs, row)).random((how.num, self.max_length),
                                                                  np.float32)
                for row in range(rows)])
        engine = keras.backend.backend()
        jit = engine == "jax" if jit is None else jit and engine != "torch"
        writer = self._generator(model, how, jit)
        # a batch by itself keeps its shape, of which XLA makes more where it is one row
        found = (writer.predict_on_batch(inputs) if jit and rows <= batch_size
                 else writer.predict(inputs, batch_size=batch_size, verbose=0))
        return Generated(found[0][:, 0], found[3], Written(*found[:3]))

    def _generator(self, model, choice: Choice, jit: bool) -> Generator:
        key = (*choice.key, jit)
        known = self._generators.get(key)
        if known is None or known.model is not model:
            self._generators[key] = known = Generator(model, self, choice, jit)
        return known


def _chosen(decoder: str | dict) -> tuple[str, dict[str, Any]]:
    """Returns the name of a decoder and its checked settings."""
    config = {"name": decoder} if isinstance(decoder, str) else dict(decoder)
    name = str(config.pop("name", ""))
    return name, arguments.check(find("decoders", name), config, "decoder",
                                 skip=("dim", "num_outputs"))


def _fingerprint(inputs: dict[str, np.ndarray], row: int) -> int:
    """Returns a number that stands for what a row holds, without what its steps are padded with."""
    digest = hashlib.sha256()
    for key in sorted(key for key in inputs if not key.endswith(MASK_SUFFIX)):
        array, mask = np.asarray(inputs[key][row]), inputs.get(mask_key(key))
        known = array if mask is None else array[np.asarray(mask[row])]
        digest.update(f"{key}{known.dtype.str}".encode())
        digest.update(np.ascontiguousarray(known))
    return int.from_bytes(digest.digest()[:8], "little")


class Generator(keras.Model):
    """Generates with a model; `predict` compiles it.

    Args:
        model: the model that was trained.
        task: its task.
        choice: Choice.
        jit: bool, whether XLA compiles the loop.

    Call arguments:
        inputs: as for the model, `previous` (batch, 1) holding only the start; `noise` where
            outputs are drawn.

    Returns:
        ids, log probabilities and scores as `Written` has them, and logits (batch, steps,
        num_outputs) of the first result.
    """

    def __init__(self, model, task, choice, jit, **kwargs):
        super().__init__(**kwargs)
        self.model, self.aligned, self.choice = model, task.aligned, choice
        self.end_id, self.max_length = task.end_id, task.max_length
        self.jit_compile = jit

    def call(self, inputs):
        memory, mask = self.model.encode(inputs, training=False)
        steps = ops.shape(memory)[1] if self.aligned else self.max_length
        start = inputs[PREVIOUS][:, 0]
        found = generate(self.model.head, memory, mask, start, steps, self.end_id, self.choice,
                         inputs.get(NOISE), self.jit_compile)
        previous = ops.concatenate([start[:, None], found.ids[:, 0, :-1]], axis=1)
        return *found, self.model.head(previous, memory, mask, training=False)
