"""The batch contract: generated input keys, masks (True = real), and strict selection of keys.

A batch is `(inputs, targets, sample_weight)`. Inputs are `{"input_0": array, "input_0_mask": bool
array, ...}`. Keys are generated so that any column name works; the bundle maps them to columns.

In training rows may share what an input holds, such as the picture that several questions are
about. The batch then has each picture once, in `input_0` and its mask, and `input_0_item` (rows,)
int32 says which one a row has; or (rows, places), -1 for none, where a row may have several.

Rows of an assistant may be packed: a line of the batch then has whole conversations one after the
other, answers included. Instead of `previous` it has `places` (lines, steps) int32: where the token
before each token of an answer stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polymodal.core.errors import PolymodalError

MASK_SUFFIX = "_mask"
ITEM_SUFFIX = "_item"
PREVIOUS = "previous"  # key of the previous outputs that a sequence-to-sequence model is fed
PLACES = "places"  # key of where they stand, in conversations that are packed


def input_key(index: int) -> str:
    """Returns the key of the `index`-th input: `input_0`, `input_1`, ..."""
    return f"input_{index}"


def mask_key(key: str) -> str:
    """Returns the key of the mask that belongs to the input `key`."""
    return key + MASK_SUFFIX


def item_key(key: str) -> str:
    """Returns the key that says which of the items of the input `key` each row has."""
    return key + ITEM_SUFFIX


def masks_of(inputs: Mapping[str, Any]) -> list[Any]:
    """Returns the masks of a batch, in the order of its inputs.

    Example:

    >>> masks_of({"input_10_mask": "k", "input_10": 0, "input_2_mask": "c", "input_2": 0})
    ['c', 'k']
    """
    keys = [key for key in inputs if key.endswith(MASK_SUFFIX)]
    return [inputs[key] for key in sorted(keys, key=lambda key: (len(key), key))]


def with_masks(keys: Iterable[str]) -> list[str]:
    """Returns each key followed by the key of its mask."""
    return [name for key in keys for name in (key, mask_key(key))]


def select_inputs(inputs: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Returns exactly `keys` of `inputs`, in that order.

    Keras binds a dictionary by sorted position when it holds an extra or misspelt key, so a model
    is only ever called with what this function returns.

    Raises:
        PolymodalError: a key is missing.
    """
    keys = list(keys)
    missing = [key for key in keys if key not in inputs]
    if missing:
        raise PolymodalError(f"The model needs inputs {keys}. Got {sorted(inputs)}. Add {missing}.")
    return {key: inputs[key] for key in keys}
