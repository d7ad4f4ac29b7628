"""What a recogniser may write next: suppressed tokens, and times that only grow."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from polymodal.model.generation.choice import NEVER
from polymodal.pretrained.speech.tokens import Tokens

__all__ = ["Prompted", "Rules"]


class Rules:
    """Changes logits so that only what Whisper's own decoding allows can follow.

    Args:
        tokens: Tokens.
        num_outputs: int.
        timed: bool, whether times are written: in pairs around each segment, never before the one
            before, and wherever all times together are more likely than every other token.

    Source: Radford et al., "Robust speech recognition via large-scale weak supervision", 2023,
    section 3.8, and the library `openai-whisper`, decoding.py, for the rules of times.
    """

    def __init__(self, tokens: Tokens, num_outputs: int, timed: bool):
        self.tokens, self.timed = tokens, timed
        banned = [*tokens.suppressed, *([tokens.timeless_id] if timed else [])]
        self._always = _penalties(num_outputs, banned)
        first = set(tokens.suppressed_first)
        if timed:
            first |= set(range(tokens.first_time))
            if tokens.latest_start is not None:
                first |= set(range(tokens.first_time + tokens.latest_start + 1, num_outputs))
        self._first = _penalties(num_outputs, first)
        self._ids = np.arange(num_outputs, dtype=np.int32)

    def before(self, rows: Any) -> tuple[Any, ...]:
        """Returns the state before the first step, for as many rows as an int32 tensor has: steps
        done, whether the last token was a time, and the latest time."""
        none = ops.zeros_like(rows)
        return none, none > 0, none - 1

    def apply(self, logits: Any, previous: Any, state: tuple[Any, ...]) -> tuple[Any, Any]:
        """Returns the logits (rows, outputs) of what may follow, and the next state.

        Args:
            logits: float32 (rows, outputs).
            previous: int32 (rows,), the token before; of the prompt at the first step.
            state: what `before` or the last call returned.
        """
        done, was_time, latest = state
        begun = done > 0
        is_time = ops.logical_and(begun, previous >= self.tokens.first_time)
        pair = ops.logical_or(done < 2, was_time)  # the token before the last one counts as a time
        latest = ops.where(is_time, previous, latest)
        logits = logits + ops.convert_to_tensor(self._always)
        logits = logits + ops.where(begun[:, None], 0.0, ops.convert_to_tensor(self._first))
        if self.timed:
            logits = self._with_times(logits, begun, is_time, pair, latest)
        return logits, (done + 1, is_time, latest)

    def _with_times(self, logits, begun, is_time, pair, latest):
        ids, time = ops.convert_to_tensor(self._ids)[None], self.tokens.first_time
        open_ = ops.logical_and(is_time, ops.logical_not(pair))  # a segment has ended
        closed = ops.logical_and(is_time, pair)  # one has begun: text follows
        earliest = ops.where(latest < 0, time, latest + ops.where(open_, 0, 1))
        of_time, of_text = ids >= time, ids < self.tokens.end_id
        banned = ops.logical_and(of_time, ids < earliest[:, None])
        banned = ops.logical_or(banned, ops.logical_and(of_time, closed[:, None]))
        banned = ops.logical_or(banned, ops.logical_and(of_text, open_[:, None]))
        banned = ops.logical_and(banned, begun[:, None])
        logits = ops.where(banned, NEVER, logits)
        times = ops.logsumexp(ops.where(of_time, logits, NEVER), axis=-1)
        others = ops.max(ops.where(of_time, NEVER, logits), axis=-1)
        likelier = ops.logical_and(times > others, times > NEVER / 2)[:, None]
        return ops.where(ops.logical_and(likelier, ops.logical_not(of_time)), NEVER, logits)


class Prompted:
    """A decoder behind a prompt that was read, which writes what the rules allow.

    The generation loop drives it as it drives any decoder.

    Args:
        decoder: PositionalTransformer.
        rules: Rules.
        state: of the decoder before the last token of the prompt.
        recalled: what the decoder keeps of the memory, for each row once.
        memory_mask: bool (batch, time).
        rows_each: int, sequences of each row.
    """

    def __init__(
        self,
        decoder: Any,
        rules: Rules,
        state: Any,
        recalled: Any,
        memory_mask: Any,
        rows_each: int,
    ):
        self.decoder, self.rules, self.num_outputs = decoder, rules, decoder.num_outputs
        self._state, self._recalled, self._mask = state, recalled, memory_mask
        self._rows_each = rows_each

    def initial_state(self, memory, memory_mask, max_length):
        """Returns the state of decoder and rules; it has room for the steps already."""
        return self._state, self.rules.before(self._state[0])

    def step(self, tokens, state, memory, memory_mask):
        """Does one step, as every decoder does."""
        own, ruled = state
        logits, own = self.decoder.step_over(
            tokens, own, self._recalled, self._mask, self._rows_each
        )
        logits, ruled = self.rules.apply(logits, tokens, ruled)
        return logits, (own, ruled)


def _penalties(num_outputs: int, ids) -> np.ndarray:
    """Returns float32 (num_outputs,): what is added to the logits of ids that may not follow."""
    found = np.zeros(num_outputs, np.float32)
    found[sorted(ids)] = NEVER
    return found
