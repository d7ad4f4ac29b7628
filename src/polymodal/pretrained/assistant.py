"""An imported assistant, such as LLaVA: an image encoder, a projector and a language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from polymodal.bundle import weights, write
from polymodal.bundle.names import weight_names
from polymodal.core import lookup
from polymodal.core.contracts.batch import input_key
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import BundleError
from polymodal.pretrained.family import Family
from polymodal.pretrained.keys import ORIGIN
from polymodal.pretrained.language.model import LanguageModel
from polymodal.pretrained.language.reading import read_language_model
from polymodal.pretrained.part import Part, assembled
from polymodal.pretrained.reading import names, pixels
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config
from polymodal.text.dialogue.texts import Texts

__all__ = ["ImportedAssistant", "Inside", "read_assistant", "read_language"]

_IMAGE, _WORDS = "image", "conversation"
_LONGEST_ANSWER = 256
_MOST_IMAGES = 8  # of a conversation, where they take at most half of what the decoder reads
_FUSION = {"name": "interleaved", "projector": "mlp", "normalise": False}
_PROJECTOR = {
    "fusion.projectors.image.0": "linear_1",
    "fusion.projectors.image.1": None,
    "fusion.projectors.image.2": "linear_2",
}


@dataclass
class ImportedAssistant:
    """A published assistant. In a folder it is a bundle, which `polymodal.load` loads.

    Args:
        image: Part, its image encoder.
        language: LanguageModel.
        projector: {our name: array}.
        origin: family, licence, source and the sha256 of each file that was read.
        fusion: settings of the fusion.
        longest: int, most tokens that an image becomes; None for those of its encoder.
    """

    image: Part
    language: LanguageModel
    projector: Mapping[str, np.ndarray]
    origin: Mapping[str, Any]
    fusion: Mapping[str, Any] = field(default_factory=lambda: dict(_FUSION))
    longest: int | None = None

    name: ClassVar[str] = "image and text"

    @property
    def dim(self) -> int:
        """Width of the tokens."""
        return self.language.dim

    @property
    def about(self) -> str:
        """What it does, as a clause."""
        most = "up to " if self.longest else ""
        return f"answers in conversations about images, {most}{self._image_tokens} tokens each"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        own = sum(value.size for value in self.projector.values())
        return self.image.num_parameters + self.language.num_parameters + own

    @property
    def _image_tokens(self) -> int:
        return self.longest or int(self.image.encoder.num_tokens)

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds, in the form of a run that answers in conversations."""
        task = next(task for task in map(task_named, lookup.names("tasks")) if task.converses)
        settings = {
            key: value
            for key, value in self.language.settings.items()
            if key not in ("decoder", "dim", "num_outputs")
        }
        longest = min(_LONGEST_ANSWER, self.language.max_length // 4)
        images = max(1, min(_MOST_IMAGES, self.language.max_length // 2 // self._image_tokens))
        recipe = {
            "task": {
                "name": task.name,
                "decoder": {"name": "interleaved_transformer", **settings},
                "dropout": 0.0,
                "num_ids": self.language.settings["num_outputs"],
                "max_length": longest,
            },
            "target": task.target_column,
            "inputs": {
                _WORDS: {
                    "modality": _WORDS,
                    "encoder": "ids",
                    "max_length": self._room(longest, images),
                },
                _IMAGE: {**self.image.settings, "max_images": images},
            },
            "fusion": dict(self.fusion),
            "dim": self.dim,
        }
        return {"recipe": recipe, "labels": [], ORIGIN: dict(self.origin)}

    def _room(self, longest: int, images: int) -> int:
        room = self.language.max_length - longest - images * self._image_tokens
        if room < 16:
            raise BundleError(
                f"{self.origin['source']} needs a language model that reads an image "
                f"and a question. Got one of {self.language.max_length:,} tokens. "
                "Check config.json."
            )
        return room

    def save(self, folder: str | Path) -> None:
        """Writes the assistant into a folder, which must not hold another model."""
        values = dict(self.projector)
        for prefix, layer in (
            ("encoders.image.", self.image.encoder),
            ("head.", self.language.decoder),
        ):
            values |= {
                prefix + name: value for name, value in weights.values(weight_names(layer)).items()
            }
        spec, texts = self.spec(), self.language.texts.state()
        recipe = spec["recipe"]
        write.write(
            folder,
            spec,
            values,
            {
                input_key(0): {**texts, "max_length": recipe["inputs"][_WORDS]["max_length"]},
                input_key(1): self.image.modality.state(),
                "target": {**texts, "max_length": recipe["task"]["max_length"]},
            },
        )


@dataclass(frozen=True)
class Inside:
    """The tensors of a checkpoint whose names begin alike, without that beginning."""

    whole: Checkpoint
    prefix: str

    @property
    def folder(self) -> Path:
        return self.whole.folder

    @property
    def names(self) -> list[str]:
        return [
            name.removeprefix(self.prefix)
            for name in self.whole.names
            if name.startswith(self.prefix)
        ]

    def array(self, name: str) -> np.ndarray:
        return self.whole.array(self.prefix + name)

    def __getattr__(self, name: str) -> Any:  # files are those of the whole
        return getattr(self.whole, name)


def read_assistant(
    checkpoint: Checkpoint, family: Any, settings: Mapping[str, Any], origin: Mapping[str, Any]
) -> ImportedAssistant:
    """Returns the assistant that a checkpoint holds, in memory.

    Args:
        checkpoint: Checkpoint.
        family: subclass of Family with `parts`.
        settings: what the family made of the config.
        origin: where it is from.

    Raises:
        BundleError: tensors do not fit the config, or a part that we do not implement.
    """
    inside = {part: Inside(checkpoint, prefix) for part, prefix in family.parts.items()}
    image = _image(inside["vision"], settings, origin)
    language = read_language(inside["language"], settings, origin)
    return ImportedAssistant(
        image, language, _projector(inside["projector"], image, language), origin
    )


def _family(checkpoint: Any, values: Any, kind: str) -> type[Family]:
    name = str((values or {}).get("model_type")).replace("-", "_")
    known = lookup.names("pretrained.families")
    if name in known:
        found: type[Family] = lookup.find("pretrained.families", name)
        if found.modality == kind:
            return found
    raise BundleError(
        f"{checkpoint.folder / 'config.json'} needs parts that we import. Got "
        f'"model_type" {name!r} for {kind}. `polymodal models` lists what can be '
        "imported."
    )


def _nested(checkpoint: Any, values: Mapping[str, Any], name: str) -> Config:
    return Config(f"{checkpoint.folder / 'config.json'}, {name}", dict(values))


def _image(inside: Any, settings: Mapping[str, Any], origin: Mapping[str, Any]) -> Part:
    values = settings["vision"]
    family = _family(inside, values, "image")
    if family.encoder != "clip_image":
        raise BundleError(
            f"{inside.folder} needs the image encoder of CLIP. Got "
            f"{family.title}. Import its parts and join them with `polymodal "
            "assemble`."
        )
    config = _nested(inside, values, "vision_config")
    own = family.settings(config)
    config.finish()
    layers, layer = own["num_layers"], settings["layer"]
    if type(layer) is not int or not -layers <= layer < 0:
        raise BundleError(
            f'{inside.folder}: "vision_feature_layer" needs -1 to -{layers}. Got '
            f"{layer!r}. Import another checkpoint."
        )
    kept = layers + 1 + layer
    own |= {"num_layers": kept, "pooling": "patches", "final_norm": False, "projection": 0}
    found = pixels.settings_of(inside)
    del own["image_size"]
    part = assembled(
        _IMAGE, {"modality": _IMAGE, **found, "encoder": family.encoder, **own}, None, origin
    )
    unused = tuple(f"encoder.layers.{place}." for place in range(kept, layers))
    names.load(
        part.encoder,
        inside,
        _without(family, (*unused, "post_layernorm.")),
        {"positions": _table, "first": _table},
    )
    return part


def _without(family: type[Family], more: tuple[str, ...]) -> type[Family]:
    """Returns the family of a checkpoint with more tensors that are not needed."""
    return type(family.__name__, (family,), {"unused": (*family.unused, *more)})


def _table(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, values.shape[-1])


def read_language(
    inside: Any, settings: Mapping[str, Any], origin: Mapping[str, Any]
) -> LanguageModel:
    """Returns the language model inside, whose template writes the sign of an image.

    Args:
        inside: Inside, its tensors.
        settings: with `text`, its config, `image_id`, and perhaps `tied` of the whole.
        origin: where it is from.
    """
    values = settings["text"]
    family = _family(inside, values, "language")
    config = _nested(inside, values, "text_config")
    own = family.settings(config)
    config.finish()
    own["tied"] = settings.get("tied", own["tied"])
    found = read_language_model(inside, values, family, own, origin)
    sign = found.texts.tokenizer.id_to_token(settings["image_id"])
    if sign is None:
        raise BundleError(
            f'{inside.folder}: "image_token_index" needs an id of the tokenizer. Got '
            f"{settings['image_id']}. Copy the whole checkpoint."
        )
    texts = found.texts
    found.texts = Texts(
        texts.tokenizer.to_str(),
        texts.stop_ids,
        {**texts.special, "image_token": sign},
        texts.template,
    )
    return found


def _projector(inside: Any, image: Part, language: LanguageModel) -> dict[str, np.ndarray]:
    """Returns the two linear layers by our names, checked."""
    shapes = {"linear_1": (language.dim, image.dim), "linear_2": (language.dim, language.dim)}
    found = {}
    for ours, theirs in _PROJECTOR.items():
        if theirs is None:
            continue
        kernel, bias = (inside.array(f"{theirs}.{kind}") for kind in ("weight", "bias"))
        if kernel.shape != shapes[theirs] or bias.shape != (language.dim,):
            raise BundleError(
                f"{inside.folder}: the projector needs the shape {shapes[theirs]}. "
                f"Got {kernel.shape}. Check that config.json belongs to these "
                "weights."
            )
        found[f"{ours}.kernel"], found[f"{ours}.bias"] = kernel.T, bias
    return {name: np.asarray(value, np.float32) for name, value in found.items()}
