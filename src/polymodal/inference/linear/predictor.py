"""A linear model in place of a network: the same bundle, read and answered without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import read, write
from polymodal.bundle import weights as tensors
from polymodal.bundle.write import LINEAR
from polymodal.core import arguments
from polymodal.core.contracts.batch import input_key
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.feed.findings import Checked
from polymodal.feed.samples import Samples
from polymodal.inference.answers import Answers
from polymodal.inference.linear.features import Featured, described
from polymodal.inference.linear.model import LinearHead, LinearModel, check_array, restored
from polymodal.inference.outputs import collect, outputs
from polymodal.inference.trained_on import TrainedOn
from polymodal.inference.trust import restore_trust
from polymodal.recipe.assemble import Input, input_settings, target_alone
from polymodal.recipe.recipe import Recipe, columns_of, from_dict

__all__ = ["LinearAnswers", "is_linear", "load_linear"]


class LinearAnswers(Answers):
    """A linear model of simple features of the inputs.

    Args:
        recipe: Recipe of the network that it was compared with, of which it uses inputs and target.
        inputs: list of Input, whose modalities are Featured.
        target: Target, fitted or restored.
        model: LinearModel.
        title: str, what it is: "logistic regression on n-grams and columns".
        metrics, trained_on: as of Answers.
    """

    def __init__(
        self,
        recipe: Recipe,
        inputs: list[Input],
        target: Any,
        model: LinearModel,
        title: str,
        metrics: dict[str, Any] | None = None,
        trained_on: TrainedOn | None = None,
    ):
        super().__init__(recipe, inputs, target, model, None, metrics, trained_on)
        self.head = LinearHead(self.task, len(model.bias))
        self.title = title

    def of_samples(self, samples: Samples, checked: Checked) -> Predictions:
        """Returns the predictions for the checked rows of samples that read simple features."""
        said = outputs(self.model, self.loader(samples, checked), self.head)
        return collect(
            said, self.head, self.target, self.task, [i.name for i in self.inputs], len(samples)
        )

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds."""
        inputs = {}
        for item in self.inputs:
            config = self.recipe.inputs[item.name]
            inputs[item.key] = {
                "modality": config["modality"],
                "features": described(item.modality.base),
                "settings": input_settings(item.name, config, self.recipe.columns)[0],
            }
        return {
            "recipe": self.recipe.to_dict(),
            "labels": list(self.target.labels),
            "trained_on": self.trained_on.to_json(),
            LINEAR: {"title": self.title, "inputs": inputs},
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns {name: array}, what the bundle's weights are."""
        return self.model.arrays() | {
            f"inputs.{item.key}.{name}": array
            for item in self.inputs
            for name, array in item.modality.arrays().items()
        }


def is_linear(folder: str | Path) -> bool:
    """Returns whether a folder holds a bundle of a linear model."""
    path = Path(folder) / write.MODEL
    try:
        return path.is_file() and LINEAR in read.read_json(path)
    except BundleError:
        return False


def load_linear(folder: str | Path) -> LinearAnswers:
    """Loads a linear model. Nothing that it holds is executed, and no engine is loaded.

    Raises:
        BundleError: it is damaged, foreign or unsafe.
    """
    bundle = read.read(folder)
    bundle.check_model()
    with read.blamed(bundle.folder / write.MODEL):
        spec = Fields(bundle.spec)
        recipe = from_dict(spec.mapping("recipe"), '"recipe"')
        linear = Fields(spec.mapping(LINEAR))
        title, told = linear.text("title"), linear.mapping("inputs")
        inputs = [
            _input(place, name, config, Fields(told).mapping(input_key(place)))
            for place, (name, config) in enumerate(recipe.inputs.items())
        ]
        target, labels = target_alone(recipe), spec.texts("labels", distinct=False)
        trained_on = TrainedOn.from_json(bundle.spec.get("trained_on", {}))
    arrays = tensors.load(bundle.folder / write.WEIGHTS)
    for key, part in [*((item.key, item.modality) for item in inputs), ("target", target)]:
        path = bundle.folder / write.PREPROCESS / f"{key}.json"
        with read.blamed(path):
            part.restore(dict(Fields(bundle.preprocess).mapping(key)))
    with read.blamed(bundle.folder / write.WEIGHTS):
        if list(target.labels) != labels:
            raise BundleError("needs the labels of the target. Copy the whole bundle again.")
        model = _restored(inputs, target, arrays)
    found = LinearAnswers(recipe, inputs, target, model, title, bundle.metrics, trained_on)
    restore_trust(found, bundle)
    return found


def _input(place: int, name: str, config: Mapping[str, Any], told: Mapping[str, Any]) -> Input:
    kind = Fields(told).text("modality")
    if kind != config["modality"]:
        raise BundleError(
            f'needs the modality of the recipe for "{name}". Got {kind}. Copy the '
            "whole bundle again."
        )
    settings = Fields(told).mapping("settings")
    base = arguments.build(find("preprocess", kind), dict(settings), f"inputs.{name}")
    return Input(name, input_key(place), Featured(base), columns_of(name, dict(config)), LINEAR, {})


def _restored(inputs: list[Input], target: Any, arrays: Mapping[str, np.ndarray]) -> LinearModel:
    for item in inputs:
        names = ("idf",) if item.modality.is_text else ("mean", "std")
        item.modality.restore_arrays(
            {name: check_array(arrays, f"inputs.{item.key}.{name}") for name in names}
        )
    widths = {item.key: item.modality.width for item in inputs}
    return restored(arrays, widths, max(1, len(target.labels)))
