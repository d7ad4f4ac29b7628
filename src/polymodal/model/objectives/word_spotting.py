"""Which words a text about the inputs will have, read from each place of them by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from polymodal.layers.losses import BinaryCrossEntropy
from polymodal.layers.masks import hide
from polymodal.model.objective import ObjectiveLayer

__all__ = ["WordSpotting"]

_NOWHERE = -1e9
_FOLLOWING = 5.0  # weight of a word that follows another, next to that of all words of a row


class WordSpotting(ObjectiveLayer):
    """Learns whether a text has a word, from the best place for it, and what follows it there.

    A decoder alone learns slowly what things look like: a sentence blames the whole picture for
    each of its words. Here every place answers for itself, so that what a word means is found
    where it is seen; and the word behind it is read from that place, so that "red", which is found
    at once, shows where the "circle" of a "red circle" is. The decoder then finds both there.

    It needs a task that writes texts, of whose words some are neither rare nor in most rows.

    Args:
        spots: sequence of {"id": of a word, "share": part of the rows whose texts have it}, which
            the target fits.
        weight: float >= 0, weight of the loss; 0 does without it.

    Call arguments:
        tokens: (batch, time, dim).
        mask: bool (batch, time).

    Returns:
        A pair: float32 (batch, time, spots), how much each place looks like each word, and the
        tokens, zero where masked.

    Source: words learned from captions by many places of which one must show them, Fang et al.,
    "From captions to visual concepts and back", 2015, section 3.

    Example:

    >>> spotter = WordSpotting([{"id": 3, "share": 0.5}, {"id": 1, "share": 0.1}])
    >>> found, _ = spotter(ops.ones((2, 4, 8)), ops.ones((2, 4), bool))
    >>> tuple(found.shape)
    (2, 4, 2)
    """

    def __init__(self, spots: Sequence[dict[str, Any]] = (), weight: float = 0.2, **kwargs: Any):
        super().__init__(weight, **kwargs)
        ids = np.array([spot["id"] for spot in spots], np.int32)
        # of ids among the spots; the last: none
        self.places = np.full(ids.max(initial=-1) + 2, -1, np.int32)
        self.places[ids] = np.arange(len(ids))
        share = np.clip([spot["share"] for spot in spots], 1e-4, 1 - 1e-4)
        self.usual = np.log(share / (1 - share)).astype("float32")
        self.frequent = np.log(share / share.sum()).astype("float32")
        self.cross_entropy = BinaryCrossEntropy(reduction=None)

    def build(self, tokens_shape):
        dim, spots = tokens_shape[-1], len(self.usual)
        known = lambda values: lambda shape, dtype=None: ops.convert_to_tensor(values, dtype)
        add = lambda name, shape, **more: self.add_weight(name=name, shape=shape, **more)
        self.kernel = add("kernel", (dim, spots))
        self.bias = add("bias", (spots,), autocast=False, initializer=known(self.usual))
        self.following = add("following", (dim, spots))
        self.following_bias = add(
            "following_bias", (spots,), autocast=False, initializer=known(self.frequent)
        )
        self.embedding = add("embedding", (spots, dim))
        self.built = True

    def call(self, tokens, mask):
        tokens = hide(tokens, mask)
        found = ops.matmul(tokens, ops.cast(self.kernel, tokens.dtype))
        return ops.where(mask[..., None], ops.cast(found, "float32"), _NOWHERE), tokens

    def fits(self, model: Any) -> bool:
        return super().fits(model) and len(self.usual) > 0 and model.autoregressive

    def read(self, tokens: Any, mask: Any) -> Any:
        return self(tokens, mask)

    def loss(self, targets, found, weights, loss=None):
        """Returns the weighted sum over rows of the cross-entropy of the words that their texts
        have, summed over the spots, and over pairs of words of that of the second.

        Args:
            targets: int32 (batch, time), ids of one text, or of several, concatenated.
            found: what `call` returned.
            weights: float (batch, time), 0 where there is no target. Those of a row together weigh
                it.
            loss: not used.
        """
        found, tokens = found
        weights = ops.cast(weights, "float32")
        targets = ops.where(weights > 0, ops.cast(targets, "int32"), len(self.places) - 1)
        words = ops.take(self.places, ops.minimum(targets, len(self.places) - 1), axis=0)
        said = ops.any(ops.equal(words[..., None], np.arange(len(self.usual))), axis=1)
        losses = self.cross_entropy(said, self.presence(found)) * len(self.usual)
        whole = ops.sum(losses * ops.sum(weights, axis=1))
        first, second = words[:, :-1], words[:, 1:]
        both = ops.logical_and(first >= 0, second >= 0)
        chances = self.following_chances(found, tokens, ops.maximum(first, 0))
        second = ops.maximum(second, 0)[..., None]
        losses = -ops.take_along_axis(chances, second, axis=-1)[..., 0]
        return whole + _FOLLOWING * ops.sum(ops.where(both, losses * weights[:, 1:], 0.0))

    def presence(self, found):
        """Returns float32 logits (batch, spots): whether the texts of a row have each word.

        Args:
            found: (batch, time, spots), as `call` returned them.
        """
        count = ops.maximum(ops.sum(ops.cast(found > _NOWHERE / 2, "float32"), axis=1), 1.0)
        return ops.logsumexp(found, axis=1) - ops.log(count) + self.bias

    def following_chances(self, found, tokens, words):
        """Returns float32 log probabilities (batch, steps, spots) of the word that follows each.

        Args:
            found, tokens: as `call` returned them.
            words: int32 (batch, steps), which of the spots is there.
        """
        looks = ops.take_along_axis(ops.transpose(found, (0, 2, 1)), words[..., None], axis=1)
        seen = ops.matmul(ops.cast(ops.softmax(looks, axis=-1), tokens.dtype), tokens)
        seen = seen + ops.cast(ops.take(self.embedding, words, axis=0), tokens.dtype)
        logits = ops.matmul(seen, ops.cast(self.following, tokens.dtype))
        return ops.log_softmax(ops.cast(logits, "float32") + self.following_bias, axis=-1)
