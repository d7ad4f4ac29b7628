"""What a search may change of a recipe, and what it tries first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.contracts.named_task import task_of
from polymodal.core.lookup import find
from polymodal.recipe.recipe import OTHERS, Recipe, encoder_name

__all__ = ["INFERRED", "Space"]

INFERRED = "inferred"
_PICTURES = ("convnet", "vit")
_TEXTS = ("rnn", "transformer", "bag")
_SERIES = ("rnn", "conformer", "transformer")
_FUSIONS = ("concat", "weighted_sum", "gated", "low_rank", "cross_attention")
_DIMS = (64, 128, 192)
_DROPOUTS = (0.0, 0.1, 0.3, 0.5)
_RATES = (0.3, 3.0)  # times the inferred learning rate
_ARTICLE = {"image": "convnet", "text": "rnn", "audio": "rnn"}
_ARTICLE_FUSIONS = ("concat", "weighted_sum")


class Space:
    """Choices around an inferred recipe.

    Args:
        recipe: Recipe, complete.
        given: settings that the user made, which no candidate changes.
    """

    def __init__(self, recipe: Recipe, given: Mapping[str, Any]):
        self.recipe, self.given = recipe, dict(given)
        self.task = task_of(recipe.task)
        named = {name: config for name, config in (given.get("inputs") or {}).items() if config}
        self.encoders = {
            name: options
            for name, config in recipe.inputs.items()
            if (options := _encoders(config)) and "encoder" not in named.get(name, {})
        }
        several = len(recipe.inputs) > 1 and not self.task.stepwise
        free = several and "fusion" not in given and not self.task.compares_inputs
        self.fusions = _FUSIONS if free else ()
        own = given.get("training") or {}
        self.searches_rate = "learning_rate" not in own
        self.searches_augment = "augment" not in own and any(
            find("preprocess", config["modality"]).files for config in recipe.inputs.values()
        )

    def suggest(self, trial: Any) -> dict[str, Any]:
        """Returns the choices that an Optuna trial makes, {name: value}."""
        chosen: dict[str, Any] = {}
        for name, options in self.encoders.items():
            key = f"encoder of {name}"
            chosen[key] = trial.suggest_categorical(key, [INFERRED, *options])
        if self.fusions:
            chosen["fusion"] = trial.suggest_categorical("fusion", [INFERRED, *self.fusions])
        for key, options in (("dim", _DIMS), ("dropout", _DROPOUTS)):
            if key not in self.given:
                chosen[key] = trial.suggest_categorical(key, [INFERRED, *map(str, options)])
        if self.searches_rate:
            chosen["rate"] = trial.suggest_float("rate", *_RATES, log=True)
        if self.searches_augment:
            chosen["augment"] = trial.suggest_categorical("augment", [INFERRED, "yes", "no"])
        return chosen

    def first(self) -> list[dict[str, Any]]:
        """Returns the choices that are tried first: the inferred recipe, then those of the article:
        convolutions for images, recurrent networks for series, and the two simplest fusions."""
        plain = {f"encoder of {name}": INFERRED for name in self.encoders}
        if self.fusions:
            plain["fusion"] = INFERRED
        plain |= {key: INFERRED for key in ("dim", "dropout") if key not in self.given}
        if self.searches_augment:
            plain["augment"] = INFERRED
        inferred: dict[str, Any] = {**plain, "rate": 1.0} if self.searches_rate else dict(plain)
        article = {
            f"encoder of {name}": _ARTICLE[kind]
            for name, kind in self._kinds().items()
            if kind in _ARTICLE and _ARTICLE[kind] in self.encoders.get(name, ())
        }
        found = [inferred]
        for fusion in _ARTICLE_FUSIONS if self.fusions else (None,):
            one = {**inferred, **article, **({"fusion": fusion} if fusion else {})}
            if one not in found:
                found.append(one)
        return found

    def settings(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the settings of a recipe for some choices; the rest is inferred as usual."""
        found = dict(self.given)
        encoders = {
            name: chosen[f"encoder of {name}"]
            for name in self.encoders
            if chosen.get(f"encoder of {name}", INFERRED) != INFERRED
        }
        if encoders:
            inputs = {
                name: dict(config or {})
                for name, config in (self.given.get("inputs") or {OTHERS: {}}).items()
            }
            for name, encoder in encoders.items():
                inputs[name] = {**inputs.get(name, {}), **self._column(name), "encoder": encoder}
            found["inputs"] = inputs
        if chosen.get("fusion", INFERRED) != INFERRED:
            found["fusion"] = chosen["fusion"]
        for key, kind in (("dim", int), ("dropout", float)):
            if chosen.get(key, INFERRED) != INFERRED:
                found[key] = kind(chosen[key])
        training = dict(self.given.get("training") or {})
        if chosen.get("rate", 1.0) != 1.0:
            usual = float(self.recipe.training["learning_rate"])
            training["learning_rate"] = float(f"{usual * chosen['rate']:.3g}")
        if chosen.get("augment", INFERRED) != INFERRED:
            training["augment"] = chosen["augment"] == "yes"
        if training:
            found["training"] = training
        return found

    def _kinds(self) -> dict[str, str]:
        return {name: config["modality"] for name, config in self.recipe.inputs.items()}

    def _column(self, name: str) -> dict[str, Any]:
        """Returns modality and column of an input as they were inferred."""
        config = self.recipe.inputs[name]
        return {key: config[key] for key in ("modality", "column", "columns") if key in config}


def _encoders(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the encoders that may serve an input instead of its own."""
    own, modality = encoder_name(config), find("preprocess", config["modality"])
    if isinstance(config.get("encoder"), Mapping):
        return ()  # it starts from somewhere
    for options in (_PICTURES, _TEXTS, _SERIES):
        if modality.encoder in options or own in options:
            if not modality.is_text or not modality.has_gaps:
                return options
            return ()
    if modality.encoder == "conv_audio":
        return ("conv_audio", *_SERIES)
    return ()
