"""What a family of checkpoints is: names, options and what is left out, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from polymodal.pretrained.reading.config import Config

__all__ = ["Family"]


class Family:
    """A family of published checkpoints. Subclasses, one a file, hold data and read a config.

    Attributes:
        encoder: str, the encoder that it becomes, or the decoder of a language model.
        modality: str, what it encodes: text or image; or language, for a language model.
        prefixes: prefixes that a whole model puts before the encoder's names; one is removed.
        names: {our attribute path: name in the checkpoint}; `*` is a number. Paths of layers stand
            for their variables, whose names and order of axes follow from the kind of layer.
        changes: {our name: function from the checkpoint's array to ours}, for tensors that are not
            taken as they are.
        undoes_changes: bool, whether `changes` are undone by turning axes back, and joining what
            comes of one tensor, so that it can be written back.
        padding_counts: bool, whether the padding of config.json has to be the tokenizer's.
        padded: bool, whether every text is padded to the length of the longest, and the padding is
            read as tokens.
        unused: beginnings of names that an encoder does not need, such as heads.
        title: str, how people call it.
        towers: {modality: family} of a pair of encoders, of which one or both are imported.
        comparison: str, how a pair compares its vectors, as `model.heads.vectors` calls it.
        decoder: family of the decoder of a recogniser, or None.
        spells: bool, whether its checkpoints may hold a layer of CTC, which spells what is said.
        tiled: bool, whether an assistant cuts images in tiles.
    """

    encoder: ClassVar[str]
    modality: ClassVar[str]
    title: ClassVar[str]
    prefixes: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[Mapping[str, str]]
    changes: ClassVar[Mapping[str, Callable[[np.ndarray], np.ndarray]]] = {}
    undoes_changes: ClassVar[bool] = False
    padding_counts: ClassVar[bool] = True
    padded: ClassVar[bool] = False
    unused: ClassVar[tuple[str, ...]] = ()
    towers: ClassVar[Mapping[str, type[Family]]] = {}
    comparison: ClassVar[str] = ""
    decoder: ClassVar[type[Family] | None] = None
    spells: ClassVar[bool] = False
    tiled: ClassVar[bool] = False

    @classmethod
    def whole(cls, config: Config) -> dict[str, dict[str, Any]]:
        """Reads the settings of a pair outside its towers; returns what they add to each."""
        return {}

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        """Returns the encoder's constructor arguments, from every setting of the config.

        Raises:
            BundleError: a setting that the encoder does not implement.
        """
        raise NotImplementedError
