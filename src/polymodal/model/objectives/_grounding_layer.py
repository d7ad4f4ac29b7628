"""Grounding: image positions of the words so far, and what is in which direction from there."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from polymodal.layers.attention import MultiHeadAttention
from polymodal.layers.feedforward import FeedForward
from polymodal.layers.layer_norm import LayerNorm
from polymodal.layers.masks import hide
from polymodal.layers.starts import known, numbered, same_sequence
from polymodal.model.objectives.word_spotting import WordSpotting

_WORDS = 4  # that are read together: "to the left of"
_RATES = (np.pi / 2, np.pi, 2 * np.pi)  # angle of each wave across the longer side of a picture
_SHARPNESS = 2.0  # weight of a word per nat that it narrows down its position
_FADING = 0.3  # how much less for each word since, in nats
_STEEPNESS = 3.0  # of preferences for directions, next to those for what things look like
_NOWHERE = -1e9


class GroundingLayer(keras.layers.Layer):
    """Gives a decoder, word by word, its position in an image and what is around it.

    To say that "a red disc is left of a" blue one, a decoder has to find the red disc, look from
    there to the right, and know that "left" asks for it. With attention over positions alone it
    learns none of these steps, since each helps only with the others. Here the first is given: a
    word and the one before it are located where `WordSpotting` sees both. Words without a clear
    position count little, later words count more. From there, queries of the last words ask for
    directions, as waves of the distance to each position, and for looks.

    Args:
        dim: int, width of the result; divisible by `num_heads`.
        num_outputs: int, number of output ids; the next id begins a text.
        spotter: WordSpotting, which sees the words.
        grid: (down, across), positions of the picture, by lines.
        first: int, index of the first of them in the memory; below 0: counted from the end.
        num_heads: int, number of queries.

    Call arguments:
        tokens: int32 (batch, steps), as for a decoder.
        memory: (batch, time, any dim), what the decoder decodes.
        memory_mask: bool (batch, time).

    Returns:
        (batch, steps, dim), to be added to what the decoder knows of the words, and what `loss`
        takes. Equal to those of repeated `step`.

    Source: positions by rotation, Su et al., "RoFormer", 2021, here of two axes and from a place
    that the words so far point to; local words side by side, Dai et al., "Primer", 2021.
    """

    def __init__(
        self,
        dim: int,
        num_outputs: int,
        spotter: WordSpotting,
        grid: tuple[int, int],
        first: int = 0,
        num_heads: int = 4,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dim, self.num_outputs, self.num_heads = dim, num_outputs, num_heads
        self.spotter, self.first, self.num_places = spotter, first, grid[0] * grid[1]
        spots = len(spotter.usual)
        ids = np.arange(num_outputs + 1)
        places = spotter.places[np.minimum(ids, len(spotter.places) - 1)]
        self.spots = np.where(places < 0, spots, places).astype(np.int32)  # the last: of no word
        at = (np.indices(grid).reshape(2, -1).T + 0.5) / max(grid)  # (places, 2)
        angles = (at[:, :, None] * np.array(_RATES)).reshape(len(at), -1)  # (places, waves)
        self.cosine, self.sine = np.cos(angles).astype("float32"), np.sin(angles).astype("float32")
        policy = self.dtype_policy
        norm = lambda name: LayerNorm(dtype=policy, name=name)
        dense = lambda size, name, **more: keras.layers.Dense(size, dtype=policy, name=name, **more)
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.embedding = keras.layers.Embedding(
            num_outputs + 1,
            dim,
            dtype=policy,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.join, self.here = dense(dim, "join"), dense(dim, "here", use_bias=False)
        self.place_norm, self.query_norm = norm("place_norm"), norm("query_norm")
        self.change_norm, self.output_norm = norm("change_norm"), norm("output_norm")
        self.around = MultiHeadAttention(dim, num_heads, dtype=policy)
        # small, or each word would start with a random direction
        self.direction = dense(
            num_heads * 2 * angles.shape[1], "direction", kernel_initializer=small
        )
        self.change = FeedForward(dim, 2, dtype=policy)
        self.output_projection = dense(dim, "output_projection")
        self.likely = dense(spots, "likely")

    def build(self, tokens_shape, memory_shape):
        steps, places = (None, None, self.dim), (None, self.num_places, memory_shape[-1])
        self.embedding.build((None, None))
        self.join.build((None, None, _WORDS * self.dim))
        self.place_norm.build(places)
        self.here.build(places)
        self.around.build(steps, places)
        for layer in (
            self.query_norm,
            self.direction,
            self.change_norm,
            self.change,
            self.output_norm,
            self.output_projection,
            self.likely,
        ):
            layer.build(steps)
        self.built = True

    def call(self, tokens, memory, memory_mask, training=None):
        tokens = known(tokens, self.num_outputs)
        text, words = numbered(tokens, self.num_outputs), [tokens]
        for back in range(1, _WORDS):
            same = ops.equal(_shifted(text, back, -1), text)
            words.append(ops.where(same, _shifted(tokens, back, 0), self.num_outputs))
        words, picture = ops.stack(words, axis=-1), self._picture(memory, memory_mask)
        looks, sharpness = self._looks(words, picture)
        steps = ops.arange(ops.shape(tokens)[1], dtype="int32")
        since = ops.expand_dims(steps, 1) - steps  # (steps, steps)
        past = ops.logical_and(same_sequence(tokens, self.num_outputs), since >= 0)
        scores = sharpness[:, None, :] - _FADING * ops.cast(since, "float32")
        weights = ops.softmax(ops.where(past, scores, _NOWHERE), axis=-1)
        hidden = self._answer(words, ops.matmul(weights, looks), picture, training)
        return self.output_projection(hidden), hidden

    def loss(self, targets, hidden, weights):
        """Returns the weighted cross-entropy of those of the targets that can be spotted, summed.

        Args:
            targets: int32 (batch, steps), the word after each of the tokens.
            hidden: what `call` returned second.
            weights: float (batch, steps).
        """
        chances = ops.log_softmax(ops.cast(self.likely(hidden), "float32"), axis=-1)
        spots = ops.take(self.spots, ops.clip(targets, 0, self.num_outputs), axis=0)
        counted = ops.cast(spots < chances.shape[-1], "float32") * ops.cast(weights, "float32")
        spots = ops.minimum(spots, chances.shape[-1] - 1)[..., None]
        return -ops.sum(ops.take_along_axis(chances, spots, axis=-1)[..., 0] * counted)

    def initial_state(self, memory, memory_mask):
        """Returns the state before the first step: every leaf has the batch first.

        Args:
            memory, memory_mask: as for `call`.
        """
        picture = self._picture(memory, memory_mask)
        places = ops.zeros_like(picture[0][:, 0])  # (batch, places)
        before = ops.zeros_like(memory_mask[:, :1], dtype="int32") + ops.full(
            (1, _WORDS - 1), self.num_outputs, dtype="int32"
        )
        return before, places, places[:, 0], picture

    def step(self, tokens, state):
        """Does one step.

        Args:
            tokens: int32 (batch,), previous outputs.
            state: what `initial_state` or the previous step returned.

        Returns:
            (what to add (batch, 1, dim), state)
        """
        before, sum_looks, sum_weights, picture = state
        tokens = known(tokens, self.num_outputs)[:, None]
        begins = ops.equal(tokens, self.num_outputs)
        words = ops.concatenate([tokens, ops.where(begins, self.num_outputs, before)], axis=1)
        looks, sharpness = self._looks(words[:, None], picture)
        kept = ops.where(begins, 0.0, float(np.exp(-_FADING)))  # (batch, 1)
        weight = ops.exp(sharpness)  # (batch, 1)
        sum_looks = kept * sum_looks + weight * looks[:, 0]
        sum_weights = kept[:, 0] * sum_weights + weight[:, 0]
        stands = sum_looks / sum_weights[:, None]
        hidden = self._answer(words[:, None], stands[:, None], picture, False)
        return self.output_projection(hidden), (words[:, :-1], sum_looks, sum_weights, picture)

    def _picture(self, memory, mask):
        """Returns what steps read of the picture's positions: how much they look like each word
        (batch, spots + 1, places), what is there, keys and values by head, and which are real."""
        last = self.first + self.num_places
        cut = slice(self.first, last if last else None)
        memory, mask = memory[:, cut], mask[:, cut]
        found = ops.transpose(self.spotter(memory, mask)[0], (0, 2, 1))
        none = ops.where(mask, 0.0, _NOWHERE)[:, None]
        places = hide(self.place_norm(memory), mask)
        return (
            ops.concatenate([found, none], axis=1),
            self.here(places),
            *self.around.keys_and_values(places),
            mask,
        )

    def _looks(self, words, picture):
        """Returns where the last two of `words` (batch, steps, words) are seen, (batch, steps,
        places) that sum to 1, and how much that counts (batch, steps)."""
        found, _, _, _, mask = picture
        spots = ops.take(self.spots, words, axis=0)
        seen = lambda which: ops.take_along_axis(found, spots[..., which, None], axis=1)
        looks = ops.softmax(seen(0) + seen(1), axis=-1)
        count = ops.maximum(ops.sum(ops.cast(mask, "float32"), axis=1), 1.0)  # (batch,)
        narrowed = ops.log(count)[:, None] + ops.sum(looks * ops.log(looks + 1e-9), axis=-1)
        return looks, _SHARPNESS * narrowed

    def _answer(self, words, stands, picture, training):
        """Returns (batch, steps, dim): what the last words, where the text stands (batch, steps,
        places) and the picture say together."""
        _, here, _, _, _ = picture
        shape = ops.shape(words)
        embedded = ops.reshape(self.embedding(words), (-1, shape[1], _WORDS * self.dim))
        hidden = self.join(embedded) + ops.matmul(ops.cast(stands, here.dtype), here)
        hidden = hidden + self._look_around(self.query_norm(hidden), stands, picture)
        hidden = hidden + self.change(self.change_norm(hidden), training=training)
        return self.output_norm(hidden)

    def _look_around(self, hidden, stands, picture):
        """Returns (batch, steps, dim): what lies where, seen from `stands`, and looks as asked."""
        _, _, key, value, mask = picture
        waves, steps = self.cosine.shape[1], ops.shape(hidden)[1]
        asked = ops.cast(
            ops.reshape(self.direction(hidden), (-1, steps, self.num_heads, 2, waves)), "float32"
        )
        near, off = asked[..., 0, :], asked[..., 1, :]  # of the cosine and sine of the distance
        cosine = ops.matmul(stands, self.cosine)[:, :, None]  # (batch, steps, 1, waves)
        sine = ops.matmul(stands, self.sine)[:, :, None]
        directions = ops.matmul(near * cosine - off * sine, self.cosine.T) + ops.matmul(
            near * sine + off * cosine, self.sine.T
        )
        return self.around.gather(
            hidden,
            key,
            value,
            mask[:, None, None],
            preference=_STEEPNESS * ops.transpose(directions, (0, 2, 1, 3)),
        )


def _shifted(tensor, steps, filling):
    """Returns (batch, time) moved to later steps, `filling` in front."""
    moved = ops.pad(tensor, ((0, 0), (steps, 0)), constant_values=filling)
    return moved[:, : ops.shape(tensor)[1]]
