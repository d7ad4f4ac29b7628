"""The settings of a checkpoint: each one is used, known to have no effect, or refused."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError

__all__ = ["Config"]

# Of training, of heads that an encoder does not have, and of the file itself.
_WITHOUT_EFFECT = frozenset(
    (
        "_name_or_path",
        "architectures",
        "model_type",
        "transformers_version",
        "torch_dtype",
        "dtype",
        "initializer_range",
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "classifier_dropout",
        "gradient_checkpointing",
        "use_cache",
        "tie_word_embeddings",
        "id2label",
        "label2id",
        "num_labels",
        "problem_type",
        "bos_token_id",
        "eos_token_id",
        "output_past",
        "directionality",
        "pooler_fc_size",
        "pooler_num_attention_heads",
        "pooler_num_fc_layers",
        "pooler_size_per_head",
        "pooler_type",
        "finetuning_task",
        "summary_activation",
        "summary_type",
        "return_dict",
    )
)


class Config:
    """The mapping of a `config.json`, which notes what has been read of it.

    Args:
        path: Path of the file, for messages.
        values: what it holds.

    Example:

    >>> config = Config("config.json", {"hidden_size": 8, "is_decoder": True})
    >>> config.whole("hidden_size", 1, 10_000)
    8
    >>> config.only("is_decoder", False)
    Traceback (most recent call last):
    ...
    polymodal.core.errors.BundleError: config.json: "is_decoder" needs false. Got true. This \
importer implements nothing else.
    """

    def __init__(self, path: str | Path, values: Mapping[str, Any]):
        self.path, self._values, self._read = path, values, set[str]()

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """Returns a whole number from `least` to `most`."""
        value = self._value(name, default)
        if type(value) is not int or not least <= value <= most:
            self.refuse(name, f"a whole number from {least:,} to {most:,}", value)
        return value

    def whole_or(self, name: str, least: int, most: int, default: int) -> int:
        """Returns a whole number from `least` to `most`; absent or null is `default`."""
        if self._value(name, None) is None:
            return default
        return self.whole(name, least, most)

    def number(self, name: str, least: float, most: float, default: float | None = None) -> float:
        """Returns a number from `least` to `most`."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(name, "a number", value)
        if not (math.isfinite(value) and least <= value <= most):
            self.refuse(name, f"a number from {least} to {most}", value)
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """Returns True or False."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "true or false", value)
        return value

    def one_of(self, name: str, choices: Collection[Any], default: Any = None) -> Any:
        """Returns a value that we implement."""
        value = self._value(name, default)
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            self.refuse(name, f"one of {', '.join(map(str, choices))}", value)
        return value

    def only(self, name: str, *values: Any) -> None:
        """Checks that a setting has one of `values`; absent is the first of them."""
        found = self._value(name, values[0])
        if not any(
            found == value and isinstance(found, bool) == isinstance(value, bool)
            for value in values
        ):
            self.refuse(name, _json(values[0]), found, "This importer implements nothing else.")

    def side(self, name: str, default: int | None = None) -> int:
        """Returns the side of a square in pixels, which may be given once or twice."""
        value = self._value(name, default)
        if isinstance(value, list) and len(value) == 2 and value[0] == value[1]:
            value = value[0]
        if type(value) is not int or not 1 <= value <= 4096:
            self.refuse(name, "one side from 1 to 4,096 pixels", value)
        return value

    def numbers(self, name: str, length: int, least: float, most: float) -> list[float]:
        """Returns a list of numbers from `least` to `most`."""
        value = self._value(name, None)
        if (
            not isinstance(value, list)
            or len(value) != length
            or not all(type(one) in (int, float) and least <= one <= most for one in value)
        ):
            self.refuse(name, f"{length} numbers from {least} to {most}", value)
        return [float(one) for one in value]

    def wholes(
        self, name: str, least: int, most: int, default: list[int], length: int | None = None
    ) -> list[int]:
        """Returns a list of whole numbers from `least` to `most`."""
        value = self._value(name, default)
        if (
            not isinstance(value, list)
            or not value
            or length not in (None, len(value))
            or not all(type(one) is int and least <= one <= most for one in value)
        ):
            self.refuse(name, f"{length or 'some'} whole numbers from {least:,} to {most:,}", value)
        return list(value)

    def any(self, name: str) -> Any:
        """Returns whatever a setting is, for the caller to check."""
        return self._value(name, None)

    def stated(self, name: str) -> Any:
        """Returns whatever a setting is; absent is refused, as the library's default may change."""
        if name not in self._values:
            self.refuse(name, "to be stated", None, "Save the checkpoint with transformers again.")
        return self._value(name, None)

    def passed_over(self, name: str) -> None:
        """Notes that a setting has no effect on an encoder of this family."""
        self._read.add(name)

    def finish(self) -> None:
        """Checks that every setting was read or has no effect.

        Raises:
            BundleError: one was not, so that the answers might be others than it asks for.
        """
        unread = sorted(set(self._values) - self._read - _WITHOUT_EFFECT)
        if unread:
            name = unread[0]
            raise BundleError(
                f'{self.path}: "{name}" is {shown(self._values[name])}, a setting '
                "that this importer does not know. Import a checkpoint of a plain "
                "encoder, or remove the setting if it has no effect."
            )

    def _value(self, name: str, default: Any) -> Any:
        self._read.add(name)
        return self._values.get(name, default)

    def refuse(self, name: str, needed: str, value: Any, fix: str = "") -> NoReturn:
        """Raises BundleError for a setting that is not what is needed."""
        fix = fix or "Take the file from its source again."
        raise BundleError(f'{self.path}: "{name}" needs {needed}. Got {_json(value)}. {fix}')


def _json(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    return shown(value)
