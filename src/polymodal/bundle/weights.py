"""Weights as safetensors: named arrays without code.

A file's header is checked before its contents are read: the first bytes, the size of the header,
and the name, shape and type of each tensor against what our own code built.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_safetensors

from polymodal.core.disk.files import write_atomic
from polymodal.core.errors import BundleError

MAX_HEADER_BYTES = 16 << 20  # a model of 100,000 tensors needs about 10 MB
MAX_TENSORS = 200_000
_PIECE = 4 << 20  # bytes of a tensor in memory at once
_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}
_FOREIGN = {
    b"\x80": "a pickle",
    b"PK\x03\x04": "a zip archive (PyTorch .pt or .keras)",
    b"\x89HDF": "an HDF5 file",
    b"(lp": "a pickle",
    b"c__builtin__": "a pickle",
}


def save(path: str | Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays as a safetensors file, whole or not at all.

    Equal arrays give equal bytes, so the sha256 of a file identifies its weights.
    """
    write_atomic(path, encode(tensors))


def encode(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Returns named arrays as the bytes of a safetensors file."""
    return to_safetensors({name: np.asarray(tensors[name], order="C") for name in sorted(tensors)})


def load(
    path: str | Path, expected: Mapping[str, Any] | None = None, others: bool = False
) -> dict[str, np.ndarray]:
    """Returns the arrays of a safetensors file.

    Args:
        path: file to read. Nothing in it is executed.
        expected: `{name: variable or array}`; the file must hold exactly these names, shapes and
            types. Without it any well-formed file is read.
        others: bool, whether the file may also hold tensors that are not expected, nor returned.

    Raises:
        BundleError: the file is absent, damaged, of another kind, or holds other tensors.
    """
    found = _arrays(Path(path), expected, others)  # copied: the file may be replaced meanwhile
    return {name: np.array(values) for name, values in found}


def _arrays(
    path: Path, expected: Mapping[str, Any] | None, others: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Yields views of what `load` returns, from the file as it is mapped."""
    header, start = _read_header(path)
    if expected is not None and others:
        header = {name: entry for name, entry in header.items() if name in expected}
    if expected is not None:
        _check(path, header, expected)
    if path.stat().st_size:
        data = np.memmap(path, np.uint8, "r")
    else:
        data = np.zeros(0, np.uint8)
    for name, entry in header.items():
        yield name, _array(data, start, entry)


def values(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns copies of the values of named variables."""
    import keras  # not at the top: a wrong folder is reported before an engine is loaded

    return {name: np.array(keras.ops.convert_to_numpy(v)) for name, v in variables.items()}


def assign(variables: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """Sets each named variable to the array of that name, in place."""
    for name, variable in variables.items():
        variable.assign(tensors[name])


def load_into(path: str | Path, variables: Mapping[str, Any], others: bool = False) -> None:
    """Reads a file, checks all values, and sets each named variable; see `load` for `others`.

    The file is read twice, piece by piece, so that memory holds no more than a piece next to the
    variables.
    """
    path = Path(path)
    for name, values in _arrays(path, variables, others):
        bad = sum(int((~np.isfinite(piece)).sum()) for _, piece in _pieces(values))
        if bad:
            raise BundleError(
                f'{path}: tensor "{name}" needs finite numbers. Got {bad:,} that are not. Copy the '
                "bundle again, or train again."
            )
    for name, values in _arrays(path, variables, others):
        _set(variables[name], values)


def _pieces(values: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields rows of an array with their places, as many as are not too large."""
    if not values.ndim or values.nbytes <= _PIECE:
        yield slice(None), values[...]
        return
    step = max(1, len(values) * _PIECE // values.nbytes)
    for first in range(0, len(values), step):
        yield slice(first, first + step), values[first : first + step]


def _set(variable: Any, values: np.ndarray) -> None:
    """Sets a variable. TensorFlow would hold old and new values together, and keeps such memory
    from then on, so the old ones of a large variable are given up first."""
    import keras

    if keras.backend.backend() != "tensorflow" or values.nbytes <= _PIECE:
        variable.assign(np.array(values))
        return
    import tensorflow as tf

    handle = variable.value.handle
    for tensor in (tf.zeros((), values.dtype), values):  # the shape is that of the file's header
        tf.raw_ops.AssignVariableOp(resource=handle, value=tf.constant(tensor))


def shapes(path: str | Path) -> dict[str, tuple[int, ...]]:
    """Returns `{name: shape}` of the tensors of a file, from its header alone.

    Raises:
        BundleError: the file is absent, damaged or of another kind.
    """
    return {name: tuple(entry["shape"]) for name, entry in _read_header(Path(path))[0].items()}


def _read_header(path: Path) -> tuple[dict[str, dict], int]:
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            first = file.read(8)
            length = int.from_bytes(first, "little")
            sane = len(first) == 8 and 2 <= length <= min(MAX_HEADER_BYTES, size - 8)
            text = b""
            if sane:
                text = file.read(length)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read: {error.strerror or error}. Copy the bundle again."
        ) from error
    if not text.startswith(b"{"):
        raise BundleError(_foreign(path, first, length, size))
    try:
        if text.count(b"{") > MAX_TENSORS:
            raise ValueError(f"more than {MAX_TENSORS:,} tensors")
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError("no mapping")
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{path} has a header that is not JSON ({error}). Copy the bundle again."
        ) from error
    header.pop("__metadata__", None)
    _check_layout(path, header, size - 8 - length)
    return header, 8 + length


def _foreign(path: Path, first: bytes, length: int, size: int) -> str:
    for magic, kind in _FOREIGN.items():
        if first.startswith(magic):
            return (
                f"{path} needs to be a safetensors file. Got {kind}, which is not opened "
                "because it may run code. Use the weights that Polymodal wrote."
            )
    return (
        f"{path} needs a safetensors header of 2 to {MAX_HEADER_BYTES:,} bytes inside the "
        f"file. Got {length:,} bytes in a file of {size:,}. Copy the bundle again."
    )


def _check_layout(path: Path, header: dict, size: int) -> None:
    """Checks that tensors are contiguous and fill the file, as the format demands."""
    end = 0
    try:
        entries = sorted(header.items(), key=lambda item: tuple(item[1]["data_offsets"]))
        for name, entry in entries:
            start, stop = entry["data_offsets"]
            width = np.dtype(_DTYPES[entry["dtype"]]).itemsize
            shape = entry["shape"]
            whole = all(type(n) is int and n >= 0 for n in [start, stop, *shape])
            if not whole or start != end or stop - start != math.prod(shape) * width:
                raise BundleError(
                    f'{path} is damaged: tensor "{name}" does not fit its position '
                    f"({start} to {stop}). Copy the bundle again."
                )
            end = stop
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"{path} has a header with entries that are not tensors ({error}). "
            "Copy the bundle again."
        ) from error
    if end != size:
        raise BundleError(
            f"{path} needs {end:,} bytes of tensors. Got {size:,}. "
            "It was cut short or added to; copy the bundle again."
        )


def _check(path: Path, header: dict, expected: Mapping[str, Any]) -> None:
    missing = sorted(set(expected) - set(header))
    extra = sorted(set(header) - set(expected))
    if missing or extra:
        parts = [f"lacks {_few(missing)}"] * bool(missing) + [f"also has {_few(extra)}"] * bool(
            extra
        )
        raise BundleError(
            f"{path} needs exactly the {len(expected)} tensors of this model. Got a "
            f"file that {' and '.join(parts)}. Use the weights of this model.json."
        )
    for name, entry in header.items():
        wanted = (tuple(expected[name].shape), _dtype_name(expected[name]))
        found = (tuple(entry["shape"]), _DTYPES[entry["dtype"]])
        if wanted != found:
            raise BundleError(
                f'{path}: tensor "{name}" needs shape {wanted[0]} of {wanted[1]}. '
                f"Got {found[0]} of {found[1]}. Use the weights of this model.json."
            )


def _dtype_name(value: Any) -> str:
    import keras

    return keras.backend.standardize_dtype(value.dtype)


def _few(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _array(data: np.ndarray, start: int, entry: dict) -> np.ndarray:
    begin, stop = entry["data_offsets"]
    raw = np.asarray(data[start + begin : start + stop])
    return raw.view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
