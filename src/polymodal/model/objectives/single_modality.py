"""A loss for each input by itself, so that a model also answers with only one of them."""

from __future__ import annotations

from typing import Any

from keras import ops

from polymodal.core.contracts.objective import Streams
from polymodal.layers.masks import hide
from polymodal.layers.modality_dropout import present
from polymodal.model.objective import ObjectiveLayer
from polymodal.model.objectives._mixing import Mixing, toward_other

__all__ = ["SingleModality"]


class SingleModality(ObjectiveLayer):
    """Answers each row also from each of its inputs alone, as if the others were missing.

    It needs a task of one answer per row and several inputs; else it changes nothing. All answers
    share one fusion and head, and are computed in one pass. Rows that another objective mixes with
    a neighbour have its target as well.

    Args:
        weight: float >= 0, weight of the loss, averaged over the inputs; 0 does without it.

    Source: a loss for each modality next to the fused one, Wang et al. 2020, "What makes training
    multi-modal classification networks hard?", section 3; theirs have a head each.
    """

    def __init__(self, weight: float = 1.0, **kwargs: Any):
        super().__init__(weight, **kwargs)
        self.mixing: list[Mixing] = []
        self.shares: list[Any] = []  # of the neighbour in each row, during a step
        self.built = True  # it has no variables

    def fits(self, model: Any) -> bool:
        return super().fits(model) and model.answers_rows and len(model.encoders) > 1

    def attach(self, model: Any) -> None:
        self.mixing = [one for one in model.objectives.values() if isinstance(one, Mixing)]

    def views(self, streams: Streams, batch: dict[str, Any]) -> Streams:
        self.shares = [one.share for one in self.mixing if one.share is not None]
        names = sorted(streams)
        return {
            name: _repeated(*streams[name], [True] + [other == name for other in names])
            for name in names
        }

    def split(self, streams: Streams, outputs: Any) -> tuple[Any, Any]:
        names = sorted(streams)
        own, *alone = ops.split(outputs, len(names) + 1, axis=0)
        shares, self.shares = self.shares, []  # not kept beyond the step that they were made in
        return own, [
            (logits, present(streams[name][1]), shares)
            for name, logits in zip(names, alone, strict=True)
        ]

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        total = 0.0
        for logits, there, shares in found:
            counted = ops.cast(there, "float32")
            if weights is not None:
                counted = counted * weights
            total = total + loss(targets, logits, sample_weight=counted)
            for share in shares:
                total = total + toward_other(loss, targets, logits, counted, share)
        return total / len(found)


def _repeated(tokens: Any, mask: Any, shown: list[bool]) -> tuple[Any, Any]:
    """Returns a stream concatenated once for each of `shown`, hidden where that is False."""
    masks = [mask if show else ops.zeros_like(mask) for show in shown]
    tokens = ops.concatenate([hide(tokens, mask) for mask in masks], axis=0)
    return tokens, ops.concatenate(masks, axis=0)
