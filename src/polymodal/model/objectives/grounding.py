"""Grounding: words so far are found in the picture, and the next is looked for from there."""

from __future__ import annotations

from typing import Any

from polymodal.core.contracts.objective import Streams
from polymodal.model.objective import ObjectiveLayer
from polymodal.model.objectives._grounded_decoder import GroundedDecoder
from polymodal.model.objectives._grounding_layer import GroundingLayer
from polymodal.model.objectives.word_spotting import WordSpotting

__all__ = ["Grounding"]


class Grounding(ObjectiveLayer):
    """Tells the decoder where in the picture the words so far are seen, and what is near there.

    Its loss asks for the next word from there. It needs `word_spotting` before it, and a single
    picture among the inputs whose positions the fusion keeps; else it changes nothing.

    Args:
        weight: float >= 0, weight of the loss; 0 does without the objective.
    """

    def __init__(self, weight: float = 1.0, **kwargs: Any):
        super().__init__(weight, **kwargs)
        self.layer: GroundingLayer | None = None
        self.built = True  # the head has its variables

    def fits(self, model: Any) -> bool:
        spotter = model.objectives.get("word_spotting")
        return super().fits(model) and isinstance(spotter, WordSpotting)

    def attach(self, model: Any) -> None:
        first = _first_place(model)
        if first is None:
            return
        spotter, (encoder,) = model.objectives["word_spotting"], _pictures(model)
        self.layer = GroundingLayer(
            model.head.dim, model.head.num_outputs, spotter, encoder.grid, first
        )
        model.head = GroundedDecoder(model.head, self.layer)

    def split(self, streams: Streams, outputs: Any) -> tuple[Any, Any]:
        if self.layer is None:
            return (outputs, None)
        return outputs

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any = None) -> Any:
        return self.layer.loss(targets, found, weights)


def _pictures(model: Any) -> list[Any]:
    return [encoder for encoder in model.encoders.values() if encoder.grid is not None]


def _first_place(model: Any) -> int | None:
    """Returns where the picture's positions begin among those that the decoder reads, from the end
    if below 0; None where there is no single picture, or no part that is the same for all rows."""
    encoders, pictures = list(model.encoders.values()), _pictures(model)
    if len(pictures) != 1 or not (model.fusion_keeps_places and model.sequence_keeps_places):
        return None
    place = encoders.index(pictures[0])  # in the order of their tokens
    lengths = [encoder.num_tokens for encoder in encoders]
    front, back = lengths[:place], lengths[place:]
    if None not in front:
        return sum(front)
    if None in back:
        return None
    return -sum(back)
