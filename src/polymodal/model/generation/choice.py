"""How the next output of a decoder is chosen: the most likely one, a sample, or a beam's."""

from __future__ import annotations

from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.engines.largest import largest

__all__ = ["NEVER", "Choice"]

NEVER = -1e9  # the log probability of what may not come


class Choice:
    """How outputs are chosen.

    Args:
        beam: int, beam width; 1 = greedy.
        num: int, results for each row, the best ones of the beam, or as many samples.
        temperature: float; above 0, outputs are sampled, the more evenly the higher it is; by
            default 0, or 1 with `top_k` or `top_p`.
        top_k: int, most likely outputs to sample from; 0 = all.
        top_p: float, total probability of the most likely outputs to sample from.
        repetition_penalty: float, from 1; penalty for repeated outputs.
        length_penalty: float, from 0; scores are divided by the length to this power, so that
            long sequences are not worse for being long.
        allowed: list of allowed output ids besides the end; None for all.

    Raises:
        RecipeError: a number out of range, or sampling with a beam.

    Sources: Holtzman et al. 2020 (top-p); Keskar et al. 2019, section 4.1 (repetition penalty).
    """

    def __init__(
        self,
        beam: int = 1,
        num: int = 1,
        temperature: float | None = None,
        top_k: int = 0,
        top_p: float = 1.0,
        repetition_penalty: float = 1.0,
        length_penalty: float = 1.0,
        allowed: list[int] | None = None,
    ):
        limited = top_k > 0 or top_p < 1
        if temperature is None:
            temperature = 0.0
            if limited:
                temperature = 1.0
        for name, value, low, high in (
            ("beam", beam, 1, 1000),
            ("num", num, 1, 1000),
            ("temperature", temperature, 0, 100),
            ("top_k", top_k, 0, 10**9),
            ("top_p", top_p, 1e-6, 1),
            ("repetition_penalty", repetition_penalty, 1, 100),
            ("length_penalty", length_penalty, 0, 10),
        ):
            if not low <= value <= high:
                raise RecipeError(
                    f"Decoding needs {low} <= {name} <= {high}. Got {value}. Change "
                    "it, or leave it out for the default."
                )
        if limited and not temperature:
            raise RecipeError(
                "Decoding needs a temperature above 0 with top_k or top_p. Got "
                f"temperature={temperature:g}. Leave it out to sample with 1."
            )
        if temperature and beam > 1:
            raise RecipeError(
                "Decoding needs either a beam or sampling. Got "
                f"beam={beam}, temperature={temperature:g}, top_k={top_k}, "
                f"top_p={top_p:g}. Leave out the beam or the rest."
            )
        if num > 1 and not temperature and num > beam:
            raise RecipeError(
                f"Decoding needs a beam of at least num. Got beam={beam} and "
                f"num={num}. Pass beam={num}, or a temperature to sample."
            )
        self.beam, self.num, self.temperature = beam, num, temperature
        self.top_k, self.top_p, self.repetition_penalty = top_k, top_p, repetition_penalty
        self.length_penalty = length_penalty
        self.allowed = None if allowed is None else sorted(set(allowed))

    @property
    def key(self) -> tuple:
        """A key that is equal for equal choices."""
        return tuple(str(value) for _, value in sorted(vars(self).items()))

    def scores(self, logits, said, end_id):
        """Returns log probabilities (rows, outputs) of what may come next.

        Args:
            logits: (rows, outputs).
            said: bool (rows, outputs), which outputs occurred already.
            end_id: int, or None.
        """
        if self.repetition_penalty != 1:
            less = ops.where(
                logits > 0, logits / self.repetition_penalty, logits * self.repetition_penalty
            )
            logits = ops.where(said, less, logits)
        if self.allowed is not None:
            ids = [*self.allowed, *([] if end_id is None else [end_id])]
            open_ids = ops.any(
                ops.arange(logits.shape[-1])[:, None] == ops.convert_to_tensor(ids, "int32"),
                axis=-1,
            )
            logits = ops.where(open_ids, logits, NEVER)
        return ops.log_softmax(ops.cast(logits, "float32"), axis=-1)

    def pick(self, scores, noise):
        """Returns ids (rows,) int32: the most likely or sampled ones.

        Args:
            scores: log probabilities (rows, outputs).
            noise: float (rows,), uniform over 0..1, that decides what is sampled.
        """
        if not self.temperature or self.top_k == 1:
            return largest(scores)
        num = scores.shape[-1]
        best, ids = ops.top_k(scores / self.temperature, min(self.top_k or num, num))
        chances = ops.softmax(best, axis=-1)  # (rows, candidates), the most likely first
        before = ops.cumsum(chances, axis=-1) - chances
        chances = ops.where(before < self.top_p, chances, 0.0)
        until = ops.cumsum(chances, axis=-1)
        place = ops.sum(ops.cast(until < noise[:, None] * until[:, -1:], "int32"), axis=-1)
        chosen = ops.take_along_axis(ids, place[:, None], axis=-1)[:, 0]
        return ops.cast(chosen, "int32")
