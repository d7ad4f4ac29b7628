"""The tensors of a published checkpoint: safetensors in one file or in shards, read when needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError
from polymodal.core.printed.visible import one_line

__all__ = ["Checkpoint"]

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
_MAX_HEADER_BYTES = 100 << 20  # what the format itself allows
_MAX_JSON_BYTES = 64 << 20
_DTYPES = {"F32", "F16", "BF16"}
_PICKLES = (".bin", ".pth", ".pt", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5")
_CACHED = "models--"  # how names of folders in the hub's cache begin
_CONVERT = (
    "Convert it where it comes from: safetensors.torch.save_file(torch.load(FILE, "
    'weights_only=True), "model.safetensors").'
)


class Checkpoint:
    """A folder with a checkpoint. Nothing in it is executed, and pickles are not opened.

    Args:
        folder: str or path, in the layout of Hugging Face: `config.json`, `model.safetensors` or
            the shards that `model.safetensors.index.json` lists.

    Raises:
        BundleError: there is no such checkpoint, or a file is not what it claims.
    """

    stated_licence: str | None = None  # outside a README

    def __init__(self, folder: str | Path):
        self.folder = user_path(folder)
        if not self.folder.is_dir():
            raise BundleError(
                f"{self.folder} needs to be a folder with config.json and "
                f"{WEIGHTS}. Found no folder. Give the checkpoint's folder."
            )
        self._files = {name: path for path in self._weight_files() for name in _names(path)}

    @property
    def home(self) -> Path:
        """The folder that links in the checkpoint's may lead into: that of the hub's cache around
        a version of a model, else its own."""
        versions = self.folder.absolute().parent
        if versions.name == "snapshots" and versions.parent.name.startswith(_CACHED):
            return versions.parent
        return self.folder

    @property
    def title(self) -> str:
        """What people call it: the name of its folder, or its name and version on the hub."""
        if self.home == self.folder:
            return self.folder.name
        return f"{self.home.name.removeprefix(_CACHED).replace('--', '/')}@{self.folder.name}"

    @property
    def names(self) -> list[str]:
        """The names of the tensors, sorted."""
        return sorted(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns the shape of a tensor, from the header alone."""
        with safe_open(self._files[name], "np") as file:
            return tuple(file.get_slice(name).get_shape())

    def array(self, name: str) -> np.ndarray:
        """Returns a tensor as float32, whatever it is stored as.

        Raises:
            BundleError: it is not a float32, float16 or bfloat16, or holds numbers that are not
                finite.
        """
        path = self._files[name]
        with safe_open(path, "np") as file:
            dtype = file.get_slice(name).get_dtype()
            if dtype not in _DTYPES:
                raise BundleError(
                    f'{path}: tensor "{name}" needs float32, float16 or bfloat16. '
                    f"Got {dtype}. Use a checkpoint that is not quantised."
                )
            values = file.get_tensor(name).astype(np.float32)
        if not np.isfinite(values).all():
            raise BundleError(
                f'{path}: tensor "{name}" needs finite numbers. Got '
                f"{int((~np.isfinite(values)).sum()):,} that are not. Take the "
                "checkpoint from its source again."
            )
        return values

    def is_float(self, name: str) -> bool:
        """Returns whether a tensor is of a kind that `array` reads."""
        with safe_open(self._files[name], "np") as file:
            return file.get_slice(name).get_dtype() in _DTYPES

    def has(self, name: str) -> bool:
        """Returns whether there is a file of this name."""
        return (self.folder / name).is_file()

    def text(self, name: str) -> str:
        """Returns the text of a file of the folder."""
        return (self.folder / name).read_text(encoding="utf-8", errors="replace")

    def json(self, name: str) -> Any | None:
        """Returns what a JSON file of the folder holds, or None where there is no such file."""
        path = self.folder / name
        if path.is_file():
            return read_json(path)
        return None

    def mapping(self, name: str) -> dict[str, Any]:
        """Returns what a JSON file of the folder holds, as a mapping; empty where it is absent.

        Raises:
            BundleError: it holds something else.
        """
        value = self.json(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise BundleError(
                f"{self.folder / name} needs to contain a mapping. Got "
                f"{type(value).__name__}. Take it from its source again."
            )
        return value

    def digests(self) -> dict[str, str]:
        """Returns the sha256 of each file that an import may read, by its name in the folder."""
        small = [
            path
            for pattern in ("*.json", "*/*.json")
            for path in self.folder.glob(pattern)
            if path.is_file()
        ]
        return {
            path.relative_to(self.folder).as_posix(): sha256(path)
            for path in sorted({*small, *self._files.values()})
        }

    def _weight_files(self) -> list[Path]:
        if (self.folder / WEIGHTS).is_file():
            return [self.folder / WEIGHTS]
        if (self.folder / INDEX).is_file():
            return list(self._shards())
        foreign = sorted(p.name for p in self.folder.iterdir() if p.suffix in _PICKLES)
        if foreign:
            raise BundleError(
                f"{self.folder} needs {WEIGHTS}. Got {foreign[0]}, which is not "
                f"opened because such a file may run code. {_CONVERT}"
            )
        raise BundleError(
            f"{self.folder} needs {WEIGHTS} or {INDEX}. Found neither. Give the "
            "folder that contains the weights."
        )

    def _shards(self) -> Iterator[Path]:
        listed = self.mapping(INDEX).get("weight_map")
        if not isinstance(listed, dict) or not listed:
            raise BundleError(
                f'{self.folder / INDEX} needs "weight_map" to name files. Got '
                f"{type(listed).__name__}. Take it from its source again."
            )
        for name in sorted({str(value) for value in listed.values()}):
            if Path(name).name != name or not name.endswith(".safetensors"):
                raise BundleError(
                    f"{self.folder / INDEX} needs names of safetensors files in its "
                    f"own folder. Got {one_line(name)!r}. Do not use this "
                    "checkpoint."
                )
            if not (self.folder / name).is_file():
                raise BundleError(
                    f"{self.folder} needs the file {name}. It is missing. Copy the "
                    "whole checkpoint again."
                )
            yield self.folder / name


def read_json(path: Path) -> Any:
    """Returns what a JSON file of bounded size holds.

    Raises:
        BundleError: it cannot be read, is too large, or is not JSON.
    """
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise ValueError(f"more than {_MAX_JSON_BYTES:,} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read: {error.strerror or error}. Copy the checkpoint again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{path} needs to be JSON. Got {one_line(error)[:200]}. Copy the checkpoint again."
        ) from error


def _names(path: Path) -> list[str]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > min(_MAX_HEADER_BYTES, size):
        raise BundleError(
            f"{path} needs a header of at most {_MAX_HEADER_BYTES:,} bytes inside "
            f"the file. Got {length:,} bytes in a file of {size:,}. Copy the "
            "checkpoint again."
        )
    try:
        with safe_open(path, "np") as file:
            return list(file.keys())
    except SafetensorError as error:
        raise BundleError(
            f"{path} is not a whole safetensors file ({one_line(error)[:200]}). "
            "Copy the checkpoint again."
        ) from None
