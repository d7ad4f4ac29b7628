"""Features that a frozen ONNX graph gives for images."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.media.image import MAX_PIXELS
from polymodal.preprocess.image import Image
from polymodal.preprocess.modality import Modality
from polymodal.preprocess.onnx.graph import opened
from polymodal.preprocess.vector import Vector

__all__ = ["OnnxFeatures"]

_FOLDER = "POLYMODAL_MODELS"


class OnnxFeatures(Modality):
    """The output of an ONNX graph for each image, standardised by the train split.

    The graph runs once for each image, on the processor, and its weights never change. A bundle
    names it by its sha256: it is looked for where the recipe says, then in POLYMODAL_MODELS.

    Args:
        graph: str, path of the .onnx file.
        output: str, name of the output, or of a tensor inside the graph; None is the first output.
            It has to depend on one input alone, which takes (batch, 3, height, width).
        size: int or [height, width] in pixels; None is what the graph's input states.
        mean, std: float or list of 3, in pixel values of 0 to 255: what is subtracted and divided
            by. Without both, pixels go from 0 to 1.
        resample: str, nearest, bilinear, bicubic or lanczos.
        centre: bool, whether images keep the ratio of their sides and are cut to the middle.
        short_side: int, pixels that the shorter side is brought to before the middle is cut out.
        max_pixels: int, larger images are refused before they are decoded.
    """

    cached = True
    encoder = "mlp"
    files = ("image",)

    def __init__(
        self,
        graph: str,
        output: str | None = None,
        size: int | list | None = None,
        mean: float | list | None = None,
        std: float | list | None = None,
        resample: str = "bilinear",
        centre: bool = False,
        short_side: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ):
        self.graph, self.output, self._digest = user_path(graph), output, None
        if mean is None and std is None:
            mean, std = 0.0, 255.0
        self._how = {
            "channels": 3,
            "mean": mean,
            "std": std,
            "resample": resample,
            "centre": centre,
            "short_side": short_side,
            "max_pixels": max_pixels,
        }
        self._size, self._vector = size, Vector()
        self._image: Image | None = None if size is None else Image(size=size, **self._how)
        self._session: Any = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        return self._vector.shape

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns float32 (features,); several tokens are averaged."""
        session, image = self._ready()
        pixels = image.encode(image.decode(cell, root)).transpose(2, 0, 1)[None]
        found, *_ = session.run(None, {session.get_inputs()[0].name: pixels})
        if found.ndim not in (2, 3) or len(found) != 1:
            raise RecipeError(
                f'{self.graph}: "{self.output}" needs the shape (batch, features) or '
                f"(batch, tokens, features). Got {found.shape}. Name another output."
            )
        features = found[0].astype(np.float32)
        if features.ndim == 1:
            return features
        return features.mean(axis=0)

    def decode_key(self) -> dict[str, Any]:
        return {
            **super().decode_key(),
            **self._how,
            "size": self._size,
            "output": self.output,
            "graph": self._sha256(),
        }

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        self._vector.fit(decoded)

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        return self._vector.encode(decoded)

    def state(self) -> dict[str, Any]:
        return {"graph": self._sha256(), "vector": self._vector.state()}

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        self._digest = fields.text("graph")
        self._vector.restore(dict(fields.mapping("vector")))

    def _sha256(self) -> str:
        if self._digest is None:
            self._digest = sha256(self._file())
        return self._digest

    def _file(self) -> Path:
        """Returns the graph's file: the one that is named, or one of the same contents."""
        if self._digest is None:
            if not self.graph.is_file():
                raise RecipeError(
                    f"OnnxFeatures needs a graph. Found no file {self.graph}. Give "
                    "the path of an .onnx file."
                )
            return self.graph
        folder = user_path(os.environ.get(_FOLDER, "."))
        others = []
        if _FOLDER in os.environ:
            others = sorted(folder.glob("**/*.onnx"))
        for path in (self.graph, *others):
            if path.is_file() and sha256(path) == self._digest:
                return path
        raise BundleError(
            f"This model needs the ONNX graph with sha256 {self._digest}. Found it "
            f"neither at {self.graph} nor in {_FOLDER}. Put it into that folder."
        )

    def _ready(self) -> tuple[Any, Image]:
        if self._session is None:
            self._session = opened(self._file(), self.output)
        if self._image is None:
            self._image = Image(size=_sides(self._session, self.graph), **self._how)
        return self._session, self._image

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}  # workers open their own


def _sides(session: Any, path: Path) -> list[int]:
    *_, height, width = session.get_inputs()[0].shape
    if not (isinstance(height, int) and isinstance(width, int)):
        raise RecipeError(f"{path} takes images of any size. Give size, in pixels.")
    return [height, width]
