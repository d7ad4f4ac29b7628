"""The layer that objectives derive from: it trains nothing and changes nothing."""

from __future__ import annotations

from typing import Any

import keras

from polymodal.core.contracts.objective import Hidden, Streams
from polymodal.core.errors import RecipeError

__all__ = ["ObjectiveLayer"]


class ObjectiveLayer(keras.layers.Layer):
    """An `Objective` without a loss; see `core.contracts.objective` for what each method does.

    Args:
        weight: float >= 0, what its loss is multiplied by; 0 does without it.

    Raises:
        RecipeError: a weight below 0.
    """

    batch_keys: tuple[str, ...] = ()
    reads_unlabelled: bool = False
    replaces = ""

    def __init__(self, weight: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        if weight < 0:
            raise RecipeError(
                f"{type(self).__name__} needs weight >= 0. Got {weight}. Use 0 to do without."
            )
        self.weight = weight

    def fits(self, model: Any) -> bool:
        return self.weight > 0

    def attach(self, model: Any) -> None:
        return None

    def make(self, inputs: dict[str, Any], streams: Streams, tokens: Any, mask: Any) -> None:
        self.read(tokens, mask)

    def hide(self, inputs: dict[str, tuple[Any, Any]]) -> Hidden:
        return {}

    def restore(self, streams: Streams, hidden: Hidden, inputs: dict[str, tuple[Any, Any]]) -> Any:
        return None

    def inputs(self, batch: dict[str, Any]) -> dict[str, Any]:
        return batch

    def views(self, streams: Streams, batch: dict[str, Any]) -> Streams:
        return streams

    def read(self, tokens: Any, mask: Any) -> Any:
        return None

    def split(self, streams: Streams, outputs: Any) -> tuple[Any, Any]:
        return outputs, None

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        return 0.0
