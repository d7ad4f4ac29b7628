"""Whisper in the files of CTranslate2, read as if it were a checkpoint in a folder."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.arguments import shown
from polymodal.core.disk.files import sha256
from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.speech.ctranslate2_names import Source, tensors_of

__all__ = ["WEIGHTS", "CTranslate2Checkpoint", "is_ctranslate2"]

WEIGHTS = "model.bin"
_KIND = "WhisperSpec"
_VERSIONS, _REVISIONS = range(5, 7), range(3, 4)
_TYPES = {
    0: np.dtype("<f4"),
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
_BRAIN_FLOAT = 5  # bfloat16, which numpy does not have
_MOST_TENSORS, _MOST_AXES = 100_000, 4
_ACTIVATIONS = {0: "relu", 3: "gelu"}
_MODEL, _GENERATION, _SOUND = "config.json", "generation_config.json", "preprocessor_config.json"


@dataclass(frozen=True)
class _Stored:
    """A tensor in the file."""

    shape: tuple[int, ...]
    kind: int
    offset: int


def is_ctranslate2(folder: Path) -> bool:
    """Returns whether a folder holds a file of CTranslate2, from its first bytes."""
    path = folder / WEIGHTS
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(6)
    return len(head) == 6 and struct.unpack("<IH", head)[0] < 256 and b"Spec" in _head(path)


class CTranslate2Checkpoint(Checkpoint):
    """A folder with `model.bin`, `config.json` and `tokenizer.json` of a Whisper model.

    Args:
        folder: Path.

    Raises:
        BundleError: the file is damaged, or of a kind that we do not implement.
    """

    def __init__(self, folder: Path):
        self.folder, self._path = folder, folder / WEIGHTS
        self._stored, self._aliases = _Reader(self._path).read()
        self._data = np.memmap(self._path, np.uint8, "r")
        try:
            self._tensors = tensors_of({name: one.shape for name, one in self._stored.items()})
        except KeyError as error:
            raise BundleError(
                f"{self._path} needs the tensor {shown(error.args[0])}. It is "
                "missing. Copy the file again."
            ) from None

    @property
    def names(self) -> list[str]:
        return sorted(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.array(name).shape

    def array(self, name: str) -> np.ndarray:
        source: Source = self._tensors[name]
        values = self._values(source.name)
        if source.rows is not None:
            values = values[source.rows[0] : source.rows[1]]
        if not np.isfinite(values).all():
            raise BundleError(
                f'{self._path}: tensor "{source.name}" needs finite numbers. Got '
                f"{int((~np.isfinite(values)).sum()):,} that are not. Take the file "
                "from its source again."
            )
        return values

    def has(self, name: str) -> bool:
        return name in self._made or super().has(name)

    def json(self, name: str) -> Any | None:
        if name in self._made:
            return self._made[name]
        return super().json(name)

    def text(self, name: str) -> str:
        if name in self._made:
            return json.dumps(self._made[name])
        return super().text(name)

    def digests(self) -> dict[str, str]:
        files = sorted({*self.folder.glob("*.json"), self._path})
        return {path.name: sha256(path) for path in files}

    @cached_property
    def _made(self) -> Mapping[str, Any]:
        """What the files of Hugging Face's layout would hold."""
        own = super().json(_MODEL) or {}
        made = {_MODEL: self._config(), _GENERATION: _generation(own)}
        if not super().has(_SOUND):
            made[_SOUND] = {"feature_size": made[_MODEL]["num_mel_bins"]}
        return made

    def _config(self) -> dict[str, Any]:
        shape = {name: one.shape for name, one in self._stored.items()}
        outputs, width = shape["decoder/embeddings/weight"]
        layers = {
            side: sum(
                name.endswith("/ffn/linear_0/weight") and name.startswith(side) for name in shape
            )
            for side in ("encoder", "decoder")
        }
        activation = self._number("decoder/activation", 3)
        if activation not in _ACTIVATIONS or self._number("decoder/pre_norm", 1) != 1:
            raise BundleError(
                f"{self._path} needs a decoder with gelu or relu that is normalised "
                "before each part. Got another. This importer implements no other."
            )
        return {
            "model_type": "whisper",
            "vocab_size": outputs,
            "d_model": width,
            "num_mel_bins": shape["encoder/conv1/weight"][1],
            "encoder_layers": layers["encoder"],
            "decoder_layers": layers["decoder"],
            "encoder_attention_heads": self._number("encoder/num_heads", 0),
            "decoder_attention_heads": self._number("decoder/num_heads", 0),
            "encoder_ffn_dim": shape["encoder/layer_0/ffn/linear_0/bias"][0],
            "decoder_ffn_dim": shape["decoder/layer_0/ffn/linear_0/bias"][0],
            "max_source_positions": shape["encoder/position_encodings/encodings"][0],
            "max_target_positions": shape["decoder/position_encodings/encodings"][0],
            "activation_function": _ACTIVATIONS[activation],
        }

    def _number(self, name: str, default: int) -> int:
        if name not in self._stored:
            return default
        return int(self._raw(name).reshape(-1)[0])

    def _values(self, name: str) -> np.ndarray:
        """Returns float32; whole numbers are divided by their scale, for each row or for all."""
        raw, kind = self._raw(name), self._stored[name].kind
        if kind == _BRAIN_FLOAT:
            return (raw.astype(np.uint32) << 16).view(np.float32)
        values = raw.astype(np.float32)
        if raw.dtype.kind == "i":
            scale = self._raw(f"{name}_scale").astype(np.float32)
            values = values / scale.reshape(-1, *[1] * (values.ndim - 1))
        return values

    def _raw(self, name: str) -> np.ndarray:
        one = self._stored[name]
        dtype = _dtype(one.kind)
        size = int(np.prod(one.shape, dtype=np.int64)) * dtype.itemsize
        return self._data[one.offset : one.offset + size].view(dtype).reshape(one.shape)


