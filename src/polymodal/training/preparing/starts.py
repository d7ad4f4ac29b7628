"""Parts that start from another run: their settings, preprocessing and weights, put in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polymodal.bundle import read, write
from polymodal.bundle.part import Part, digest_of, encoder_of, part_of
from polymodal.bundle.starting import load_part
from polymodal.core.arguments import parameters, shown
from polymodal.core.errors import RecipeError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.recipe.assemble import Input
from polymodal.recipe.recipe import OTHERS, Recipe, encoder_config
from polymodal.recipe.starts import split_words, starts_of

__all__ = ["load_weights", "restore_inputs", "restore_target", "with_parts"]

_OWN = ("modality", "encoder", "column", "columns")  # of an input: named otherwise, or its own
_PER_STEP = {
    "texts": "text",
    "images": "image",
}  # modalities of a list, whose items another modality reads alone
_READ_BY: dict[str, Any] = {**_PER_STEP, "frames": ("frames", "image")}
_FREE = ("dropout",)  # of a part: may differ from what it was trained with


def with_parts(given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a person gave with the settings of all parts that start from another run.

    Args:
        given: settings of a recipe.

    Raises:
        BundleError: a folder is damaged, or has no such part.
        RecipeError: settings that contradict the part's.
    """
    found = dict(given)
    inputs = found.get("inputs")
    if isinstance(inputs, Mapping):
        found["inputs"] = {
            name: _input(name, config, found) if name != OTHERS else config
            for name, config in inputs.items()
        }
    for key, name in (("fusion", "fusion"), ("sequence", "sequence"), ("task", "head")):
        if isinstance(found.get(key), Mapping):
            found[key] = _middle(found[key], key, name, found)
    return found


def _input(name: str, config: Any, given: dict[str, Any]) -> Any:
    """Returns an input's settings with those of the encoder that it takes; sets the width."""
    if not isinstance(config, Mapping) or not isinstance(config.get("encoder"), Mapping):
        return config
    config = encoder_config(config)
    words = config["encoder"]
    if not isinstance(words, dict):
        return config  # a name, and settings that are next to it now
    where = f"inputs.{name}"
    if words.get("weights"):
        return config | {"encoder": words | _digest(where, words, digest_of(words["weights"]))}
    if not words.get("from"):
        return config
    part = encoder_of(
        words["from"],
        words.get("input", name),
        _READ_BY.get(str(config.get("modality")), config.get("modality")),
    )
    if "encoder" not in part.settings:
        return _features(where, part, config)
    encoder = encoder_config(part.settings)["encoder"]
    known = encoder if isinstance(encoder, str) else encoder["name"]
    _same(where, "encoder", words.get("name", known), known, part)
    of_modality = find("preprocess", part.settings["modality"])
    free = (*_FREE, *of_modality.augmentation, *of_modality.extent)
    settings = {k: v for k, v in encoder_config(part.settings).items() if k not in _OWN}
    settings = _of_modality(
        settings, str(part.settings["modality"]), _modality(where, part, given), config
    )
    for key, value in settings.items():
        if key not in free:
            _same(where, key, config.get(key, value), value, part)
    if "dim" in parameters(find("encoders", known)):
        _set_width(given, where, part)
    own_name = part.name.removeprefix("encoders.")
    theirs = {}
    if own_name != name:
        theirs = {"input": own_name}
    digest = _digest(where, words, part.sha256)
    return (
        {"modality": _modality(where, part, given)}
        | settings
        | config
        | {"encoder": {"name": known, **words, **theirs, **digest}}
    )


