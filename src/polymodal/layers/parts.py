"""What the parts of a model promise one another: encoders, fusions and sequence models.

A part from outside the package derives from one of these classes and states what its neighbours may
ask. The model checks each encoder when it is built; nothing else is looked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

from polymodal.core import arguments
from polymodal.core.errors import RecipeError

__all__ = ["Encoder", "Fusion", "SequenceModel", "check_stream", "kept_stream"]


class Encoder(keras.layers.Layer):
    """Turns one input into tokens of one width: `(inputs, mask) -> (tokens, mask)`.

    The constructor takes `dim`, the width of the tokens, and may take `vocabulary_size`, which a
    modality of ids fills in, and `dropout`. Every other argument is a key of the recipe. Tokens of
    an encoder without `dim` have a width of their own; the model projects them to the common one.

    Attributes:
        num_tokens: int or None, tokens of every row, known once it is built. None where a row has
            as many as its steps give: one for each `time_stride` steps, the last one perhaps of
            fewer.
        time_stride: int, steps of the input that make one token.
        grid: (down, across) or None: the tokens are positions of a picture, line by line.
        behind_blocks: names of attributes behind its list `blocks`, whose other attributes are in
            front of it; None where it is not made of blocks in a row. Learning rates by block ask.
        takes_adapters: bool, whether such blocks hold linear maps, which adapters stand next to.
        reads_steps_alone: bool, whether each step of (batch, steps, pieces) becomes a token that
            nothing else in the row, and no 0 at its end, has an influence on.

    Call arguments:
        inputs: (batch, ...), as the modality encodes them.
        mask: bool, (batch,), (batch, time) or (batch, columns). True = real.

    Returns:
        (tokens (batch, time, dim), bool mask (batch, time)).

    Example:

    >>> class Lines(Encoder):  # of a picture, each a token
    ...     def __init__(self, dim=64, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.project = keras.layers.Dense(dim, dtype=self.dtype_policy)
    ...     def build(self, inputs_shape):
    ...         _, self.num_tokens, width, channels = inputs_shape
    ...         self.project.build((None, None, width * channels))
    ...         self.built = True
    ...     def call(self, inputs, mask, training=None):
    ...         _, lines, width, channels = inputs.shape
    ...         tokens = self.project(keras.ops.reshape(inputs, (-1, lines, width * channels)))
    ...         return tokens, keras.ops.repeat(mask[:, None], lines, axis=1)
    """

    num_tokens: int | None = None
    time_stride: int = 1
    grid: tuple[int, int] | None = None
    behind_blocks: tuple[str, ...] | None = None
    takes_adapters: bool = True
    reads_steps_alone: bool = False

    @classmethod
    def stride_of(cls, settings: Mapping[str, Any]) -> int:
        """Returns how many steps of the input make one token, before an encoder is made.

        Args:
            settings: the encoder's own settings in the recipe.
        """
        usual = arguments.defaults(cls).get("time_stride", cls.time_stride)
        return settings.get("time_stride", usual)

    @classmethod
    def preprocessing(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what the encoder needs of its modality's settings, whatever the train split says.

        A recipe that says otherwise is refused. Weights that were trained elsewhere need the
        preprocessing of then: `{"size": 224, "mean": [...], "std": [...], "resample": "bicubic"}`
        of pictures, `{"sample_rate": 16000}` of sound. An encoder that normalises its input itself
        asks for `{"mean": 0, "std": 1}`.

        Args:
            settings: the encoder's own settings in the recipe.
        """
        return {}


class Fusion(keras.layers.Layer):
    """Makes one stream of several: `{name: (tokens, mask)} -> (tokens, mask)`.

    Attributes:
        stepwise: bool, whether the result keeps a time axis, rather than one token for the row.
        in_one_sequence: bool, whether each token of each input is one of the result, those of all
            inputs concatenated by sorted name.
        any_width: bool, whether it takes tokens of any width, rather than of the common one.
    """

    any_width: bool = False
    stepwise: bool = True
    in_one_sequence: bool = False

    def pools_first(self, name: str) -> bool:
        """Returns whether an input is made one token before anything else, by nothing that is
        learned. Outputs of a frozen encoder are then kept as that token alone."""
        return False

    def pooled(self, name: str, tokens: Any, mask: Any) -> tuple[Any, Any]:
        """Returns the one token that stands for an input, and its mask (batch, 1). The fusion has
        to make the same of it as of all tokens. Asked where `pools_first` says so.

        Args:
            name: str, of the input.
            tokens: (batch, time, dim).
            mask: bool (batch, time).
        """
        return tokens, mask


class SequenceModel(keras.layers.Layer):
    """Models the fused tokens: `(tokens, mask) -> (tokens, mask)` of the same shapes.

    Attributes:
        keeps_places: bool, whether a token stays at its place, whatever it has gathered; False
            where a recurrence carries on from step to step what was there.
    """

    keeps_places: bool = False


def check_stream(name: str, encoder: Encoder, inputs: Any, tokens: Any, mask: Any) -> None:
    """Raises RecipeError where an encoder's result is not what it states.

    Args:
        name: str, of the input.
        encoder: Encoder that was built.
        inputs: (batch, ...) that it was given.
        tokens, mask: what it returned.
    """
    shape, shown = tuple(tokens.shape), f"{type(encoder).__name__} (inputs.{name})"
    if len(shape) != 3 or tuple(mask.shape) != shape[:2]:
        raise RecipeError(
            f"{shown} needs to return tokens (batch, time, dim) and a mask (batch, "
            f"time). Got shapes {shape} and {tuple(mask.shape)}. Return one token "
            "for what has no time axis."
        )
    dtype = keras.backend.standardize_dtype(mask.dtype)
    if dtype != "bool":
        raise RecipeError(
            f"{shown} needs to return a bool mask, True = real. Got {dtype}. Compare it with 0."
        )
    stated = _num_tokens(encoder, inputs)
    if None not in (stated, shape[1]) and stated != shape[1]:
        raise RecipeError(
            f"{shown} states {stated} tokens for inputs of shape "
            f"{tuple(inputs.shape)[1:]}. Got {shape[1]}. Set num_tokens in build, or "
            "time_stride."
        )
    if encoder.grid is not None and math.prod(encoder.grid) != encoder.num_tokens:
        raise RecipeError(
            f"{shown} needs one token for each position of its grid {encoder.grid}. "
            f"Got num_tokens={encoder.num_tokens}. Set both in build."
        )


def kept_stream(tokens: Any, mask: Any) -> tuple[Any, Any]:
    """Returns a stream of tokens that were kept: (tokens, mask (batch, time)).

    Args:
        tokens: (batch, time, dim), or (batch, items, time, dim).
        mask: bool (batch, time), or (batch,) where rows have all tokens or none, or (batch, items).
    """
    if len(mask.shape) == len(tokens.shape) - 2:
        mask = keras.ops.repeat(mask[..., None], tokens.shape[-2], axis=-1)
    return tokens, mask


def _num_tokens(encoder: Encoder, inputs: Any) -> int | None:
    """Returns how many tokens an encoder states for some inputs; None where that is open."""
    if encoder.num_tokens is not None:
        return encoder.num_tokens
    steps = 1
    if len(inputs.shape) > 1:
        steps = inputs.shape[1]
    if steps is None:
        return None
    return -(-steps // encoder.time_stride)
