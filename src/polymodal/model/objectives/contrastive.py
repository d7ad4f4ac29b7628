"""Which inputs belong to one row: learned from all rows, with a target or without."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from keras import ops

from polymodal.core.contracts.objective import Streams
from polymodal.layers.dense import Dense
from polymodal.layers.modality_dropout import present
from polymodal.layers.pooling import pool_mean
from polymodal.model.heads.vectors import ContrastiveLoss, UnitVectors
from polymodal.model.objective import ObjectiveLayer

__all__ = ["Contrastive"]


class Contrastive(ObjectiveLayer):
    """Finds a row's image by its sound, and the other way, for each pair of inputs.

    Rows without a target are used too: what two inputs of a row have in common, such as the digit
    that one shows and the other says, is found without being named. It needs several inputs, and a
    task that fuses all of them; else it changes nothing. Rows of a batch with exactly the same
    tokens of an input, such as one image under several questions, are no negatives of each other.

    Args:
        dim: int, width of the compared vectors.
        temperature: float, 0.01 to 1, that similarities are divided by at first; it is learned.
        weight: float >= 0, weight of the loss, averaged over pairs and rows; 0 does without it.

    Source: Radford et al. 2021, "Learning transferable visual models from natural language
    supervision", section 2.3, here between the encoders of a model that has another task. A hidden
    layer in front of the vectors is from Chen et al. 2020, "A simple framework for contrastive
    learning of visual representations", section 4.2.
    """

    reads_unlabelled = True

    def __init__(self, dim: int = 64, temperature: float = 0.1, weight: float = 1.0, **kwargs: Any):
        super().__init__(weight, **kwargs)
        self.dim, self.temperature = dim, temperature
        self.compare = ContrastiveLoss()

    def fits(self, model: Any) -> bool:
        several = len(model.encoders) > 1 and len(model.groups) == 1
        return super().fits(model) and several and not model.fusion.any_width

    def make(self, inputs: dict[str, Any], streams: Streams, tokens: Any, mask: Any) -> None:
        hidden = {}
        for name, (own, _) in streams.items():
            hidden[name] = Dense(own.shape[-1], activation="gelu", dtype=self.dtype_policy)
            hidden[name].build((None, own.shape[-1]))
        vectors = {}
        for one, other in combinations(sorted(streams), 2):
            layer = UnitVectors(self.dim, 0.0, self.temperature, dtype=self.dtype_policy)
            layer.build((None, 2, streams[one][0].shape[-1]))
            vectors[f"{one}_{other}"] = layer
        self.hidden, self.vectors, self.built = hidden, vectors, True

    def split(self, streams: Streams, outputs: Any) -> tuple[Any, Any]:
        pooled = {name: pool_mean(*stream) for name, stream in streams.items()}
        there = {name: present(mask) for name, (_, mask) in streams.items()}
        return outputs, [
            self._pair(one, other, pooled, there) for one, other in combinations(sorted(streams), 2)
        ]

    def _pair(
        self, one: str, other: str, pooled: dict[str, Any], there: dict[str, Any]
    ) -> tuple[Any, Any, Any]:
        """Returns the vectors (batch, 2, dim) of two inputs, numbers (batch, 2) that are equal
        where tokens are, and which rows (batch,) have both."""
        tokens = ops.stack([self.hidden[name](pooled[name]) for name in (one, other)], axis=1)
        mask = ops.stack([there[one], there[other]], axis=1)
        vectors = self.vectors[f"{one}_{other}"](tokens, mask)
        numbers = ops.stack([_numbers(pooled[one]), _numbers(pooled[other])], axis=1)
        return vectors, numbers, ops.all(mask, axis=1)

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        total = 0.0
        for vectors, numbers, both in found:
            count = ops.maximum(ops.sum(ops.cast(both, "float32")), 1.0)
            total = total + self.compare(numbers, vectors) / count
        return total / len(found)


def _numbers(vectors: Any) -> Any:
    """Returns int32 (batch,): from 1, the first row that has the same vector."""
    same = ops.all(ops.equal(vectors[:, None], vectors[None]), axis=-1)  # (batch, batch)
    return ops.cast(ops.argmax(ops.cast(same, "int32"), axis=1), "int32") + 1
