"""The model: encode, fuse, sequence, head; objectives plug in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
from keras import ops

from polymodal.core.contracts.batch import (
    PLACES,
    PREVIOUS,
    item_key,
    mask_key,
    select_inputs,
    with_masks,
)
from polymodal.core.contracts.objective import Objective, Streams
from polymodal.core.errors import RecipeError
from polymodal.layers.frames import in_order, pooled
from polymodal.layers.masks import fit_mask, hide
from polymodal.layers.modality_dropout import ModalityDropout
from polymodal.layers.parts import check_stream, kept_stream
from polymodal.layers.scheduled_sampling import ScheduledSampling
from polymodal.model.towers import check_groups


class Model(keras.Model):
    """Encodes each input, fuses them, optionally models the sequence, and gives logits.

    Build it by calling it once on a batch of zeros, sequences with at least two steps in it.

    Args:
        encoders: {name: encoder layer}, one per input.
        keys: {name: key of that input in a batch}, such as {"image": "input_0"}.
        fusion: layer, {name: (tokens, mask)} -> (tokens, mask).
        task: task object, which makes the head.
        sequence: layer, (tokens, mask) -> (tokens, mask), or None.
        objectives: {name: Objective}, auxiliary losses in the order in which they are asked. Those
            that do not fit the model are left out.
        modality_dropout: float, rate at which training hides a present input, 0 <= rate < 1.
        seed: int, start of the random numbers of `modality_dropout` and scheduled sampling.
        projections: {name: layer} that projects the tokens of an encoder with a width of its own to
            the width of all others.
        several: names of inputs of which a row may have several: (batch, items, ...) with a mask
            (batch, items). Each is encoded by itself, and streams are (batch, items, time, dim).
        frame_tokens: {name: most tokens of each frame} of those inputs whose items are frames of
            one video. Tokens of a frame are pooled, and streams are (batch, frames * time, dim).

    Call arguments:
        inputs: {key: array, key_mask: bool array} for every key, and `previous` (batch, steps)
            int32 when the task is autoregressive, and perhaps when it is guided: when a decoder is
            trained next to another head. Several sequences of a row are concatenated, each with its
            start. With key_item (batch,) int32 too, the array and mask of that key hold different
            items, and row i has item key_item[i], or several of them, -1 for none. With `places`
            (batch, steps) int32 instead of `previous`, inputs hold the outputs already. Other keys
            are ignored, except for `batch_keys` of objectives.

    A task with `groups`, {group: names of inputs}, asks for several streams: each group is fused
    into a vector of its own by `Towers`, which is then the `fusion`. The head reads one token for
    each group, in that order, and a mask that is False where a row has none of its inputs. Hidden
    inputs never leave a group without any. `towers_for` in `recipe.assemble` makes them.

    Returns:
        float32 logits: (batch, outputs), or (batch, steps, outputs) for tasks per step. In training
        with objectives a pair: the logits, and {objective: what it found}.

    Raises:
        RecipeError: encoders and keys do not name the same inputs.
    """

    def __init__(
        self,
        encoders: Mapping[str, Any],
        keys: Mapping[str, str],
        fusion: Any,
        task: Any,
        sequence: Any = None,
        objectives: Mapping[str, Objective] | None = None,
        modality_dropout: float = 0.0,
        seed: int = 0,
        projections: Mapping[str, Any] | None = None,
        several: Iterable[str] = (),
        frame_tokens: Mapping[str, int] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if set(encoders) != set(keys) or not encoders:
            raise RecipeError(
                f"Model needs one key for each encoder. Got encoders {sorted(encoders)} and keys "
                f"{sorted(keys)}. Give both the same names, at least one."
            )
        self.keys = dict(keys)
        self.projections = dict(projections or {})
        self.kept: frozenset[str] = frozenset()
        self.several = frozenset(several)
        self.frame_tokens = dict(frame_tokens or {})
        self.encoders = {name: encoders[name] for name in sorted(encoders)}
        self.modality_dropout = ModalityDropout(modality_dropout, seed)
        self.groups = task.groups or {"": tuple(self.encoders)}
        check_groups(self.groups, self.encoders)
        self.fusion, self.sequence = fusion, sequence
        vector = sequence is None and not fusion.stepwise
        self.head = task.head("mean" if vector else "attention")
        self.autoregressive = task.autoregressive
        self.guided = task.guided
        self.answers_rows = not (task.autoregressive or task.per_step) and len(self.groups) == 1
        self.sampling = None
        if task.scheduled_sampling:
            self.sampling = ScheduledSampling(task.scheduled_sampling, seed)
        self.pretrains = False
        self._take(objectives or {})

    def _take(self, objectives: Mapping[str, Objective]) -> None:
        """Keeps the objectives that fit, each after it was asked with those before it."""
        self.objectives: dict[str, Objective] = {}
        for name, objective in objectives.items():
            if objective.fits(self):
                self.objectives[name] = objective
        counted = []
        if self.objectives:
            counted = ["own_loss", *self.objectives]
        self.losses_apart = {name: keras.metrics.Mean(name=name) for name in counted}

    @property
    def input_keys(self) -> list[str]:
        """The keys that `call` reads from a batch."""
        return with_masks(self.keys.values()) + [PREVIOUS] * self.autoregressive

    @property
    def reads_unlabelled(self) -> bool:
        """Whether an objective learns from rows without a target."""
        return any(objective.reads_unlabelled for objective in self.objectives.values())

    @property
    def fusion_keeps_places(self) -> bool:
        """Whether each token of each input is one of the fused tokens."""
        return self.fusion.in_one_sequence or (len(self.encoders) == 1 and self.fusion.stepwise)

    @property
    def sequence_keeps_places(self) -> bool:
        """Whether the head reads each fused token at its position."""
        return self.sequence is None or self.sequence.keeps_places

    def plan_training(self, num_steps: int) -> None:
        """Sets the number of training steps for parts that change in training."""
        if self.sampling is not None:
            self.sampling.num_steps = num_steps

    def encode(self, inputs: dict[str, Any], training: bool | None = None) -> tuple[Any, Any]:
        """Returns the fused (tokens, mask), before the head."""
        return self._fused(self._streams(inputs, training), training)

    def _streams(self, inputs: dict[str, Any], training: bool | None) -> Streams:
        streams = {name: self._stream(name, inputs, training) for name in self.encoders}
        shown = {}
        for names in self.groups.values():
            group = {name: streams[name] for name in names}
            shown |= self.modality_dropout(group, training=training)
        return {name: shown[name] for name in streams}

    def _stream(self, name: str, inputs: dict[str, Any], training: bool | None) -> tuple[Any, Any]:
        """Returns an input's (tokens, mask) by row; what rows share is encoded once."""
        key = self.keys[name]
        if name in self.kept or _is_encoded(self.encoders[name], inputs[key]):
            stream = kept_stream(inputs[key], inputs[mask_key(key)])
        else:
            stream = self._encoded(name, inputs[key], inputs[mask_key(key)], training)
            stream = self.pooled(name, *stream)
        stream = self._projected(name, *stream)
        if name in self.frame_tokens:
            stream = in_order(*stream, places=not self.fusion.any_width)
        if item_key(key) not in inputs:
            return stream
        return _shared(stream, inputs[item_key(key)])

    def pooled(self, name: str, tokens: Any, mask: Any) -> tuple[Any, Any]:
        """Returns the tokens of an input's frames, no more of each than the recipe says; those of
        other inputs as they are."""
        if name not in self.frame_tokens:
            return tokens, mask
        return pooled(tokens, mask, self.encoders[name].grid, self.frame_tokens[name])

    def _projected(self, name: str, tokens: Any, mask: Any) -> tuple[Any, Any]:
        if name in self.projections:
            tokens = hide(self.projections[name](tokens), mask)
        return tokens, mask

    def _encoded(self, name: str, values: Any, mask: Any, training: bool | None) -> tuple[Any, Any]:
        if name in self.several and len(mask.shape) == 2:
            return self._each_encoded(name, values, mask, training)
        encoder = self.encoders[name]
        training = training and encoder.trainable  # a frozen one is as in use: always the same
        stream = encoder(values, mask, training=training)
        check_stream(name, encoder, values, *stream)
        return stream

    def _each_encoded(
        self, name: str, values: Any, mask: Any, training: bool | None
    ) -> tuple[Any, Any]:
        """Returns (batch, items, time, dim) and its mask, of several items of each row."""
        items = values.shape[1]
        alone = ops.reshape(values, (-1, *values.shape[2:]))
        tokens, real = self._encoded(name, alone, ops.reshape(mask, (-1,)), training)
        if items is None:
            items = ops.shape(values)[1]
        return (
            ops.reshape(tokens, (-1, items, *tokens.shape[1:])),
            ops.reshape(real, (-1, items, *real.shape[1:])),
        )

    def stream_of(self, name: str, values: Any, mask: Any) -> tuple[Any, Any]:
        """Returns what an input is in use, (tokens, mask): one part of what `fuse` takes."""
        key = self.keys[name]
        return self._stream(name, {key: values, mask_key(key): mask}, False)

    def fuse(self, streams: Streams) -> tuple[Any, Any]:
        """Returns the fused (tokens, mask) of encoded inputs, as `encode` does of inputs."""
        return self._fused(streams, False)

    def take_tokens(self, names: Iterable[str]) -> None:
        """Takes the tokens of these inputs, as their encoders gave them, in place of the inputs;
        without names the inputs again."""
        if self.kept == frozenset(names):
            return
        self.kept = frozenset(names)
        self.train_function = self.test_function = self.predict_function = None

    def pretrain(self, alone: bool) -> None:
        """Trains the objectives that need no target alone, or everything again."""
        if self.pretrains == alone:
            return
        self.pretrains, self.train_function = alone, None

    def _fused(self, streams: Streams, training: bool | None) -> tuple[Any, Any]:
        tokens, mask = self.fusion(streams, training=training)
        if self.sequence is not None:
            tokens, mask = self.sequence(tokens, mask, training=training)
        return tokens, mask

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> Any:
        guide = None
        if self.guided or self.autoregressive:
            guide = inputs.get(PREVIOUS)
        own = {
            key: inputs[key]
            for objective in self.objectives.values()
            for key in objective.batch_keys
            if key in inputs
        }
        shared = [key for key in map(item_key, self.keys.values()) if key in inputs]
        own_keys = self.input_keys
        if PLACES in inputs:
            own_keys = [*with_masks(self.keys.values()), PLACES]
        read = select_inputs(inputs, own_keys + shared)
        if training:
            for objective in self.objectives.values():
                read = objective.inputs(read)
        streams = self._streams(read, training)
        if PLACES in inputs:
            tokens, mask = self._fused(streams, training)
            return self.head.in_place(inputs[PLACES], tokens, mask, training=training)
        if not training:
            tokens, mask = self._fused(streams, training)
            self._build_objectives(inputs, streams, tokens, mask)
            return self._answer(tokens, mask, guide, training)
        seen = [streams]
        for objective in self.objectives.values():
            seen.append(objective.views(seen[-1], own))
        tokens, mask = self._fused(seen.pop(), training)
        self._build_objectives(inputs, streams, tokens, mask)
        found = self._found(inputs, tokens, mask)
        outputs = self._answer(tokens, mask, guide, training)
        for name, objective in reversed(self.objectives.items()):
            outputs, more = objective.split(seen.pop(), outputs)
            if more is not None:
                found[name] = more
        if self.objectives:
            return (outputs, found)
        return outputs

    def _found(self, inputs: dict[str, Any], tokens: Any, mask: Any) -> dict[str, Any]:
        """Returns what each objective finds where parts are hidden, else in fused tokens."""
        found = {}
        for name, objective in self.objectives.items():
            restored = self._restored(objective, inputs)
            found[name] = objective.read(tokens, mask) if restored is None else restored
        return found

    def _restored(self, objective: Objective, inputs: dict[str, Any]) -> Any:
        """Returns what an objective finds where parts of the inputs are hidden, or None."""
        known = {
            name: (inputs[key], inputs[mask_key(key)])
            for name, key in self.keys.items()
            if name not in self.kept and self.encoders[name].trainable
        }
        hidden = objective.hide(known)
        if not hidden:
            return None
        # as in use, since hidden parts should enter no moving statistics
        streams = {
            name: self._projected(name, *self._encoded(name, values, mask, False))
            for name, (values, mask, _) in hidden.items()
        }
        return objective.restore(streams, hidden, known)

    def _build_objectives(
        self, inputs: dict[str, Any], streams: Streams, tokens: Any, mask: Any
    ) -> None:
        """Makes the variables of objectives, before those of a head that some of them change."""
        if self.head.built:
            return
        values = {name: inputs[key] for name, key in self.keys.items()}
        for objective in self.objectives.values():
            objective.attach(self)
        for objective in self.objectives.values():
            if not objective.built:
                objective.make(values, streams, tokens, mask)

    def _answer(self, tokens: Any, mask: Any, previous: Any, training: bool | None) -> Any:
        """Returns what the head makes of fused tokens."""
        if not self.autoregressive:
            shown = () if previous is None else (previous,)
            return self.head(tokens, mask, *shown, training=training)
        if self.sampling is not None and training:
            said = self.head(previous, tokens, mask, training=False)  # as it is used
            previous = self.sampling(previous, said)
        return self.head(previous, tokens, mask, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Returns the loss that was compiled, in training with what objectives add to it.

        `losses_apart` counts each of them, and as `own_loss` the first alone.
        """
        if not training or not self.objectives:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        logits, found = y_pred
        loss = super().compute_loss(x, y, logits, sample_weight, training)
        rows = ops.shape(logits)[0]
        own_rows = _num_counted(sample_weight) if self.reads_unlabelled else rows
        self.losses_apart["own_loss"].update_state(loss, sample_weight=own_rows)
        loss = self._share(False) * loss
        for name, objective in self.objectives.items():
            if found[name] is not None:
                more = objective.loss(y, found[name], sample_weight, self.loss)
                self.losses_apart[name].update_state(more, sample_weight=rows)
                loss = loss + objective.weight * self._share(objective.reads_unlabelled) * more
        return loss

    def _share(self, needs_no_target: bool) -> float:
        """Returns what a loss counts: all of it, or nothing of one with a target in pretraining.

        Of nothing gradients are 0 on every engine; without the loss some would have none.
        """
        return 1.0 if needs_no_target or not self.pretrains else 0.0


def _shared(stream: tuple[Any, Any], items: Any) -> tuple[Any, Any]:
    """Returns the stream of each row, where rows have one item or several of those encoded.

    Args:
        stream: tokens (items, time, dim) and their mask (items, time); with an axis of parts behind
            the first where items have several parts.
        items: int32 (batch,) or (batch, slots), -1 for none.
    """
    tokens, mask = (ops.take(part, ops.maximum(items, 0), axis=0) for part in stream)
    if len(items.shape) == 2:
        mask = ops.logical_and(mask, fit_mask(items >= 0, mask))
        if len(mask.shape) == 4:  # parts of several items of a row come one after the other
            slots = mask.shape[1] * mask.shape[2]
            tokens = ops.reshape(tokens, (-1, slots, *tokens.shape[3:]))
            mask = ops.reshape(mask, (-1, slots, mask.shape[3]))
    return tokens, mask


def _num_counted(weights: Any) -> Any:
    """Returns the number of rows that count in the task's own loss."""
    weights = ops.reshape(weights, (ops.shape(weights)[0], -1))
    return ops.sum(ops.cast(ops.any(weights > 0, axis=1), "float32"))


def _is_encoded(encoder: Any, values: Any) -> bool:
    """Returns whether an input is the tokens of its texts, rather than their ids."""
    return (
        encoder.reads_steps_alone
        and len(values.shape) == 3
        and "float" in keras.backend.standardize_dtype(values.dtype)
    )
