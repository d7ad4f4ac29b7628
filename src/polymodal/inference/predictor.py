"""A trained model for prediction: with the same preprocessing, masks and numbers as in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import names, read, write
from polymodal.bundle.preprocessing import preprocessing_of
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import BundleError, RecipeError
from polymodal.inference.answers import Answers
from polymodal.inference.trained_on import TrainedOn
from polymodal.inference.trust import restore_trust
from polymodal.inference.writing import checked_choice
from polymodal.layers.watch import before_variables, without_random_values
from polymodal.pretrained.base import Base
from polymodal.recipe import assemble
from polymodal.recipe.adapting import left_out, merged_words, named_bases
from polymodal.recipe.recipe import Recipe
from polymodal.recipe.room import Room, room_for
from polymodal.speech.decoding.confidence import WordCalibration
from polymodal.speech.language.ngram import NGram
from polymodal.speech.recognition.hearing import Reader, Recogniser, hears
from polymodal.speech.recognition.transcribe import rows_heard
from polymodal.speech.transcripts.transcript import join_words
from polymodal.tables.table import Table


class Predictor(Answers):
    """A network with its preprocessing and the decoding of its outputs.

    Args:
        recipe, inputs, target, model, head, metrics, trained_on: as of Answers.
        calibration: WordCalibration, of word confidence; None for other tasks.
        language: NGram that decoding uses by default, or None.
    """

    is_network = True

    def __init__(
        self,
        recipe: Recipe,
        inputs: list[Any],
        target: Any,
        model: Any,
        head: Any,
        metrics: dict[str, Any] | None = None,
        calibration: WordCalibration | None = None,
        language: NGram | None = None,
        trained_on: TrainedOn | None = None,
    ):
        super().__init__(recipe, inputs, target, model, head, metrics, trained_on)
        self.calibration, self.language = calibration, language

    def _read_whole(
        self, found: Predictions, table: Table, rows: Sequence[int], choice: dict[str, Any]
    ) -> None:
        """Replaces transcripts of truncated recordings with those of the whole recordings, as
        `transcribe` makes them."""
        if not hears(self):
            return
        del found.truncated[f"{self.inputs[0].name}_too_long"]
        recogniser = Recogniser(self, **choice)
        recogniser.calibration = WordCalibration()  # predictions have the model's own confidence
        places = np.searchsorted(found.rows, rows)
        heard = rows_heard(recogniser, table, self.inputs[0].columns[0], rows)
        for place, words in zip(places, heard, strict=True):
            found.outputs[place] = join_words(word.text for word in words)
            if found.words is not None:
                found.words[place] = [(word.text, word.confidence) for word in words]

    def _writing(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Returns the arguments of `outputs` for the decoding options in `choice`."""
        if not choice and self.language is None:
            return {}
        if not self.task.is_text:
            raise RecipeError(
                f"Decoding options ({', '.join(choice)}) need a run that "
                f"generates text. Got task: {self.task.name}. Leave them out."
            )
        if not self.task.hears:
            return checked_choice(self, choice)
        reader = Reader(self, **choice)
        if reader.reading.beam:
            return {"reader": reader}
        return {}

    def room(self) -> Room | None:
        """Returns how many tokens the inputs of a row become; None if one has no time axis."""
        return room_for(self.recipe, self.inputs)

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds."""
        return {
            "recipe": merged_words(self.recipe, self.recipe.to_dict()),
            "labels": list(self.target.labels),
            "trained_on": self.trained_on.to_json(),
        }

    def own_weights(self) -> dict[str, Any]:
        """Returns {name: variable} of what a bundle has of the model's weights."""
        found = names.weight_names(self.model)
        without = left_out(self.recipe, found)
        return {name: variable for name, variable in found.items() if name not in without}


def load(folder: str | Path) -> Predictor:
    """Loads a run's bundle. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or unsafe.
    """
    bundle = read.read(folder)
    if write.LINEAR in bundle.spec:
        raise BundleError(
            f"{bundle.folder} needs to hold a network here. Got a linear model, "
            "which --keep better kept. Train again with --keep joint."
        )
    recipe, inputs, target = preprocessing_of(bundle)
    calibration = language = None
    if bundle.confidence:
        with read.blamed(bundle.folder / write.CONFIDENCE):
            calibration = WordCalibration.from_json(bundle.confidence)
    if bundle.language:
        with read.blamed(bundle.folder / write.LANGUAGE):
            language = NGram.from_json(bundle.language)
    with read.blamed(bundle.folder / write.MODEL):
        trained_on = TrainedOn.from_json(bundle.spec.get("trained_on", {}))
    bundle.check_model()
    known = Counter(bundle.shapes().values())
    bases = [Base.find(start, bundle.folder) for start in named_bases(recipe)]
    for base in bases:
        known.update(base.shapes())
    with (
        read.blamed(bundle.folder / write.MODEL),
        before_variables(_Among(known)),
        without_random_values(),
    ):
        model, head = assemble.build_model(recipe, inputs, target, bytes_per_parameter=4)
    found = Predictor(
        recipe, inputs, target, model, head, bundle.metrics, calibration, language, trained_on
    )
    bundle.load_weights(found.own_weights())
    for base in bases:
        base.load_into(model)
    restore_trust(found, bundle)
    return found


class _Among:
    """Checks that each variable has a shape that the bundle's weights have, and no more."""

    def __init__(self, shapes: Counter[tuple[int, ...]]):
        self._left = shapes

    def __call__(self, shape: tuple[int, ...]) -> None:
        self._left[shape] -= 1
        if self._left[shape] < 0:
            raise BundleError(
                f"needs the model of {write.WEIGHTS}. Got one with a tensor of shape "
                f"{shape} that is not among its weights. Copy the whole bundle "
                "again."
            )
