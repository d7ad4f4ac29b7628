"""Where the parts of a model start from: weights of another run, frozen, or trained more slowly.

Every part, an encoder, the fusion, the sequence model and the head (`task`), takes these words
next to its name:

    inputs:
      image:
        encoder: {from: runs/other, freeze: true}
    fusion: {name: gated, learning_rate_scale: 0.1}

`from` takes the part of another run, or of an imported folder, as it is: name, settings,
preprocessing and weights. `weights` takes its weights only. `sha256` is written next to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polymodal.core import arguments
from polymodal.core.errors import RecipeError

__all__ = ["WORDS", "Start", "check_words", "freeze", "has_frozen_encoder", "scales",
           "split_words", "starts_of"]

# Which recipe key holds the settings of which part of a model.
_PARTS = {"fusion": "fusion", "sequence": "sequence", "task": "head"}


@dataclass(frozen=True)
class Start:
    """How one part of a model starts, and is trained.

    Args:
        where: str, place in the recipe, shown in errors: "inputs.image.encoder".
        path: names that lead to the part from the model: ("encoders", "image").
        source: str or None, the folder, or file, that its weights come from.
        takes_all: bool, whether its settings and preprocessing come from there too.
        input: str or None, the input of that folder whose encoder it is; None for the same name.
        sha256: str or None, of the file with these weights.
        freeze: bool, or paths inside the part: what is not trained.
        learning_rate_scale: float, or {path inside the part: float}.
    """

    where: str
    path: tuple[str, ...]
    source: str | None = None
    takes_all: bool = False
    input: str | None = None
    sha256: str | None = None
    freeze: bool | Sequence[str] = False
    learning_rate_scale: float | Mapping[str, float] = 1.0

    @property
    def name(self) -> str:
        """The part's name among the names of weights: "encoders.image"."""
        return ".".join(self.path)


def _words(from_: str | None = None, input: str | None = None, weights: str | None = None,
           sha256: str | None = None, freeze: bool | list = False,
           learning_rate_scale: float | dict = 1.0) -> None:
    """The words with their types, which recipes are checked against."""


WORDS = tuple("from" if name == "from_" else name for name in arguments.parameters(_words))


def split_words(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the settings of a part without these words, and these words."""
    return ({k: v for k, v in config.items() if k not in WORDS},
            {k: v for k, v in config.items() if k in WORDS})


def check_words(config: Mapping[str, Any], where: str) -> None:
    """Raises RecipeError where one of these words has a value that it cannot have."""
    words = {{"from": "from_"}.get(k, k): v for k, v in split_words(config)[1].items()}
    try:
        words = arguments.check(_words, words, where)
    except RecipeError as error:
        raise RecipeError(str(error).replace(".from_ ", ".from ")) from None
    if words.get("from_") and words.get("weights"):
        raise RecipeError(f"{where} needs from or weights. Got both. Leave one of them out.")
    inner = words.get("learning_rate_scale", 1.0)
    each = inner if isinstance(inner, Mapping) else {"": inner}
    for path, scale in each.items():
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale <= 1000:
            place = f".{path}".rstrip(".")
            raise RecipeError(f"{where}.learning_rate_scale{place} needs a number above 0. Got "
                              f"{arguments.shown(scale)}. To train it no further: freeze.")


def starts_of(recipe: Any) -> Iterator[Start]:
    """Yields a Start for each part of a recipe that says one of these words.

    Args:
        recipe: Recipe, or anything with its `inputs`, `fusion`, `sequence` and `task`.
    """
    for name, config in recipe.inputs.items():
        if isinstance(config["encoder"], Mapping):
            yield _start(config["encoder"], f"inputs.{name}.encoder", ("encoders", name))
    for key, part in _PARTS.items():
        config = getattr(recipe, key)
        if config and split_words(config)[1]:
            yield _start(config, key, (part,))


def _start(config: Mapping[str, Any], where: str, path: tuple[str, ...]) -> Start:
    words = split_words(config)[1]
    source = words.pop("from", None)
    weights = words.pop("weights", None)
    return Start(where, path, source or weights, source is not None, **words)


def has_frozen_encoder(config: Mapping[str, Any]) -> bool:
    """Returns whether the whole encoder of an input keeps its weights.

    Args:
        config: settings of the input.
    """
    encoder = config["encoder"]
    return isinstance(encoder, Mapping) and encoder.get("freeze") is True


def freeze(model: Any, recipe: Any) -> None:
    """Makes the parts of a built model that a recipe freezes keep their weights.

    Raises:
        RecipeError: a path that leads nowhere.
    """
    for start in starts_of(recipe):
        inner = [""] if start.freeze is True else start.freeze or ()
        for path in inner:
            layer = _at(model, (*start.path, *filter(None, str(path).split("."))), start)
            layer.trainable = False


def scales(recipe: Any) -> dict[str, float]:
    """Returns {name of weights, or the beginning of it: factor of the learning rate}."""
    found = {}
    for start in starts_of(recipe):
        inner = start.learning_rate_scale
        each = inner if isinstance(inner, Mapping) else {"": inner}
        found |= {f"{start.name}.{path}".rstrip("."): float(scale)
                  for path, scale in each.items()}
    return {name: scale for name, scale in found.items() if scale != 1.0}


def _at(value: Any, path: Sequence[str], start: Start) -> Any:
    """Returns what attributes, keys and places lead to, as names of weights do."""
    for step in path:
        try:
            if isinstance(value, Mapping):
                value = value[step]
            elif isinstance(value, list | tuple):
                value = value[int(step)]
            else:
                value = getattr(value, step)
        except (AttributeError, KeyError, ValueError, IndexError):
            raise RecipeError(f'{start.where}.freeze needs paths of layers. Got '
                              f'"{".".join(path[len(start.path):])}", and nothing is called '
                              f'"{step}". Write true to freeze all of it.') from None
    return value
