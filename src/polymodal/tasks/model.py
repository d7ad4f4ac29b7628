"""The model: encoders, fusion, sequence model and head in one."""

from __future__ import annotations

import keras

from polymodal.core.batch import PREVIOUS, mask_key, select_inputs, with_masks
from polymodal.core.errors import RecipeError
from polymodal.layers.modality_dropout import ModalityDropout
from polymodal.layers.scheduled_sampling import ScheduledSampling


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
        seed: int, start of the random numbers of `modality_dropout` and scheduled sampling.

    Call arguments:
        inputs: {key: array, key_mask: bool array} for every key, and `previous` (batch, steps)
            int32 when the task is autoregressive, and perhaps when it is guided: when a decoder is
            trained beside another head. Other keys are ignored.

    Returns:
        float32 logits: (batch, outputs), or (batch, steps, outputs) for tasks per step.

    Raises:
        RecipeError: encoders and keys do not name the same inputs.
    """

    def __init__(self, encoders, keys, fusion, task, sequence=None, modality_dropout=0.0, seed=0,
                 **kwargs):
        super().__init__(**kwargs)
        if set(encoders) != set(keys) or not encoders:
            raise RecipeError(
                f"Model needs one key for each encoder. Got encoders {sorted(encoders)} and keys "
                f"{sorted(keys)}. Give both the same names, at least one."
            )
        self.keys = dict(keys)
        self.encoders = {name: encoders[name] for name in sorted(encoders)}
        self.modality_dropout = ModalityDropout(modality_dropout, seed)
        self.fusion, self.sequence = fusion, sequence
        vector = sequence is None and getattr(fusion, "stepwise", True) is False
        self.head = task.head("mean" if vector else "attention")
        self.autoregressive = task.autoregressive
        share = getattr(task, "scheduled_sampling", 0.0)
        self.sampling = ScheduledSampling(share, seed) if share else None
        self.guided = getattr(task, "guided", False)

    @property
    def input_keys(self):
        """The keys that `call` reads from a batch."""
        return with_masks(self.keys.values()) + [PREVIOUS] * self.autoregressive

    def plan_training(self, num_steps):
        """Tells parts that change while a model is trained how many steps that will take."""
        if self.sampling is not None:
            self.sampling.num_steps = num_steps

    def encode(self, inputs, training=None):
        """Returns the fused (tokens, mask), in front of the head."""
        pairs = {name: (inputs[key], inputs[mask_key(key)]) for name, key in self.keys.items()}
        pairs = self.modality_dropout(pairs, training=training)
        streams = {name: encoder(*pairs[name], training=training)
                   for name, encoder in self.encoders.items()}
        tokens, mask = self.fusion(streams, training=training)
        if self.sequence is not None:
            tokens, mask = self.sequence(tokens, mask, training=training)
        return tokens, mask

    def call(self, inputs, training=None):
        guide = inputs.get(PREVIOUS) if self.guided else None
        inputs = select_inputs(inputs, self.input_keys)
        tokens, mask = self.encode(inputs, training)
        if guide is not None:
            return self.head(tokens, mask, guide, training=training)
        if self.autoregressive:
            previous = inputs[PREVIOUS]
            if self.sampling is not None and training:
                said = self.head(previous, tokens, mask, training=False)  # as it is used
                previous = self.sampling(previous, said)
            return self.head(previous, tokens, mask, training=training)
        return self.head(tokens, mask, training=training)
