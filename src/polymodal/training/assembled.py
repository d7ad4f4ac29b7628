"""Joins imported encoders and an imported decoder to an assistant that can be trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polymodal.bundle import read, weights, write
from polymodal.bundle.names import weight_names
from polymodal.bundle.part import encoder_of
from polymodal.core.arguments import parameters
from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Task
from polymodal.core.disk.files import check_new, write_atomic, write_folder
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.lookup import find, names
from polymodal.inference.predictor import Predictor
from polymodal.layers.frames import num_pooled
from polymodal.pretrained.language.model import is_language_model, load_language_model
from polymodal.recipe import assemble as parts
from polymodal.recipe.recipe import Recipe, encoder_config, encoder_name, from_dict
from polymodal.recipe.starts import split_words
from polymodal.text.dialogue.texts import Texts
from polymodal.text.dialogue.trained import PLAIN
from polymodal.training.preparing.starts import load_weights, restore_inputs, with_parts

__all__ = ["Assembled", "assemble", "with_base"]

_WORDS = "conversation"
_DECODER, _OWN = "causal_transformer", "interleaved_transformer"
_LONGEST_PROMPT = 2048  # ids, where a decoder could read more
_LONGEST_ANSWER = 256


@dataclass(frozen=True)
class Assembled:
    """What was joined.

    Args:
        folder: str, with the untrained assistant.
        parameters: int, all of them.
        trained_parameters: int, those that training changes as it is.
        tokens: {input: int}, the most tokens of each image or sound in a row.
        row_tokens: int, the most tokens of a row: prompt, media and answer.
    """

    folder: str
    parameters: int
    trained_parameters: int
    tokens: dict[str, int]
    row_tokens: int

    def sentence(self) -> str:
        """Returns what a person should know."""
        media = "".join(f", {count:,} for each {kind}" for kind, count in self.tokens.items())
        return (
            f"{self.parameters:,} parameters, of which training changes "
            f"{self.trained_parameters:,} (projectors). A row has up to {self.row_tokens:,} "
            f"tokens{media}."
        )

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        return asdict(self)


@dataclass
class _Decoder:
    """A decoder to answer with: its settings, its texts, and its weights by their names."""

    settings: dict[str, Any]
    dim: int
    num_outputs: int
    max_length: int
    texts: Texts
    values: Mapping[str, Any]

    @property
    def longest_answer(self) -> int:
        """Most ids of an answer: at most a quarter of what it reads."""
        return min(_LONGEST_ANSWER, self.max_length // 4)


def assemble(
    out: str | Path,
    decoder: str | Path,
    vision: str | Path | None = None,
    audio: str | Path | None = None,
    projector: str = "mlp",
    shuffle: int = 1,
    frames: int = 0,
    pooling: str | None = None,
) -> Assembled:
    """Joins encoders and a decoder, all frozen, by projectors that nothing has trained yet.

    Args:
        out: folder to write; it must not exist, or be empty.
        decoder: folder of an imported language model, or of a run of an assistant.
        vision: folder of an imported image encoder, or of a run with one; None for no images.
        audio: folder of an imported audio encoder, or of a run with one; None for no sounds.
        projector: str, linear or mlp.
        shuffle: int, neighbouring tokens of an image that become one, down and across.
        frames: int, frames of a video that `vision` reads too; 0 for no videos.
        pooling: str, what `vision` makes one token of an image by, such as first or mean; None for
            all tokens that it has.

    Raises:
        BundleError: a folder is damaged, or holds no such part.
        RecipeError: `out` is in use, or parts that do not fit together.

    Example:

    >>> from polymodal.training.assembled import assemble
    >>> found = assemble("runs/base", "models/smollm2", vision="models/dinov2")  # doctest: +SKIP
    """
    out = check_new(out)
    speaker = _decoder(decoder)
    if frames and vision is None:
        raise RecipeError(
            f"--frames needs --vision, which reads them. Got {frames} alone. Name an "
            "imported image encoder."
        )
    inputs = {
        kind: _encoder(kind, folder, way)
        for kind, folder, way in (("image", vision, pooling), ("audio", audio, None))
        if folder is not None
    }
    if frames:
        inputs["video"] = {**_encoder("image", vision), "modality": "frames", "num_frames": frames}
    recipe = _recipe(speaker, inputs, projector, shuffle)
    predictor = _built(recipe, speaker)
    tokens = _tokens(predictor, shuffle)
    recipe.inputs[_WORDS]["max_length"] = _room(speaker, tokens)
    _words(predictor).limit = _room(speaker, tokens)

    def fill(folder: Path) -> None:
        write_atomic(folder / "recipe.yaml", recipe.to_yaml())
        write.write(
            folder, predictor.spec(), weights.values(predictor.own_weights()), predictor.states()
        )

    write_folder(out, fill)
    model = predictor.model
    return Assembled(
        str(out),
        model.count_params(),
        _count(model.trainable_variables),
        tokens,
        sum(tokens.values()) + _room(speaker, tokens) + speaker.longest_answer,
    )


def _count(variables: Any) -> int:
    return sum(math.prod(one.shape) for one in variables)


def _decoder(folder: str | Path) -> _Decoder:
    if is_language_model(folder):
        loaded = load_language_model(folder)
        settings = dict(loaded.settings)
        if settings.pop("decoder") != _DECODER:
            raise BundleError(
                f"{folder} needs a decoder {_DECODER}. Got another. Import a language model."
            )
        texts = loaded.texts
        if texts.template is None:
            texts = Texts(texts.tokenizer.to_str(), texts.stop_ids, texts.special, PLAIN)
        dim, outputs = settings.pop("dim"), settings.pop("num_outputs")
        return _Decoder(
            settings,
            dim,
            outputs,
            loaded.max_length,
            texts,
            weights.values(weight_names(loaded.decoder)),
        )
    return _of_run(folder)


def _below(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    """Returns the weights of a part, by their names in it."""
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def _of_run(folder: str | Path) -> _Decoder:
    """Returns the decoder of an assistant of ours."""
    bundle = read.read(folder)
    recipe = _assistant(
        bundle,
        f"{bundle.folder} needs to be an imported language model or a run "
        "of an assistant. Got something else. Name one of these.",
    )
    task = dict(recipe.task)
    texts = Texts.restored(bundle.preprocess["target"])
    values = _below("head.", weights.load(bundle.folder / write.WEIGHTS))
    settings = task.get("decoder") or {}
    return _Decoder(
        {} if isinstance(settings, str) else dict(settings),
        recipe.dim,
        task.get("num_ids") or texts.size,
        _LONGEST_PROMPT,
        texts,
        values,
    )


def _assistant(bundle: read.Bundle, otherwise: str) -> Recipe:
    """Returns the recipe of an assistant; raises a BundleError that says `otherwise`."""
    values = bundle.spec.get("recipe")
    if not isinstance(values, Mapping) or "task" not in values:
        raise BundleError(otherwise)
    with read.blamed(bundle.folder / write.MODEL):
        recipe = from_dict(values, '"recipe"')
    if not task_named(recipe.task["name"]).converses:
        raise BundleError(otherwise)
    return recipe


def _recipe(speaker: _Decoder, media: Mapping[str, Any], projector: str, shuffle: int) -> Recipe:
    """Returns the recipe of an assistant whose encoders and decoder are frozen."""
    task = _task()
    own = {key: value for key, value in speaker.settings.items() if key not in ("name", "dropout")}
    inputs: dict[str, Any] = {_WORDS: {"modality": _WORDS}, **media}
    given = with_parts(
        {
            "target": task.target_column,
            "dim": speaker.dim,
            "inputs": inputs,
            "fusion": {
                "name": task.fusion[0] if task.fusion else "",
                "projector": projector,
                "shuffle": shuffle,
            },
            "task": {
                "name": task.name,
                "decoder": {"name": _OWN, **own},
                "dropout": 0.0,
                "num_ids": speaker.num_outputs,
                "max_length": speaker.longest_answer,
                "freeze": True,
            },
        }
    )
    return from_dict(given)


def _encoder(kind: str, folder: str | Path | None, pooling: str | None = None) -> dict[str, Any]:
    """Returns the settings of an input whose encoder is frozen, and gives all its tokens where no
    pooling is asked for."""
    config: dict[str, Any] = {"modality": kind, "encoder": {"from": str(folder), "freeze": True}}
    known = encoder_config(encoder_of(str(folder), kind, kind).settings)
    if "pooling" in parameters(find("encoders", str(encoder_name(known)))):
        config["pooling"] = pooling or known.get("pooling", "none")
    elif pooling is not None:
        raise RecipeError(
            f"--pooling needs an image encoder that can pool. Got {folder}, which cannot. Leave it "
            "out."
        )
    return config


def _task() -> Task:
    return next(task for task in map(task_named, names("tasks")) if task.converses)


def _built(recipe: Recipe, speaker: _Decoder) -> Predictor:
    inputs, target = parts.build_inputs(recipe), parts.build_target(recipe)
    restore_inputs(recipe, inputs)
    target.take(speaker.texts)
    next(item.modality for item in inputs if item.name == _WORDS).take(speaker.texts)
    model, head = parts.build_model(recipe, inputs, target, bytes_per_parameter=4)
    load_weights(model, recipe)
    weights.assign(weight_names(model.head), speaker.values)
    return Predictor(recipe, inputs, target, model, head)


def _words(predictor: Predictor) -> Any:
    return next(item.modality for item in predictor.inputs if item.name == _WORDS)


def _tokens(predictor: Predictor, shuffle: int) -> dict[str, int]:
    """Returns the most tokens of each input but the words."""
    found = {}
    for item in predictor.inputs:
        if item.name == _WORDS:
            continue
        encoder = predictor.model.encoders[item.name]
        count = encoder.num_tokens
        if count is None:
            count = -(-(item.modality.limit or 1) // encoder.time_stride)
        if item.name == "image" and shuffle > 1:
            count //= shuffle**2
        if item.modality.frame_tokens:
            each = num_pooled(count, encoder.grid, item.modality.frame_tokens)
            count = each * item.modality.limit
        found[item.name] = count
    return found


def _room(speaker: _Decoder, tokens: Mapping[str, int]) -> int:
    """Returns the ids of a prompt that leave room for media and an answer."""
    room = speaker.max_length - sum(tokens.values()) - speaker.longest_answer
    if room < 16:
        raise RecipeError(
            f"An assistant needs room for a question. Got a decoder of "
            f"{speaker.max_length:,} tokens and {sum(tokens.values()):,} of images "
            "and sounds. Raise shuffle, or use a decoder that reads more."
        )
    return min(room, _LONGEST_PROMPT)


def with_base(given: Mapping[str, Any], base: str | Path) -> dict[str, Any]:
    """Returns settings with all parts of an assembled or trained assistant as a start: encoders and
    decoder frozen, projectors trained.

    Args:
        given: settings of a recipe, which come first; `task` may have `lora` or `freeze: false`.
        base: folder that `assemble` or training wrote.

    Raises:
        BundleError: the folder is damaged, or holds no assistant.
    """
    bundle = read.read(base)
    recipe = _assistant(
        bundle,
        f"--base needs an assistant. Got {bundle.folder}, something else. "
        "Give the folder that `polymodal assemble --out` wrote.",
    )
    folder, asked = str(bundle.folder), given.get("task") or {}
    asked = {"name": asked} if isinstance(asked, str) else dict(asked)
    adapted = bool(asked.get("lora")) or "freeze" in asked
    task = split_words(recipe.task)[0] | ({} if adapted else {"freeze": True})
    fusion = split_words(recipe.fusion)[0] | {"weights": folder}
    own = given.get("inputs") or {}
    inputs = {}
    for name, config in recipe.inputs.items():
        if name == _WORDS:
            inputs[name] = dict(config)
        else:
            inputs[name] = {"encoder": {"from": folder, "input": name, "freeze": True}}
        inputs[name] |= own.get(name) or {}
    return {
        **given,
        "task": task | asked | {"weights": folder},
        "fusion": fusion,
        "inputs": inputs,
        "dim": recipe.dim,
        "target": given.get("target") or recipe.target,
    }
