"""Windows of sound through an imported recogniser: memory, transcripts, languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from polymodal.core.seeds import generator
from polymodal.layers.engines.compiled import compiled
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.generate import generate
from polymodal.pretrained.part import no_gradient
from polymodal.pretrained.speech.rules import Prompted, Rules
from polymodal.pretrained.speech.tokens import Tokens

__all__ = ["Heard", "Listener"]

_GRID = 64  # ids that attention is looked at for are padded to multiples of it


@dataclass(frozen=True)
class Heard:
    """What was written for a window of sound.

    Args:
        ids: tuple of ints, without the end.
        log_probabilities: float32 (ids,), of each.
        mean_log_probability: float, over the ids and the end.
        silence: float 0..1, probability of no speech; 0 where the model has none.
    """

    ids: tuple[int, ...]
    log_probabilities: np.ndarray
    mean_log_probability: float
    silence: float


class _Sampling(Choice):
    """Sampling at a temperature that the compiled program is given, so that one serves all."""

    heat: Any = 1.0

    def pick(self, scores, noise):
        return super().pick(scores / self.heat, noise)


class Listener:
    """Runs encoder and decoder; what is compiled serves all later calls.

    Args:
        encoder: AudioTransformer, built.
        decoder: PositionalTransformer, built.
        tokens: Tokens.
        max_length: int, most ids of a prompt and its transcript.
    """

    def __init__(self, encoder: Any, decoder: Any, tokens: Tokens, max_length: int):
        self.decoder, self.tokens, self.max_length = decoder, tokens, max_length
        self._remember = compiled(encoder.hidden_states, encoder.variables)
        self._write: dict[tuple, Callable[..., Any]] = {}
        self._attend = compiled(self._aligned, decoder.variables)
        self._logits = compiled(self._at_once, decoder.variables)

    def memory(self, frames: np.ndarray) -> Any:
        """Returns what the encoder makes of spectrograms, a tensor (batch, positions, width).

        Args:
            frames: float32 (batch, frames, mels), of the longest length.
        """
        with no_gradient():
            return self._remember(
                ops.convert_to_tensor(frames), ops.ones(frames.shape[:2], dtype="bool")
            )

    def language(self, memory: Any) -> list[str | None]:
        """Returns the most likely language of each row; None for a model of one language."""
        if not self.tokens.languages:
            return [None] * len(memory)
        codes, ids = zip(*self.tokens.languages.items(), strict=True)
        start = np.full((len(memory), 1), self.tokens.start_id, np.int32)
        logits = self.logits(memory, start)[:, 0, list(ids)]
        return [codes[place] for place in logits.argmax(-1)]

    def logits(self, memory: Any, ids: np.ndarray) -> np.ndarray:
        """Returns float32 logits (batch, ids, outputs) after each of int32 ids (batch, ids)."""
        with no_gradient():
            return ops.convert_to_numpy(self._logits(memory, ops.convert_to_tensor(ids, "int32")))

    def attention(self, memory: Any, ids: Sequence[int]) -> np.ndarray:
        """Returns float32 (heads, ids, positions): where the aligned heads look after each id.

        Args:
            memory: of one row, (1, positions, width).
            ids: prompt and text.
        """
        count = -(-len(ids) // _GRID) * _GRID  # few shapes are compiled; later ids change nothing
        padded = np.full((1, count), self.tokens.end_id, np.int32)
        padded[0, : len(ids)] = ids
        with no_gradient():
            found = self._attend(memory, ops.convert_to_tensor(padded))
        return ops.convert_to_numpy(found)[:, : len(ids)]

    def write(
        self, memory: Any, prompt: Sequence[int], choice: Choice, seed: int = 0
    ) -> list[Heard]:
        """Returns the most likely transcript of each row that was found.

        Args:
            memory: as `memory` returns it.
            prompt: ids before each transcript. They say whether times are written.
            choice: Choice; of one that samples, its number and temperature count.
            seed: int, of sampling.
        """
        timed = prompt[-1] != self.tokens.timeless_id
        rows, steps, heat = len(memory), self.max_length - len(prompt), choice.temperature
        if heat:
            choice = _Sampling(num=choice.num, temperature=1.0)
        key = (*choice.key, timed, steps)
        if key not in self._write:
            self._write[key] = compiled(self._writer(choice, timed, steps), self.decoder.variables)
        noise = np.zeros((rows, choice.num, steps), np.float32)
        if choice.temperature:
            noise = generator(seed).random(noise.shape, np.float32)
        prompts = np.tile(np.array(prompt, np.int32), (rows, 1))
        with no_gradient():
            found = self._write[key](
                memory,
                ops.convert_to_tensor(prompts),
                ops.convert_to_tensor(noise),
                ops.convert_to_tensor(np.float32(heat or 1.0)),
            )
        return [self._heard(*row) for row in zip(*map(ops.convert_to_numpy, found), strict=True)]

    def _writer(self, choice: Choice, timed: bool, steps: int) -> Callable[..., Any]:
        rules = Rules(self.tokens, self.decoder.num_outputs, timed)
        rows_each = max(choice.beam, choice.num)
        silent = self.tokens.silent_id

        def run(memory, prompts, noise, heat):
            if isinstance(choice, _Sampling):
                choice.heat = heat
            mask = ops.ones_like(memory[..., 0], dtype="bool")
            recalled = self.decoder.recalled(memory)
            logits, state = self.decoder.begun(prompts, recalled, mask, steps)
            decoder = Prompted(self.decoder, rules, state, recalled, mask, rows_each)
            found = generate(
                decoder,
                memory[:, :1],
                mask[:, :1],
                prompts[:, -1],
                steps,
                self.tokens.end_id,
                choice,
                noise if choice.temperature else None,
            )
            silence = ops.zeros_like(logits[:, 0, 0])
            if silent is not None:
                silence = ops.softmax(logits[:, 0], axis=-1)[:, silent]
            return found.ids[:, 0], found.log_probabilities[:, 0], silence

        return run

    def _aligned(self, memory, ids):
        mask = ops.ones_like(memory[..., 0], dtype="bool")
        blocks = self.decoder.head_weights(ids, memory, mask)
        return ops.stack([blocks[block][0, head] for block, head in self.tokens.aligned_heads])

    def _at_once(self, memory, ids):
        return self.decoder(ids, memory, ops.ones_like(memory[..., 0], dtype="bool"))

    def _heard(self, ids: np.ndarray, each: np.ndarray, silence: np.ndarray) -> Heard:
        ended = np.flatnonzero(ids == self.tokens.end_id)
        count = int(ended[0]) if len(ended) else len(ids)
        mean = float(each[: count + 1].sum()) / (count + 1)
        return Heard(tuple(map(int, ids[:count])), each[:count], mean, float(silence))
