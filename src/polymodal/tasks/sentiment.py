"""Sentiment: the mood of an utterance, alone or in the context of its conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

import numpy as np

from polymodal.core.contracts.target import Answer, Scores
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.core.printed.counting import counted
from polymodal.evaluation.scores.intensity import IntensityScores
from polymodal.profile.target_form import AMOUNTS
from polymodal.tasks.classification import Classification
from polymodal.tasks.regression import NumberTarget, Regression
from polymodal.tasks.sequence_labelling import SequenceLabelling, StepLabelsTarget

__all__ = ["Sentiment"]

_FEWEST_VALUES = 4  # whole numbers on both sides of zero: fewer are classes, such as -1, 0 and 1
_WHOLE = (
    {"name": "recurrent", "summary": True},
    "An utterance is read in the context of its whole conversation.",
)
_CAUSAL = (
    {"name": "recurrent", "bidirectional": False},
    "An utterance is read in the context of those before it, as in live use.",
)

_ONE_WAY = {
    "rnn": {"bidirectional": False},
    "frame_rnn": {"bidirectional": False},
    "transformer": {"causal": True},
}


class IntensitiesTarget(NumberTarget):
    """The intensity of each step of a row, standardised by the train split, float32 (time,); NaN
    where a step has none.

    Args:
        decimal, thousands, unit, missing: how cells are read, as of NumberTarget.

    Example:

    >>> target = IntensitiesTarget()
    >>> target.fit([[1, 3.0], [None]])
    >>> target.encode([5, None]).tolist()
    [3.0, nan]
    """

    has_time = True
    shape = (None,)

    def __init__(
        self,
        decimal: Literal[".", ","] | None = None,
        thousands: Literal["", ",", ".", " ", "'"] | None = None,
        unit: str | None = None,
        missing: list | str | float | None = None,
    ) -> None:
        super().__init__(decimal, thousands, unit, missing)

    def fit(self, values: Iterable[Any]) -> None:
        """Learns mean and standard deviation of all steps of the train split."""
        super().fit(chain.from_iterable(value for value in values if value is not None))

    def is_empty(self, value: Any) -> bool:
        """Returns whether no step has a number."""
        return all(self.format.is_missing(step) for step in value)

    def read(self, value: Any) -> Any:
        """Returns the number of each step, None where it has none; of a step its number.

        Raises:
            DataError: a step is not a finite number.
        """
        if not isinstance(value, list | tuple | np.ndarray):
            return super().read(value)
        return [
            None if self.format.is_missing(step) else super(IntensitiesTarget, self).read(step)
            for step in value
        ]

    def encode(self, value: Any) -> np.ndarray:
        """Returns the standardised numbers, float32 (time,).

        Raises:
            DataError: a step is not a finite number.
        """
        numbers = np.array([np.nan if step is None else step for step in self.read(value)])
        return ((numbers - self.mean) / self.std).astype(np.float32)

    def num_valid(self, encoded: np.ndarray) -> int:
        """Returns how many steps have a number."""
        return int((~np.isnan(encoded)).sum())


class _Mood(Task):
    """What all kinds of the task share."""

    name = "sentiment"
    title = "sentiment"
    balanced = ""
    form = ""  # only chosen by name
    keeps_together = True
    scale = "classes"
    context = "none"

    def suited(self, settings: Mapping[str, Any]) -> Task:
        """Returns the kind of `scale` and `context`.

        Raises:
            RecipeError: there is no such kind.
        """
        for key, known in (("scale", _SCALES), ("context", _CONTEXTS)):
            if settings.get(key, known[0]) not in known:
                raise RecipeError(f"task: {unknown(key, settings[key], known)}")
        return _KINDS[settings.get("scale", "classes"), settings.get("context", "none")]()

    @property
    def kind(self) -> Mapping[str, str]:
        """Scale and context."""
        return {"scale": self.scale, "context": self.context}

    def kind_for(
        self, numbers: Sequence[float] | None, grouped: bool, settings: Mapping[str, Any]
    ) -> tuple[dict[str, str], str]:
        """Returns scale and context, and the reason.

        Raises:
            RecipeError: a context without sequences, or sequences without one.
        """
        scale, why = _scale_of(numbers)
        context = settings.get("context", "whole" if grouped else "none")
        if (context != "none") != grouped:
            raise RecipeError(_no_context(context))
        if "scale" in settings:
            return {"context": context}, ""
        return {"scale": scale, "context": context}, why


def _scale_of(numbers: Sequence[float] | None) -> tuple[str, str]:
    """Returns whether a target is classes or an intensity, and the reason."""
    change = "change it with --set task.scale="
    if not numbers:
        return "classes", f"sentiment as classes, because the target has labels; {change}intensity"
    values = set(numbers)
    if any(number % 1 for number in values):
        return "intensity", (
            "sentiment as an intensity, because the target has numbers with "
            f"fractions; {change}classes"
        )
    if min(values) < 0 < max(values) and len(values) >= _FEWEST_VALUES:
        return "intensity", (
            "sentiment as an intensity, because the target has numbers on both "
            f"sides of zero; {change}classes"
        )
    return "classes", (
        "sentiment as classes, because the target has only "
        f"{counted(len(values), 'value')}; {change}intensity"
    )


def _no_context(context: str) -> str:
    if context == "none":
        return (
            "task.context needs causal or whole where rows are grouped into conversations. "
            'Got "none". Leave out --group to read each row alone.'
        )
    return (
        f"task.context: {context} needs rows grouped into conversations. Got none. Name the "
        "columns: --group dialogue --order utterance."
    )


class Sentiment(_Mood, Classification):
    """Predicts sentiment or emotion as one of several classes, or as an intensity from -3 to 3."""

    headline = "f1_macro"

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, one of {len(labels)} moods, for each utterance"


class _Steps(_Mood, SequenceLabelling):
    """Classes of the utterances of a conversation."""

    headline = "f1_macro"
    target = StepLabelsTarget
    context = "whole"
    sequence = _WHOLE

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return (
            f"predicts {target}, one of {len(labels)} moods, for each utterance of a conversation"
        )


class _SoFar(_Mood):
    """What kinds share that see no later utterance."""

    context = "causal"
    sequence = _CAUSAL

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Returns what keeps an encoder over the steps from reading later ones."""
        return dict(_ONE_WAY.get(config["encoder"], {}))


class _StepsSoFar(_SoFar, _Steps):
    """The same, seeing no later utterance."""


class _Intensity(_Mood, Regression):
    """An intensity for each row."""

    scale = "intensity"
    form = AMOUNTS
    blind_name = "always the mean of train"

    def scores(self, rest: Predictions) -> Scores:
        """Returns those of numbers, of the sign in both conventions, and of seven classes."""
        return IntensityScores(rest)

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"predicts {target}, how negative or positive, for each utterance"


class _Intensities(_Intensity):
    """An intensity for each utterance of a conversation."""

    form = ""
    target = IntensitiesTarget
    stepwise = True
    context = "whole"
    sequence = _WHOLE

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.step_numbers import StepNumberHead

        return StepNumberHead

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the number of each utterance; of a single one that number."""
        numbers = [float(found.outputs[place]) for place in places]
        if len(numbers) > 1:
            return Answer(numbers)
        return Answer(numbers[0])


class _IntensitiesSoFar(_SoFar, _Intensities):
    """The same, seeing no later utterance."""


_SCALES = ("classes", "intensity")
_CONTEXTS = ("none", "causal", "whole")
_KINDS = {
    (one.scale, one.context): one
    for one in (Sentiment, _Steps, _StepsSoFar, _Intensity, _Intensities, _IntensitiesSoFar)
}