class _Reader:
    """Reads the header of a file: nothing in it is executed, and no size is believed."""

    def __init__(self, path: Path):
        self._path, self._size = path, path.stat().st_size

    def read(self) -> tuple[dict[str, _Stored], dict[str, str]]:
        """Returns the tensors by name, and other names for some of them."""
        with self._path.open("rb") as self._file:
            version = self._number("I")
            if version not in _VERSIONS:
                raise self._refused(f"version {_VERSIONS[0]} to {_VERSIONS[-1]}", version)
            kind, revision = self._string(), self._number("I")
            if kind != _KIND or revision not in _REVISIONS:
                raise self._refused(f"{_KIND} of revision {_REVISIONS[0]}", f"{kind} {revision}")
            found = dict(self._tensor() for _ in range(self._count()))
            others = {self._string(): self._string() for _ in range(self._count())}
            if self._file.tell() != self._size:
                raise self._refused("to end behind its last name", "more")
        return found, others

    def _tensor(self) -> tuple[str, _Stored]:
        name, axes = self._string(), self._number("B")
        if axes > _MOST_AXES:
            raise self._refused(f"at most {_MOST_AXES} axes", axes)
        shape = tuple(self._number("I") for _ in range(axes))
        kind, size = self._number("B"), self._number("I")
        if kind not in _TYPES and kind != _BRAIN_FLOAT:
            raise self._refused("a type of numbers that is known", kind)
        needed = int(np.prod(shape, dtype=np.int64)) * _dtype(kind).itemsize
        offset = self._file.tell()
        if size != needed or offset + size > self._size:
            raise self._refused(f"{needed:,} bytes of {shown(name)} inside the file", size)
        self._file.seek(size, 1)
        return name, _Stored(shape, kind, offset)

    def _count(self) -> int:
        count = self._number("I")
        if count > _MOST_TENSORS:
            raise self._refused(f"at most {_MOST_TENSORS:,} tensors", count)
        return count

    def _string(self) -> str:
        data = self._file.read(self._number("H"))
        return data.rstrip(b"\0").decode("utf-8", "replace")

    def _number(self, kind: str) -> int:
        size = struct.calcsize(kind)
        data = self._file.read(size)
        if len(data) < size:
            raise self._refused("all of its bytes", "an earlier end")
        return struct.unpack(f"<{kind}", data)[0]

    def _refused(self, needed: str, got: Any) -> BundleError:
        return BundleError(
            f"{self._path} needs {needed}. Got {shown(got)}. Copy the file again, "
            "or convert the model with this version of CTranslate2."
        )


def _generation(own: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of generation that CTranslate2 keeps in its config.json."""
    renamed = {
        "suppress_ids": "suppress_tokens",
        "suppress_ids_begin": "begin_suppress_tokens",
        "alignment_heads": "alignment_heads",
    }
    return {theirs: own[name] for name, theirs in renamed.items() if own.get(name) is not None}


def _dtype(kind: int) -> np.dtype:
    if kind == _BRAIN_FLOAT:
        return np.dtype("<u2")
    return _TYPES[kind]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)
