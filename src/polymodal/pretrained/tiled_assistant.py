"""Reads an assistant that cuts images in tiles, such as SmolVLM."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from polymodal.core.errors import BundleError
from polymodal.pretrained.assistant import ImportedAssistant, Inside, read_language
from polymodal.pretrained.families.siglip_vision_model import SiglipVisionModel
from polymodal.pretrained.part import Part, assembled
from polymodal.pretrained.reading import names
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config
from polymodal.pretrained.reading.tiles import tiles_of
from polymodal.text.dialogue.texts import Texts

__all__ = ["read_tiled_assistant"]

_IMAGE, _MODALITY = "image", "tiled_image"
_HEAD = "lm_head.weight"
# What the library takes where a config does not say it.
_VISION = {
    "hidden_size": 1152,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 32,
}
_NO_EFFECT = ("size", "max_image_size", "use_base_siglip", "num_channels", "vision_use_head")
_BORDER, _WHOLE = "<fake_token_around_image>", "<global-img>"


def read_tiled_assistant(
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
    text = _Text(checkpoint, family.parts["language"])
    language = read_language(text, settings, origin)
    shuffle, side = settings["shuffle"], math.isqrt(int(image.encoder.num_tokens))
    if side % shuffle:
        raise BundleError(
            f'{checkpoint.folder}: "scale_factor" needs to divide the {side} patches '
            f"of a side. Got {shuffle}. Check config.json."
        )
    grid = image.modality.grid
    words = _words(text, language.texts, grid)
    fusion = {
        "name": "tiled",
        "projector": "linear",
        "normalise": False,
        "shuffle": shuffle,
        "grid": grid,
        **words,
    }
    each = (side // shuffle) ** 2
    longest = (grid**2 + 1) * (each + 3) + grid
    return ImportedAssistant(
        image,
        language,
        _projector(inside["projector"], image, language, shuffle),
        origin,
        fusion,
        longest,
    )


class _Text(Inside):
    """The language model inside: its last layer is beside it."""

    @property
    def names(self) -> list[str]:
        head = [_HEAD] if _HEAD in self.whole.names else []
        return [*super().names, *head]

    def array(self, name: str) -> np.ndarray:
        if name == _HEAD:
            return self.whole.array(name)
        return super().array(name)


def _image(inside: Inside, settings: Mapping[str, Any], origin: Mapping[str, Any]) -> Part:
    values = {**_VISION, **(settings["vision"] or {})}
    config = Config(f"{inside.folder / 'config.json'}, vision_config", values)
    for name in _NO_EFFECT:
        config.passed_over(name)
    own = SiglipVisionModel.settings(config) | {"pooling": "none"}
    config.finish()
    size = own.pop("image_size")
    found = tiles_of(inside)
    if found["size"] != size:
        raise BundleError(
            f'{inside.folder}: "max_image_size" needs the {size} pixels of '
            f'"image_size". Got {found["size"]}. Check that both files belong to one '
            "checkpoint."
        )
    part = assembled(
        _IMAGE,
        {"modality": _MODALITY, **found, "encoder": SiglipVisionModel.encoder, **own},
        None,
        origin,
    )
    names.load(part.encoder, inside, SiglipVisionModel, {"positions": _in_order})
    return part


def _in_order(table: np.ndarray) -> np.ndarray:
    """Returns the table as whole images read it: each patch looks for its share of the side."""
    side = math.isqrt(len(table))
    borders = np.arange(1 / side, 1.0, 1 / side).astype("float32")
    shares = np.arange(side, dtype="float32") * np.float32(1.0 / side)
    place = np.searchsorted(borders, np.minimum(shares, np.float32(1 - 1e-6)), side="right")
    return table[(place[:, None] * side + place).reshape(-1)]


def _words(checkpoint: Any, texts: Texts, grid: int) -> dict[str, Any]:
    """Returns the ids of the words around tiles."""
    known = texts.tokenizer.token_to_id
    tiles = [f"<row_{row + 1}_col_{column + 1}>" for row in range(grid) for column in range(grid)]
    for one in (_BORDER, _WHOLE, *tiles):
        if known(one) is None:
            raise BundleError(
                f'{checkpoint.folder} needs the token "{one}" in its tokenizer. It '
                "is missing. Copy the whole checkpoint."
            )
    plain = lambda text: texts.tokenizer.encode(text, add_special_tokens=False).ids
    return {
        "border_id": known(_BORDER),
        "whole_id": known(_WHOLE),
        "tile_ids": [known(one) for one in tiles],
        "line_ids": plain("\n"),
        "gap_ids": plain("\n\n"),
    }


def _projector(inside: Inside, image: Part, language: Any, shuffle: int) -> dict[str, np.ndarray]:
    kernel = inside.array("proj.weight")
    expected = language.dim, image.dim * shuffle**2
    if kernel.shape != expected:
        raise BundleError(
            f"{inside.folder}: the projector needs the shape {expected}. Got "
            f"{kernel.shape}. Check that config.json belongs to these weights."
        )
    name = "fusion.projectors.image.0"
    return {
        f"{name}.kernel": np.asarray(kernel.T, np.float32),
        f"{name}.bias": np.zeros(language.dim, np.float32),
    }
