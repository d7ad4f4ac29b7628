"""A language model in a GGUF file, read as if it were a checkpoint in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.arguments import shown
from polymodal.core.disk.files import sha256
from polymodal.core.errors import BundleError, MissingDependencyError
from polymodal.core.printed.visible import one_line
from polymodal.pretrained.language.gguf_names import config_of, name_of, unturned
from polymodal.pretrained.language.gguf_tokenizer import settings_of, tokenizer_of
from polymodal.pretrained.reading.checkpoint import Checkpoint

__all__ = ["GgufCheckpoint"]


class GgufCheckpoint(Checkpoint):
    """A GGUF file. Its blocks of few bits are read as float32, one tensor at a time.

    Args:
        path: Path.

    Raises:
        BundleError: there is no such file, it is damaged, or of a kind that we do not implement.
        MissingDependencyError: the package gguf is not installed.
    """

    def __init__(self, path: Path):
        self.folder = path
        if not path.is_file():
            raise BundleError(f"{path} needs to be a GGUF file. Found none. Give its path.")
        self._reader = _reader(path)
        try:
            self._fields = {name: field.contents() for name, field in self._reader.fields.items()}
        except Exception as error:  # the library raises whatever its parts do
            raise _damaged(path, error) from None
        self._tensors = {name_of(path, one.name): one for one in self._reader.tensors}
        self.stated_licence = self._fields.get("general.license")

    @property
    def names(self) -> list[str]:
        return sorted(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(int(size) for size in reversed(self._tensors[name].shape))

    def array(self, name: str) -> np.ndarray:
        import gguf

        tensor = self._tensors[name]
        try:
            values = gguf.dequantize(tensor.data, tensor.tensor_type)
        except Exception as error:  # blocks that the library does not know
            raise _damaged(self.folder, error) from None
        values = np.asarray(values, np.float32).reshape(self.shape(name))
        if not np.isfinite(values).all():
            raise BundleError(
                f'{self.folder}: tensor "{name}" needs finite numbers. Got '
                f"{int((~np.isfinite(values)).sum()):,} that are not. Take the file "
                "from its source again."
            )
        return unturned(name, values, self._files_by_name["config.json"])

    def has(self, name: str) -> bool:
        return name in self._files_by_name

    def text(self, name: str) -> str:
        return json.dumps(self._files_by_name[name])

    def json(self, name: str) -> Any | None:
        return self._files_by_name.get(name)

    def digests(self) -> dict[str, str]:
        return {self.folder.name: sha256(self.folder)}

    @cached_property
    def _files_by_name(self) -> Mapping[str, Any]:
        """Returns what the files of a folder would hold, from the metadata."""
        try:
            return {
                "config.json": config_of(self.folder, self._fields, self._tensors),
                "tokenizer.json": tokenizer_of(self.folder, self._fields),
                "tokenizer_config.json": settings_of(self._fields),
            }
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise BundleError(
                f"{self.folder} needs metadata of a language model. Got none of "
                f"{shown(error.args[0])}. Take the file from its source again."
            ) from None


def _reader(path: Path) -> Any:
    try:
        import gguf
    except ImportError:
        raise MissingDependencyError(
            f"{path} needs the package gguf. It is not installed. "
            "Install it: pip install 'polymodal[gguf]'."
        ) from None
    try:
        return gguf.GGUFReader(path)
    except Exception as error:  # the library raises whatever its parts do
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> BundleError:
    return BundleError(f"{path} is not a whole GGUF file ({one_line(error)[:200]}). Copy it again.")
