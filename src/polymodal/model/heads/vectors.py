"""Contrastive learning: vectors of two groups of inputs, alike if they belong together."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from polymodal.core.contracts.target import Head
from polymodal.core.errors import RecipeError
from polymodal.core.probabilities import softmax
from polymodal.layers.layer_norm import LayerNorm

__all__ = ["ContrastiveLoss", "PairHead", "PublishedVectors", "UnitVectors"]

_NEVER = -1e9
_LARGEST = 100.0  # that similarities are multiplied by
_SMALL = 1e-6
_TINY = 1e-12
_SOFTMAX, _SIGMOID = "softmax", "sigmoid"
_COMPARISONS = ("learned", _SOFTMAX, _SIGMOID)


class PairHead(Head):
    """Compares two groups of inputs, such as a caption and an image.

    Args:
        query: list of str, inputs of the first group.
        answer: list of str, inputs of the second group.
        num_outputs: int, groups.
        dim: int, width of the vectors.
        dropout: float, rate in front of the vectors.
        temperature: float above 0, that similarities are divided by at first; it is learned.
        comparison: str, learned, softmax or sigmoid. "learned" projects both sides. The others
            compare the vectors of published encoders as they are: "softmax" as CLIP, where one
            answer is right, "sigmoid" as SigLIP, where each pair is right or wrong by itself.

    Raises:
        RecipeError: a group without inputs, a temperature out of range, or an unknown comparison.
    """

    monitor = ("recall@10", "max")

    def __init__(
        self,
        query: list,
        answer: list,
        num_outputs: int = 2,
        dim: int = 128,
        dropout: float = 0.1,
        temperature: float = 0.07,
        comparison: str = "learned",
    ):
        if comparison not in _COMPARISONS:
            raise RecipeError(
                f"PairHead needs comparison {', '.join(_COMPARISONS)}. Got "
                f'"{comparison}". Leave it out for "learned".'
            )
        if not 1 / _LARGEST <= temperature <= 1:
            raise RecipeError(
                f"PairHead needs 0.01 <= temperature <= 1. Got {temperature}. "
                "Leave it out for 0.07."
            )
        self.groups = {"query": list(query), "answer": list(answer)}
        self.num_outputs, self.dim, self.dropout = num_outputs, dim, dropout
        self.temperature, self.comparison = temperature, comparison

    @property
    def keeps_width(self) -> bool:
        """Whether tokens of encoders with a width of their own reach the head as they are."""
        return self.comparison != "learned"

    def head(self, pooling: str = "attention"):
        """Returns the layer that turns a token for each group into vectors (batch, 2, dim)."""
        if self.keeps_width:
            return PublishedVectors(self.comparison == _SIGMOID)
        return UnitVectors(self.dim, self.dropout, self.temperature)

    def loss(self):
        """Returns the loss, summed over rows: the loader's weights hold the normalisation."""
        return ContrastiveLoss()

    def activate(self, logits) -> np.ndarray:
        """Returns vectors of length one, (rows, 2, dim); zeros for a group without inputs."""
        vectors = np.asarray(logits, np.float32)
        lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
        return vectors / np.maximum(lengths, _SMALL)

    def probabilities(self, logits) -> np.ndarray:
        """Returns how probable each of several answers is, (rows, answers).

        Args:
            logits: (rows, answers), what the layer's `logits` made of similarities.
        """
        logits = np.asarray(logits, np.float64)
        if self.comparison == _SIGMOID:
            return 0.5 * (1 + np.tanh(0.5 * logits))  # the sigmoid, which never overflows
        return softmax(logits)


