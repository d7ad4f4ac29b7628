"""An imported assistant as a whole, to compare what it answers with what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from polymodal.bundle import read
from polymodal.bundle.names import weight_names
from polymodal.bundle.preprocessing import preprocessing_of
from polymodal.core.contracts.batch import PREVIOUS, mask_key
from polymodal.layers.watch import without_random_values
from polymodal.preprocess.collate import collate
from polymodal.pretrained.part import no_gradient
from polymodal.recipe import assemble

__all__ = ["WholeAssistant"]


class WholeAssistant:
    """The model of an imported assistant.

    Args:
        folder: folder that an import wrote.

    Raises:
        BundleError: it is damaged.
    """

    def __init__(self, folder: str | Path):
        bundle = read.read(folder)
        recipe, self.inputs, self.target = preprocessing_of(bundle)
        with without_random_values():
            self.model, _ = assemble.build_model(
                recipe, self.inputs, self.target, bytes_per_parameter=4
            )
        bundle.load_weights(weight_names(self.model))

    def logits(self, images: Sequence[bytes], texts: Sequence[str]) -> np.ndarray:
        """Returns the logits of the first token that answers a text about an image, float32
        (images, outputs).

        Args:
            images: files of images.
            texts: one for each.
        """
        return np.stack([self._first(*one) for one in zip(images, texts, strict=True)])

    def _first(self, image: bytes, text: str) -> np.ndarray:
        parts = [{"type": "image"}, {"type": "text", "text": text}]
        prompt = self.target.texts.conversation([{"role": "user", "content": parts}])
        batch: dict[str, Any] = {PREVIOUS: np.array([prompt[-1:]], np.int32)}
        for item in self.inputs:
            modality, array = item.modality, np.array(prompt[:-1], np.int32)
            if not modality.is_text:
                array = modality.encode(modality.decode(image))
            batch[item.key], batch[mask_key(item.key)] = collate(modality, [array])
        with no_gradient():
            found = self.model(
                {key: ops.convert_to_tensor(one) for key, one in batch.items()}, training=False
            )
        return np.asarray(ops.convert_to_numpy(found), np.float32)[0, 0]
