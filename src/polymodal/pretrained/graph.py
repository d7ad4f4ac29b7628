"""An imported ONNX graph: frozen, it runs in preprocessing, and a model sees its features."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from polymodal.bundle import read, write
from polymodal.core import arguments
from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.preprocess.onnx.graph import inlined, num_parameters, weight_files
from polymodal.pretrained.keys import GRAPH, ORIGIN, is_graph
from polymodal.pretrained.reading import pixels
from polymodal.pretrained.reading.checkpoint import Checkpoint

__all__ = ["Graph", "load_graph", "read_graph"]

_MODALITY = "onnx_features"
_NOT_OF_FEATURES = ("channels", "shift", "crop", "colour", "flip")
_OWN = ("graph", "output")  # said by other options


@dataclass
class Graph:
    """A frozen ONNX graph with the preprocessing of its images.

    Args:
        path: Path of the .onnx file.
        settings: of the modality in a recipe, without the graph's path.
        origin: family, licence, source and the sha256 of each file that was read.
        holds: temporary folder of the path, or None.
    """

    path: Path
    settings: Mapping[str, Any]
    origin: Mapping[str, Any]
    holds: tempfile.TemporaryDirectory | None = None

    name: ClassVar[str] = "image"  # what it encodes

    def __post_init__(self):
        settings = {**self.settings, "graph": str(self.path)}
        self.modality = arguments.build(find("preprocess", _MODALITY), settings, "import")
        self._dim: int | None = None

    @property
    def dim(self) -> int:
        """Number of features."""
        if self._dim is None:
            self._dim = self.encode([_grey()]).shape[1]
        return self._dim

    @property
    def about(self) -> str:
        """What it does, as a clause."""
        return f"encodes {self.name} as {self.dim} features, which are never trained"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return num_parameters(self.path)

    def encode(self, cells: Sequence[Any], root: str | Path | None = None) -> np.ndarray:
        """Returns the features of images, float32 (cells, dim).

        Args:
            cells: images as paths or bytes.
            root: folder that relative paths start from.
        """
        if not cells:
            return np.zeros((0, self.dim), np.float32)
        return np.stack([self.modality.decode(cell, root) for cell in cells])

    def save(
        self, folder: str | Path, files: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Writes the graph into a folder, with further JSON files of it.

        Args:
            folder: it must not hold another model.
            files: {name: JSON mapping}.
        """
        folder = Path(folder)
        shutil.copyfile(self.path, folder / GRAPH)
        settings = {"modality": _MODALITY, "graph": GRAPH, **self.settings}
        spec = {
            "recipe": {"inputs": {self.name: settings}, "dim": self.dim},
            ORIGIN: dict(self.origin),
        }
        write.write(folder, spec, {}, {}, files=files)


def read_graph(
    source: str | Path, output: str | None = None, settings: Mapping[str, Any] | None = None
) -> Graph:
    """Returns the graph of an .onnx file, with how its images are prepared.

    Args:
        source: path of the file. A `preprocessor_config.json` next to it is read.
        output: str, name of an output, or of a tensor inside; None is the first output.
        settings: of the modality `onnx_features`, such as mean, std and resample.

    Raises:
        RecipeError: it is no graph, reads files of other folders, or needs custom operators.
        BundleError: its preprocessing asks for something that we do not implement.
    """
    path = user_path(source)
    given = dict(settings or {})
    for name in _OWN:
        if name in given:
            raise RecipeError(
                f"import needs {name} as an option. Got --set {name}. Write --output "
                "NAME, and the path of the graph first."
            )
    beside = weight_files(path)
    files = {name: sha256(path.parent / name) for name in (path.name, *beside)}
    stated: dict[str, Any] = {}
    if (path.parent / pixels.FILE).is_file():
        stated = pixels.settings_of(_Beside(path))
        files[pixels.FILE] = sha256(path.parent / pixels.FILE)
    own = {key: value for key, value in stated.items() if key not in _NOT_OF_FEATURES}
    origin = {"family": "onnx", "licence": None, "source": path.name, "files": files}
    if not beside:
        return Graph(path, {"output": output, **own, **given}, origin)
    holds = tempfile.TemporaryDirectory(prefix="polymodal-")
    whole = Path(holds.name) / GRAPH
    whole.write_bytes(inlined(path))
    return Graph(whole, {"output": output, **own, **given}, origin, holds)


def load_graph(folder: str | Path) -> Graph:
    """Loads an imported ONNX graph. Nothing but its own operators is run.

    Raises:
        BundleError: it is damaged, foreign or no imported graph.
    """
    bundle = read.read(folder)
    if not is_graph(bundle.spec):
        raise BundleError(
            f"{bundle.folder} needs to be an imported ONNX graph. Got something "
            "else. Give the folder that `polymodal import --out` wrote for one."
        )
    bundle.check_model()
    with read.blamed(bundle.folder / write.MODEL):
        recipe = Fields(Fields(bundle.spec).mapping("recipe"))
        (settings,) = recipe.mapping("inputs").values()
        own = {k: v for k, v in settings.items() if k not in ("modality", "graph")}
        return Graph(bundle.folder / GRAPH, own, Fields(bundle.spec).mapping(ORIGIN))


class _Beside(Checkpoint):
    """The folder of a graph, as that of a checkpoint."""

    def __init__(self, path: Path):
        self.folder = path.parent


def _grey() -> bytes:
    """Returns a small grey image, as PNG."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (32, 32), (127, 127, 127)).save(stream, "PNG")
    return stream.getvalue()