class UnitVectors(keras.layers.Layer):
    """Projects the token of each of two groups to a vector of one common length.

    The product of two vectors is their similarity divided by the temperature, so the length holds
    the learned temperature.

    Args:
        dim: int, width of the vectors.
        dropout: float, rate on the tokens.
        temperature: float, at first.

    Call arguments:
        tokens: (batch, 2, width).
        mask: bool (batch, 2).

    Returns:
        float32 (batch, 2, dim), whatever the precision of the rest; zeros where masked.
    """

    def __init__(self, dim: int, dropout: float = 0.1, temperature: float = 0.07, **kwargs):
        super().__init__(**kwargs)
        self.dim, self.temperature = dim, temperature
        self.norms = [LayerNorm(dtype=self.dtype_policy) for _ in range(2)]
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.projections = [keras.layers.Dense(dim, dtype="float32") for _ in range(2)]

    def build(self, tokens_shape):
        for part in (*self.norms, *self.projections):
            part.build((None, tokens_shape[-1]))
        self.log_scale = self.add_weight(
            shape=(),
            name="log_scale",
            dtype="float32",
            initializer=keras.initializers.Constant(-math.log(self.temperature)),
        )
        self.built = True

    def call(self, tokens, mask, training=None):
        vectors = []
        for side, (norm, project) in enumerate(zip(self.norms, self.projections, strict=True)):
            vector = project(self.drop(norm(tokens[:, side]), training=training))  # (batch, dim)
            length = ops.sqrt(ops.sum(ops.square(vector), axis=-1, keepdims=True) + _SMALL)
            vectors.append(vector / length)
        there = ops.cast(mask, "float32")[..., None]
        scale = ops.exp(0.5 * ops.minimum(self.log_scale, math.log(_LARGEST)))
        return ops.stack(vectors, axis=1) * there * scale  # (batch, 2, dim)

    def logits(self, similarities: np.ndarray) -> np.ndarray:
        """Returns similarities, cosines, divided by the temperature."""
        return similarities * min(math.exp(float(self.log_scale)), _LARGEST)


class PublishedVectors(keras.layers.Layer):
    """Gives the vectors of two published encoders one common length, without a projection.

    Args:
        has_bias: bool, whether a bias is added to each logit. It is not trained: the loss of pairs
            in a batch does not depend on it.

    Call arguments:
        tokens: (batch, 2, dim).
        mask: bool (batch, 2).

    Returns:
        float32 (batch, 2, dim), whose products are logits without their bias; zeros where masked.

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021; with a bias Zhai et al., "Sigmoid loss for language image pre-training", 2023, equation 1.
    """

    def __init__(self, has_bias: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.has_bias = has_bias

    def build(self, tokens_shape):
        self.log_scale = self.add_weight(
            shape=(), name="log_scale", dtype="float32", initializer="zeros"
        )
        self.bias = None
        if self.has_bias:
            self.bias = self.add_weight(
                shape=(), name="bias", dtype="float32", initializer="zeros", trainable=False
            )
        self.built = True

    def call(self, tokens, mask, training=None):
        vectors = ops.cast(tokens, "float32")
        length = ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + _TINY)
        there = ops.cast(mask, "float32")[..., None]
        return vectors / length * there * ops.exp(0.5 * self.log_scale)

    def logits(self, similarities: np.ndarray) -> np.ndarray:
        """Returns what the encoders were trained with: similarities, cosines, scaled and moved."""
        scaled = similarities * math.exp(float(self.log_scale))
        if self.bias is None:
            return scaled
        return scaled + float(self.bias)


class ContrastiveLoss(keras.losses.Loss):
    """Cross-entropy of finding a row's answer among those of the batch, and its query, averaged.

    Rows that share the query or the answer are no negatives of each other, nor are rows without one
    of them or without a target.

    Call arguments:
        y_true: (batch, 2), equal where queries or answers are equal; 0 where a row has no target.
        y_pred: (batch, 2, dim), whose products are logits.

    Returns:
        (batch,).

    Source: Radford et al. 2021, "Learning transferable visual models from natural language
    supervision", section 2.3; here with masked negatives.
    """

    def __init__(self, reduction="sum", name="contrastive_loss", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, "float32")
        known = ops.all(ops.any(y_pred != 0, axis=-1), axis=1)  # (batch,)
        known = ops.logical_and(known, y_true[:, 0] != 0)
        alike = ops.any(y_true[:, None] == y_true[None], axis=-1)  # (batch, batch)
        own = ops.eye(ops.shape(y_pred)[0], dtype="bool")
        compared = ops.logical_or(own, ops.logical_and(ops.logical_not(alike), known[None]))
        logits = ops.matmul(y_pred[:, 0], ops.transpose(y_pred[:, 1]))
        right = ops.sum(y_pred[:, 0] * y_pred[:, 1], axis=-1)
        both = [
            ops.logsumexp(ops.where(compared, side, _NEVER), axis=1)
            for side in (logits, ops.transpose(logits))
        ]
        return ops.where(known, 0.5 * (both[0] + both[1]) - right, 0.0)