def _of_modality(
    settings: dict[str, Any], own: str, usual: str, config: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns a part's settings that another modality, which reads its items alone, has too."""
    asked = str(config.get("modality", usual))
    if asked == own:
        return settings
    left_out = set(parameters(find("preprocess", own))) - set(parameters(find("preprocess", asked)))
    return {key: value for key, value in settings.items() if key not in left_out}


def _features(where: str, part: Part, config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an input's settings with an imported graph, which runs in preprocessing."""
    words = {key: value for key, value in config["encoder"].items() if key != "from"}
    if words.pop("freeze", True) not in (True, "auto") or words:
        raise RecipeError(
            f"{where}.encoder needs from alone: an ONNX graph is never trained. Got "
            f"{', '.join(sorted(words)) or 'freeze'}. Leave it out."
        )
    own = {**part.settings, "graph": str(part.folder / str(part.settings["graph"]))}
    for key, value in own.items():
        _same(where, key, config.get(key, value), value, part)
    return {**own, **{key: value for key, value in config.items() if key != "encoder"}}


def _modality(where: str, part: Part, given: Mapping[str, Any]) -> str:
    """Returns the modality that an encoder reads; of rows in sequences, one text or image per step.

    Raises:
        RecipeError: no modality of sequences has steps that it could read.
    """
    own = str(part.settings["modality"])
    per_step = {theirs: ours for ours, theirs in _PER_STEP.items()}
    if not given.get("group"):
        return own
    if own == "audio":
        raise RecipeError(
            f"{where} needs an encoder of texts or images, which reads each step of a sequence "
            f"alone. Got one of {own}. Leave it out: without it, recordings of steps are read by "
            "the statistics of their spectrograms."
        )
    return per_step.get(own, own)


def _middle(config: Mapping[str, Any], key: str, name: str, given: dict[str, Any]) -> Any:
    """Returns the settings of a fusion, sequence model or task with what it starts from."""
    words, source = split_words(config)[1], config.get("from")
    if config.get("weights") or (source and key == "task"):  # a head's outputs are its own
        digest = digest_of(str(config.get("weights") or source))
        return {**config, **_digest(key, words, digest)}
    if not source:
        return config
    part = part_of(source, key, name)
    settings = split_words(part.settings)[0]
    for setting, value in settings.items():
        if setting not in _FREE:
            _same(key, setting, config.get(setting, value), value, part)
    _set_width(given, key, part)
    return settings | dict(config) | _digest(key, words, part.sha256)


def _set_width(given: dict[str, Any], where: str, part: Part) -> None:
    _same(where, "dim", given.get("dim") or part.dim, part.dim, part, whole="")
    given["dim"] = part.dim


def _same(where: str, key: str, asked: Any, trained: Any, part: Part, whole: str = "{}.") -> None:
    if asked != trained:
        raise RecipeError(
            f"{whole.format(where)}{key} needs {shown(trained)}, because {where} "
            f"starts from {part.folder}. Got {shown(asked)}. Leave {key} out."
        )


def _digest(where: str, words: Mapping[str, Any], found: str) -> dict[str, str]:
    """Returns the sha256 of the weights, which have to be those that a recipe names."""
    if words.get("sha256", found) != found:
        source = words.get("from") or words.get("weights")
        raise RecipeError(
            f"{where} needs the weights of {source} with sha256 {words['sha256']}. "
            f"Got {found}. Give the folder as it was, or leave sha256 out."
        )
    return {"sha256": found}


def restore_inputs(recipe: Recipe, inputs: Iterable[Input]) -> None:
    """Gives the inputs whose encoder is another run's the preprocessing that it was trained with.

    Raises:
        BundleError: the folder is damaged, or its preprocessing does not fit.
    """
    starts = {
        start.path[1]: start
        for start in starts_of(recipe)
        if start.path[0] == "encoders" and start.takes_all
    }
    for item in inputs:
        if item.name in starts:
            start = starts[item.name]
            part = encoder_of(str(start.source), start.input or item.name)
            if part.state is not None:
                item.modality.restore(dict(part.state))
                item.modality.is_fitted = True


def restore_target(recipe: Recipe, target: Any) -> None:
    """Gives a target whose head starts from another run what that run learned, where both belong
    together, as a decoder and its tokenizer do.

    Raises:
        BundleError: the folder is damaged, or its target does not fit.
    """
    start = next((one for one in starts_of(recipe) if one.path == ("head",)), None)
    if start is None or start.source is None or not target.comes_with_weights:
        return
    bundle = read.read(start.source)
    with read.blamed(bundle.folder / write.PREPROCESS / "target.json"):
        target.restore(dict(Fields(bundle.preprocess).mapping("target")))


def load_weights(model: Any, recipe: Recipe) -> None:
    """Gives the parts of a built model the weights that its recipe says they start from.

    Raises:
        BundleError: a folder is damaged, or has no such part.
        RecipeError: weights of other shapes, or of another part.
    """
    for start in starts_of(recipe):
        if start.source is not None:
            load_part(model, start, str(start.source))
