"""Whether the transcript of a row fits the frames of its recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polymodal.core import arguments
from polymodal.core.contracts.named_task import task_of
from polymodal.core.errors import DataError
from polymodal.core.lookup import find
from polymodal.recipe.assemble import Input
from polymodal.recipe.recipe import Recipe

__all__ = ["Room", "room_for"]

_LONGEST = {"max_seconds", "max_frames", "max_length"}  # settings that say how much is kept
# Settings of an input that decide how many tokens a second gives, and which way gives more.
_FINER = {"time_stride": "a smaller", "hop_seconds": "a smaller", "frames_per_second": "a larger"}


class Room:
    """The most tokens that the inputs of a row become, which bounds its transcript (CTC).

    Args:
        inputs: sequence of Input, all of them with a time axis.
        in_one_sequence: bool, whether the fusion concatenates the tokens of all inputs.
    """

    def __init__(self, inputs: Sequence[Input], in_one_sequence: bool = False):
        self.inputs = list(inputs)
        self._total = sum if in_one_sequence else max
        self._strides = [_time_stride(item) for item in self.inputs]

    def num_tokens(self, lengths: Iterable[int]) -> int:
        """Returns the most tokens of a row.

        Args:
            lengths: steps of each input, 0 where it is missing.
        """
        return self._total(
            -(-int(length) // stride) for length, stride in zip(lengths, self._strides, strict=True)
        )

    def check(self, lengths: Sequence[int], num_symbols: int, num_frames: int) -> None:
        """Raises DataError where a row has no room.

        Args:
            lengths: steps of each input, 0 where it is missing.
            num_symbols: int, symbols of the transcript.
            num_frames: int, frames that they need: equal neighbours need one between them.

        Raises:
            DataError: without table, row and column, which the caller adds.
        """
        most = self.num_tokens(lengths)
        if num_frames <= most or not most:  # a row without any input has a reason of its own
            return
        heard = [
            _described(item, int(length))
            for item, length in zip(self.inputs, lengths, strict=True)
            if length
        ]
        if len(heard) > 1:
            gives = f"Inputs {' and '.join(heard)} give"
        else:
            gives = f"Input {heard[0]} gives"
        raise DataError(
            f"has {num_symbols} symbols, which need {num_frames} frames: one for each, and one "
            f"between equal neighbours. {gives} at most {most}, so it can never be learned.",
            f"Correct it, choose {self._fix()}, or run with --skip-bad.",
            reason="more_symbols_than_frames",
        )

    def cut(self, index: int) -> DataError:
        """Returns the error of a row whose input of that index is longer than is kept, without
        table, row and column."""
        item = self.inputs[index]
        (setting,) = _LONGEST & set(arguments.parameters(type(item.modality)))
        return DataError(
            f"is longer than inputs.{item.name}.{setting} keeps, and the transcript covers all "
            "of it.",
            f"Cut both in a pause, choose a larger {setting}, or run with --skip-bad.",
            reason="longer_than_kept",
        )

    def _fix(self) -> str:
        known = {
            name
            for item in self.inputs
            for factory in (type(item.modality), find("encoders", item.encoder))
            for name in arguments.parameters(factory)
        }
        return " or ".join(f"{which} {name}" for name, which in _FINER.items() if name in known)


def room_for(recipe: Recipe, inputs: Sequence[Input]) -> Room | None:
    """Returns the Room of a recipe, or None if nothing is certain before the first step.

    That is so for tasks without a bound, and with inputs without time, which are repeated for all
    steps, or whose length depends on a vocabulary.
    """
    if not task_of(recipe.task).hears:
        return None
    if not all(item.modality.has_time and item.modality.cached for item in inputs):
        return None
    return Room(inputs, find("fusion", recipe.fusion["name"]).in_one_sequence)


def _time_stride(item: Input) -> int:
    """Returns the steps of an input that its encoder makes one token of."""
    return find("encoders", item.encoder).stride_of(item.encoder_settings)


def _described(item: Input, length: int) -> str:
    seconds = item.modality.step_seconds
    return f'"{item.name}" of ' + (
        f"{length} steps" if seconds is None else f"{length * seconds:.2f} s"
    )
