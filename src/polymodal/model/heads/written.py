"""Sequence to sequence: outputs one after the other, each one fed back for the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from polymodal.core import arguments
from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find
from polymodal.core.probabilities import softmax
from polymodal.layers.losses import CrossEntropy
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.run import Generated, Runner

__all__ = ["WritingHead"]


class WritingHead(Head):
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
    textual = False
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
            raise RecipeError(
                f"WritingHead needs 0 <= scheduled_sampling <= 1. Got "
                f"{scheduled_sampling}. Use 0 to train on true outputs alone."
            )
        if not aligned and end_id is None:
            raise RecipeError(
                "WritingHead needs end_id where outputs are not aligned. Got none. "
                "Pass the target's end_id, or aligned=True."
            )
        self.num_outputs, self.dim, self.aligned = num_outputs, dim, aligned
        self.start_id, self.end_id, self.max_length = num_outputs, end_id, max_length
        self.decoder, self.decoder_settings = _chosen(
            decoder or ("recurrent" if aligned else "recurrent_attention")
        )
        self.label_smoothing, self.dropout = label_smoothing, dropout
        self.scheduled_sampling = scheduled_sampling
        if find("decoders", self.decoder).aligned != aligned:
            fit = "transformer or recurrent_attention"
            if aligned:
                fit = "recurrent"
            raise RecipeError(
                f"{type(self).__name__} needs a decoder that is {'' if aligned else 'not '}"
                f'aligned. Got "{self.decoder}". Choose {fit}, or leave decoder out.'
            )
        self._runner = Runner(self)

    def head(self, pooling: str = "attention"):
        """Returns the decoder: `(previous, tokens, mask)` -> logits (batch, steps, outputs)."""
        settings = {"dropout": self.dropout, **self.decoder_settings}
        return arguments.build(
            find("decoders", self.decoder),
            settings,
            "decoder",
            dim=self.dim,
            num_outputs=self.num_outputs,
        )

    def loss(self):
        """Returns the loss, summed over steps: the loader's weights hold the normalisation."""
        return CrossEntropy(self.label_smoothing)

    def activate(self, logits) -> np.ndarray:
        """Returns probabilities (rows, steps, outputs) for logits of that shape."""
        return softmax(logits)

    def generate(
        self,
        model,
        inputs,
        batch_size: int = 32,
        seed: int = 0,
        jit: bool | None = None,
        **choice: Any,
    ) -> Generated:
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
        return self._runner.run(model, inputs, batch_size, seed, jit, Choice(**choice))


def _chosen(decoder: str | dict) -> tuple[str, dict[str, Any]]:
    """Returns the name of a decoder and its checked settings."""
    if isinstance(decoder, str):
        config = {"name": decoder}
    else:
        config = dict(decoder)
    name = str(config.pop("name", ""))
    return name, arguments.check(
        find("decoders", name), config, "decoder", skip=("dim", "num_outputs")
    )
