"""Features that a frozen ONNX graph gives for images."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError, MissingDependencyError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.visible import one_line
from polymodal.media.image import MAX_PIXELS
from polymodal.preprocess.image import Image
from polymodal.preprocess.modality import Modality
from polymodal.preprocess.vector import Vector

__all__ = ["OnnxFeatures"]

_FOLDER = "POLYMODAL_MODELS"
_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}


class OnnxFeatures(Modality):
    """The output of an ONNX graph for each image, standardised by the train split.

    The graph runs once for each image, on the processor, and its weights never change. A bundle
    names it by its sha256: it is looked for where the recipe says, then in POLYMODAL_MODELS.

    Args:
        graph: str, path of the .onnx file, whose only input takes (batch, 3, height, width).
        output: str, name of the output, or of a tensor inside the graph; None is the first output.
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

    def __init__(self, graph: str, output: str | None = None, size: int | list | None = None,
                 mean: float | list | None = None, std: float | list | None = None,
                 resample: str = "bilinear", centre: bool = False, short_side: int | None = None,
                 max_pixels: int = MAX_PIXELS):
        self.graph, self.output, self._digest = user_path(graph), output, None
        if mean is None and std is None:
            mean, std = 0.0, 255.0
        self._how = {"channels": 3, "mean": mean, "std": std, "resample": resample,
                     "centre": centre, "short_side": short_side, "max_pixels": max_pixels}
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
            raise RecipeError(f'{self.graph}: "{self.output}" needs the shape (batch, features) or '
                              f"(batch, tokens, features). Got {found.shape}. Name another output.")
        features = found[0].astype(np.float32)
        if features.ndim == 1:
            return features
        return features.mean(axis=0)

    def decode_key(self) -> dict[str, Any]:
        return {**super().decode_key(), **self._how, "size": self._size, "output": self.output,
                "graph": self._sha256()}

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
                raise RecipeError(f"OnnxFeatures needs a graph. Found no file {self.graph}. Give "
                                  "the path of an .onnx file.")
            return self.graph
        folder = user_path(os.environ.get(_FOLDER, "."))
        others = []
        if _FOLDER in os.environ:
            others = sorted(folder.glob("**/*.onnx"))
        for path in (self.graph, *others):
            if path.is_file() and sha256(path) == self._digest:
                return path
        raise BundleError(f"This model needs the ONNX graph with sha256 {self._digest}. Found it "
                          f"neither at {self.graph} nor in {_FOLDER}. Put it into that folder.")

    def _ready(self) -> tuple[Any, Image]:
        if self._session is None:
            self._session = _opened(self._file(), self.output)
        if self._image is None:
            self._image = Image(size=_sides(self._session, self.graph), **self._how)
        return self._session, self._image

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}  # workers open their own


def _opened(path: Path, output: str | None) -> Any:
    """Returns a session that gives one output."""
    try:
        import onnx
        import onnxruntime
    except ImportError:
        raise MissingDependencyError("An ONNX graph needs onnx and onnxruntime. Run: pip install "
                                     '"polymodal[onnx]".') from None
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # of protobuf, many kinds
        raise RecipeError(f"{path} is not an ONNX graph ({one_line(error)[:200]}). Give another "
                          "file.") from None
    _check(path, model)
    stated = [one.name for one in model.graph.output]
    output = output or stated[0]
    if output not in {name for node in model.graph.node for name in node.output}:
        raise RecipeError(f'{path} has no tensor "{output}". Its outputs are {", ".join(stated)}. '
                          "Name one of them, or a tensor inside.")
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(output))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options,
                                        providers=["CPUExecutionProvider"])


def _check(path: Path, model: Any) -> None:
    """Refuses a graph that reads other files or needs code that ONNX does not define."""
    foreign = sorted({node.domain for node in model.graph.node} - _DOMAINS)
    if foreign:
        raise RecipeError(f"{path} needs operators that ONNX defines. Got some of "
                          f'"{foreign[0]}". Export it without custom operators.')
    outside = [one.name for one in model.graph.initializer if one.external_data]
    if outside:
        raise RecipeError(f'{path} needs its weights inside. Got "{outside[0]}" in another file. '
                          "Save it as one file.")
    if len(model.graph.input) != 1:
        raise RecipeError(f"{path} needs one input, of images. Got {len(model.graph.input)}. "
                          "Export the part that encodes images.")


def _sides(session: Any, path: Path) -> list[int]:
    *_, height, width = session.get_inputs()[0].shape
    if not (isinstance(height, int) and isinstance(width, int)):
        raise RecipeError(f"{path} takes images of any size. Give size, in pixels.")
    return [height, width]
