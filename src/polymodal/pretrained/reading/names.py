"""Gives an encoder's variables the tensors of a checkpoint, each by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.bundle.names import weight_names
from polymodal.core.errors import BundleError
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.checkpoint import Checkpoint

__all__ = ["load", "taken", "turned_back"]

_THEIRS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "scale": "weight",
    "shift": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
# Of batch normalisation in training, and what rotary positions follow from.
_FOLLOWING = ("num_batches_tracked", "rotary_emb.inv_freq")
_OLD = (
    ("LayerNorm.gamma", "LayerNorm.weight"),
    ("LayerNorm.beta", "LayerNorm.bias"),
    ("conv.weight_g", "conv.parametrizations.weight.original0"),
    ("conv.weight_v", "conv.parametrizations.weight.original1"),
)


def load(
    encoder: Any,
    checkpoint: Checkpoint,
    family: type[Family],
    changed: Mapping[str, Any] | None = None,
) -> None:
    """Gives each variable of a built encoder its tensor.

    Args:
        encoder: Keras layer, built.
        checkpoint: Checkpoint.
        family: subclass of Family.
        changed: {our name: function from the checkpoint's array to ours}, for tensors that are not
            taken as they are. `*` is a number.

    Raises:
        BundleError: a tensor is missing, left over, or of another shape.
    """
    found = _by_plain_name(checkpoint.names, family.prefixes)
    wanted = {ours: _their_name(ours, family.names) for ours in weight_names(encoder)}
    _check_names(checkpoint, found, wanted.values(), family.unused)
    for ours, variable in weight_names(encoder).items():
        values = checkpoint.array(found[wanted[ours]])
        change = _change_of(ours, changed or {})
        if change is not None:
            values = change(values)
        else:
            values = _turned(values, ours)
        _check_shape(checkpoint, found[wanted[ours]], values.shape, tuple(variable.shape))
        variable.assign(values)


def _change_of(ours: str, changed: Mapping[str, Any]) -> Any:
    """Returns the function for a tensor, by its name, or by that with `*` for numbers."""
    return changed.get(ours, changed.get(re.sub(r"\d+", "*", ours)))


def taken(layer: Any, checkpoint: Checkpoint, family: type[Family]) -> dict[str, str]:
    """Returns {our name: name in the checkpoint} of the tensors that `load` takes."""
    found = _by_plain_name(checkpoint.names, family.prefixes)
    return {ours: found[_their_name(ours, family.names)] for ours in weight_names(layer)}


def turned_back(values: np.ndarray, ours: str, shape: Sequence[int]) -> np.ndarray:
    """Returns a tensor in the checkpoint's order of axes, the inverse of what `load` does.

    Args:
        values: array in our order.
        ours: str, our name.
        shape: what it had in the checkpoint; tables may have other rows since.
    """
    if ours.endswith("kernel"):
        if values.ndim < 4:
            values = values.T
        elif ours.endswith("depthwise.kernel"):
            values = values.transpose(2, 3, 0, 1)
        else:
            values = values.transpose(3, 2, 0, 1)
    if values.ndim == 2 and len(shape) == 1:
        return values[0]
    if values.ndim == 2 and len(shape) > 2:
        return values.reshape(*shape[:-2], *values.shape)
    return values


def _by_plain_name(names: Iterable[str], prefixes: tuple[str, ...]) -> dict[str, str]:
    """Returns {name without prefix, as the family writes it: name in the file}."""
    found = {}
    for name in names:
        prefix = next((p for p in prefixes if name.startswith(p)), "")
        plain = name[len(prefix) :]
        for old, new in _OLD:
            plain = plain.replace(old, new)
        found[plain] = name
    return found


def _their_name(ours: str, names: Mapping[str, str]) -> str:
    numbers = re.findall(r"\d+", ours)
    pattern = re.sub(r"\d+", "*", ours)
    if pattern in names:
        theirs = names[pattern]
    else:
        layer, _, kind = pattern.rpartition(".")
        theirs = f"{names[layer]}.{_THEIRS[kind]}"
    for number in numbers:
        theirs = theirs.replace("*", number, 1)
    return theirs


def _check_names(
    checkpoint: Checkpoint, found: Mapping[str, str], wanted: Iterable[str], unused: tuple[str, ...]
) -> None:
    wanted = set(wanted)
    missing = sorted(wanted - set(found))
    if missing:
        raise BundleError(
            f'{checkpoint.folder} needs the tensor "{missing[0]}". It is missing'
            f"{_more(missing)}. Check that config.json belongs to these weights."
        )
    extra = sorted(
        name
        for name in set(found) - wanted
        if not name.startswith(unused) and not name.endswith(_FOLLOWING)
    )
    if extra:
        raise BundleError(
            f'{checkpoint.folder} contains the tensor "{found[extra[0]]}", which a '
            f"model of this config.json does not have{_more(extra)}. Check that "
            "config.json belongs to these weights."
        )


def _check_shape(
    checkpoint: Checkpoint, name: str, got: tuple[int, ...], needed: tuple[int, ...]
) -> None:
    if got != needed:
        raise BundleError(
            f'{checkpoint.folder}: tensor "{name}" needs the shape {needed} that '
            f"config.json asks for. Got {got}, in our order of axes. Check that "
            "config.json belongs to these weights."
        )


def _turned(values: np.ndarray, ours: str) -> np.ndarray:
    """Returns a kernel with its axes in our order: inputs before outputs, sides of filters first.

    A filter for each channel keeps its channels in front of the last axis.
    """
    if not ours.endswith("kernel"):
        return values
    if values.ndim < 4:
        return values.T
    if values.ndim == 4 and ours.endswith("depthwise.kernel"):
        return values.transpose(2, 3, 0, 1)
    return values.transpose(2, 3, 1, 0)


def _more(names: list[str]) -> str:
    if len(names) == 1:
        return ""
    return f", and so are {len(names) - 1} more"
