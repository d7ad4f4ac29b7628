"""The model: encoders, fusion, sequence model and head in one."""

from __future__ import annotations

import keras
from keras import ops

from polymodal.core.batch import PREVIOUS, item_key, mask_key, select_inputs, with_masks
from polymodal.core.errors import RecipeError
from polymodal.layers.grounded_decoder import GroundedDecoder
from polymodal.layers.grounding import Grounding
from polymodal.layers.masks import hide
from polymodal.layers.modality_dropout import ModalityDropout, present
from polymodal.layers.parts import check_stream
from polymodal.layers.scheduled_sampling import ScheduledSampling
from polymodal.layers.word_spotter import WordSpotter
from polymodal.model.towers import check_groups

_NEXT = 5.0  # weight of each next word relative to all words of a row


class Model(keras.Model):
    """Encodes each input, fuses them, optionally models the sequence, and gives logits.

    Build it by calling it once on a batch of zeros, sequences with at least two steps in it.

    Args:
        encoders: {name: encoder layer}, one per input.
        keys: {name: key of that input in a batch}, such as {"image": "input_0"}.
        fusion: layer, {name: (tokens, mask)} -> (tokens, mask).
        task: task object, which makes the head.
        sequence: layer, (tokens, mask) -> (tokens, mask), or None.
        modality_dropout: float, rate at which training hides a present input, 0 <= rate < 1.
        single_loss: float, weight of the auxiliary loss of each single input, averaged over the
            inputs; 0 = off. Needs a task of one answer per row.
        spots: words that a task with `spotting` learns to spot, as `WordSpotter` takes them.
        seed: int, start of the random numbers of `modality_dropout` and scheduled sampling.

    Call arguments:
        inputs: {key: array, key_mask: bool array} for every key, and `previous` (batch, steps)
            int32 when the task is autoregressive, and perhaps when it is guided: when a decoder is
            trained next to another head. Several sequences of a row are concatenated, each
            with its start. With key_item (batch,) int32 too, the array and mask of that key hold
            different items, and row i has item key_item[i]. Other keys are ignored.

    A task with `groups`, {group: names of inputs}, asks for several streams: each group is fused
    into a vector of its own by `Towers`, which is then the `fusion`. The head reads one token for
    each group, in that order, and a mask that is False where a row has none of its inputs. Hidden
    inputs never leave a group without any. `towers_for` in `recipe.assemble` makes them.

    Returns:
        float32 logits: (batch, outputs), or (batch, steps, outputs) for tasks per step. In training
        with `single_loss` a pair: the logits, and for each input by itself its logits and which
        rows (batch,) have it; with `spots` a pair: the logits, and what the spotter returned.

    Raises:
        RecipeError: encoders and keys do not name the same inputs.

    Source: a loss for each modality next to the fused one, Wang et al. 2020, "What makes training
    multi-modal classification networks hard?", section 3; here all share one fusion and head.
    """

    def __init__(self, encoders, keys, fusion, task, sequence=None, modality_dropout=0.0,
                 single_loss=0.0, spots=(), seed=0, **kwargs):
        super().__init__(**kwargs)
        if set(encoders) != set(keys) or not encoders:
            raise RecipeError(
                f"Model needs one key for each encoder. Got encoders {sorted(encoders)} and keys "
                f"{sorted(keys)}. Give both the same names, at least one."
            )
        self.keys = dict(keys)
        self.encoders = {name: encoders[name] for name in sorted(encoders)}
        self.modality_dropout = ModalityDropout(modality_dropout, seed)
        self.groups = getattr(task, "groups", None) or {"": tuple(self.encoders)}
        check_groups(self.groups, self.encoders)
        self.fusion, self.sequence = fusion, sequence
        vector = sequence is None and not fusion.stepwise
        self.head = task.head("mean" if vector else "attention")
        self.autoregressive = task.autoregressive
        per_row = not (task.autoregressive or task.per_step) and len(self.groups) == 1
        self.single_loss = single_loss if per_row and len(keys) > 1 else 0.0
        share = getattr(task, "scheduled_sampling", 0.0)
        self.sampling = ScheduledSampling(share, seed) if share else None
        self.guided = getattr(task, "guided", False)
        self.spotting = getattr(task, "spotting", 0.0)
        self.spotter = WordSpotter(spots) if self.spotting and spots else None
        self.grounded = getattr(task, "grounding", False) and self.spotter is not None
        has_more_losses = self.single_loss or self.spotter is not None
        self.own_loss = keras.metrics.Mean(name="own_loss") if has_more_losses else None

    @property
    def input_keys(self):
        """The keys that `call` reads from a batch."""
        return with_masks(self.keys.values()) + [PREVIOUS] * self.autoregressive

    @property
    def fusion_keeps_places(self):
        """Whether each token of each input is one of the fused tokens."""
        return self.fusion.in_one_sequence or (
            len(self.encoders) == 1 and self.fusion.stepwise)

    @property
    def sequence_keeps_places(self):
        """Whether the head reads each fused token at its position."""
        return self.sequence is None or self.sequence.keeps_places

    def plan_training(self, num_steps):
        """Sets the number of training steps for parts that change in training."""
        if self.sampling is not None:
            self.sampling.num_steps = num_steps

    def encode(self, inputs, training=None):
        """Returns the fused (tokens, mask), before the head."""
        return self._fused(self._streams(inputs, training), training)

    def _streams(self, inputs, training):
        streams = {name: self._stream(name, inputs, training) for name in self.encoders}
        shown = {}
        for names in self.groups.values():
            group = {name: streams[name] for name in names}
            shown |= self.modality_dropout(group, training=training)
        return {name: shown[name] for name in streams}

    def _stream(self, name, inputs, training):
        """Returns an input's (tokens, mask) by row; what rows share is encoded once."""
        key = self.keys[name]
        encoder = self.encoders[name]
        training = training and encoder.trainable  # a frozen one is as in use: always the same
        stream = encoder(inputs[key], inputs[mask_key(key)], training=training)
        check_stream(name, encoder, inputs[key], *stream)
        if item_key(key) not in inputs:
            return stream
        return tuple(ops.take(part, inputs[item_key(key)], axis=0) for part in stream)

    def _fused(self, streams, training):
        tokens, mask = self.fusion(streams, training=training)
        if self.sequence is not None:
            tokens, mask = self.sequence(tokens, mask, training=training)
        return tokens, mask

    def _with_singles(self, streams):
        """Returns the logits, and those of each input as if alone, in one pass."""
        names = sorted(streams)
        views = {name: _repeated(*streams[name], [True] + [other == name for other in names])
                 for name in names}
        logits = self.head(*self._fused(views, True), training=True)
        logits, *alone = ops.split(logits, len(names) + 1, axis=0)
        return logits, [(own, present(streams[name][1]))
                        for name, own in zip(names, alone, strict=True)]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the compiled loss plus auxiliary losses: `single_loss` for each input, spotting;
        `own_loss` counts the first alone."""
        if not training or self.own_loss is None:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        logits, beside = y_pred
        loss = super().compute_loss(x, y, logits, sample_weight, training)
        self.own_loss.update_state(loss, sample_weight=ops.shape(logits)[0])
        if self.spotter is not None:
            spotted, hidden = beside
            more = self.spotter.loss(y, spotted, sample_weight)
            if hidden is not None:
                more = more + _NEXT * self.head.grounding.loss(y, hidden, sample_weight)
            return loss + self.spotting * more
        share = self.single_loss / len(beside)
        for own, there in beside:
            weights = ops.cast(there, "float32")
            weights = weights if sample_weight is None else weights * sample_weight
            loss = loss + share * self.loss(y, own, sample_weight=weights)
        return loss

    def call(self, inputs, training=None):
        guide = inputs.get(PREVIOUS) if self.guided else None
        shared = [key for key in map(item_key, self.keys.values()) if key in inputs]
        inputs = select_inputs(inputs, self.input_keys + shared)
        if training and self.single_loss:
            return self._with_singles(self._streams(inputs, training))
        tokens, mask = self.encode(inputs, training)
        if guide is not None:
            return self.head(tokens, mask, guide, training=training)
        if not self.autoregressive:
            return self.head(tokens, mask, training=training)
        if self.grounded and not self.head.built:
            self._ground()
        spotted = None
        if self.spotter is not None and (training or not self.spotter.built):
            spotted = self.spotter(tokens, mask)
        found = self._write(inputs[PREVIOUS], tokens, mask, training)
        if not training or spotted is None:
            return found
        logits, hidden = found if isinstance(self.head, GroundedDecoder) else (found, None)
        return logits, (spotted, hidden)

    def _ground(self):
        """Grounds the decoder in the image among the inputs, if there is one and its positions are
        at the same place of the decoder's memory in all rows."""
        encoders = list(self.encoders.values())  # as their tokens are in one sequence
        pictures = [i for i, encoder in enumerate(encoders) if encoder.grid is not None]
        if len(pictures) != 1 or not (self.fusion_keeps_places and self.sequence_keeps_places):
            return
        lengths = [encoder.num_tokens for encoder in encoders]
        front, back = lengths[: pictures[0]], lengths[pictures[0] :]
        if None not in front:
            first = sum(front)
        elif None not in back:
            first = -sum(back)
        else:
            return
        grid = encoders[pictures[0]].grid
        grounding = Grounding(self.head.dim, self.head.num_outputs, self.spotter, grid, first)
        self.head = GroundedDecoder(self.head, grounding)

    def _write(self, previous, tokens, mask, training):
        """Returns the decoder's logits."""
        if self.sampling is not None and training:
            said = self.head(previous, tokens, mask, training=False)  # as it is used
            previous = self.sampling(previous, said)
        return self.head(previous, tokens, mask, training=training)


def _repeated(tokens, mask, shown):
    """Returns a stream once for each of `shown`, concatenated, hidden where that is False."""
    masks = [mask if show else ops.zeros_like(mask) for show in shown]
    tokens = ops.concatenate([hide(tokens, mask) for mask in masks], axis=0)
    return tokens, ops.concatenate(masks, axis=0)
