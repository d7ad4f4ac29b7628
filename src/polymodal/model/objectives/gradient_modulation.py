"""Gradient modulation: an input that answers best alone learns slower, so that others catch up."""

from __future__ import annotations

from typing import Any

from keras import ops

from polymodal.core.contracts.objective import Streams
from polymodal.core.errors import RecipeError
from polymodal.model.objectives.single_modality import SingleModality

__all__ = ["GradientModulation"]

_KEPT = 0.9  # of the old mean, at each step
_TINY = 1e-6


class GradientModulation(SingleModality):
    """Asks each input alone, and weakens the gradient of one that answers better than the others.

    It takes the place of `single_modality`, whose loss it has too.

    Args:
        weight: float > 0, weight of the loss of inputs alone; 0 does without all of it.
        alpha: float > 0, how much weaker.

    Source: Peng et al. 2022, "Balanced multimodal learning via on-the-fly gradient modulation"
    (OGM-GE), equations 8 to 10. Ours takes the probability of the right answer from the single
    inputs' own answers, as a mean over steps, and adds no noise to gradients (GE). AdamW divides
    by the size of gradients, so that only changes of the factor act, as they act on plain SGD.
    """

    replaces = "single_modality"

    def __init__(self, weight: float = 1.0, alpha: float = 0.5, **kwargs: Any):
        super().__init__(weight, **kwargs)
        if not alpha > 0:
            raise RecipeError(f"GradientModulation needs alpha above 0. Got {alpha}. Try 0.5.")
        self.alpha = alpha
        self.names: list[str] = []

    def fits(self, model: Any) -> bool:
        both = any(isinstance(one, SingleModality) for one in model.objectives.values())
        if self.weight and both:
            raise RecipeError(
                "objectives: gradient_modulation asks inputs alone by itself. Got "
                "single_modality too. Set objectives.single_modality.weight=0."
            )
        return super().fits(model)

    def attach(self, model: Any) -> None:
        self.names = sorted(model.encoders)
        self.alone = self.add_weight(
            name="alone", shape=(len(self.names),), initializer="ones", trainable=False
        )

    def views(self, streams: Streams, batch: dict[str, Any]) -> Streams:
        factors, slowed = self.factors(), {}
        for place, name in enumerate(self.names):
            tokens, mask = streams[name]
            factor = ops.cast(factors[place], tokens.dtype)
            still = ops.stop_gradient(tokens)
            slowed[name] = still + factor * (tokens - still), mask  # the same, with less gradient
        return super().views(slowed, batch)

    def factors(self) -> Any:
        """Returns what the gradient of each input is multiplied by, (inputs,) float32."""
        mean = ops.cast(self.alone, "float32")
        others = (ops.sum(mean) - mean) / (len(self.names) - 1)
        ratio = mean / ops.maximum(others, _TINY)
        return ops.where(ratio > 1, 1 - ops.tanh(self.alpha * (ratio - 1)), 1.0)

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        means = []
        for place, (logits, there) in enumerate(found):
            counted = ops.cast(there, "float32")
            if weights is not None:
                counted = counted * weights
            rows = ops.sum(counted)
            mean = ops.exp(-loss(targets, logits, sample_weight=counted) / ops.maximum(rows, _TINY))
            means.append(ops.where(rows > 0, mean, self.alone[place]))
        now = ops.stop_gradient(ops.stack(means))
        self.alone.assign(_KEPT * self.alone + (1 - _KEPT) * ops.cast(now, self.alone.dtype))
        return super().loss(targets, found, weights, loss)
