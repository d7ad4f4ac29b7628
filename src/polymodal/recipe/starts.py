"""Where the parts of a model start from: weights of another run, frozen, or trained more slowly.

Every part, an encoder, the fusion, the sequence model and the head (`task`), takes these words
next to its name:

    inputs:
      image:
        encoder: {from: runs/other, freeze: true}
    fusion: {name: gated, learning_rate_scale: 0.1}

`from` takes the part of another run, or of an imported folder, as it is: name, settings,
preprocessing and weights. `weights` takes its weights only. `sha256` is written next to them.
`lora` trains adapters next to frozen weights, `layer_decay` gives each block a learning rate of its
own, `bits` keeps frozen matrices in few bits, and without `copy_weights` a bundle names the weights
that it starts from by their hash. In training, `output_dropout` drops numbers of what an encoder
with a width of its own gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from polymodal.core import arguments
from polymodal.core.errors import RecipeError

__all__ = [
    "INNER",
    "WORDS",
    "Lora",
    "Start",
    "check_words",
    "freeze",
    "has_frozen_encoder",
    "part_at",
    "scales",
    "split_words",
    "starts_of",
]

# Which recipe key holds the settings of which part of a model.
_PARTS = {"fusion": "fusion", "sequence": "sequence", "task": "head"}


@dataclass(frozen=True)
class Start:
    """How one part of a model starts, and is trained.

    Args:
        where: str, place in the recipe, shown in errors: "inputs.image.encoder".
        path: names that lead to the part from the model: ("encoders", "image").
        source: str or None, the folder, or file, that its weights come from.
        takes_all: bool, whether its settings and preprocessing come from there too.
        input: str or None, the input of that folder whose encoder it is; None for the same name.
        sha256: str or None, of the file with these weights.
        freeze: bool, or paths inside the part: what is not trained. "auto" in what is given: by
            the number of rows.
        learning_rate_scale: float, or {path inside the part: float}.
        layer_decay: float, 0 to 1: block i of n has the learning rate times its power n - i.
        lora: int, rank of the adapters that are trained instead of the weights, or the settings of
            `Lora`; 0 for none.
        bits: int or None, 8 or 4 for each weight of its linear maps, which are not trained.
        copy_weights: bool, whether a bundle has the weights it starts from, and not only their
            hash.
        output_dropout: float, rate in training on the numbers that an encoder with a width of its
            own gives.
    """

    where: str
    path: tuple[str, ...]
    source: str | None = None
    takes_all: bool = False
    input: str | None = None
    sha256: str | None = None
    freeze: bool | Sequence[str] = False
    learning_rate_scale: float | Mapping[str, float] = 1.0
    layer_decay: float = 1.0
    lora: int | Mapping[str, Any] = 0
    bits: int | None = None
    copy_weights: bool = True
    output_dropout: float = 0.0

    @property
    def name(self) -> str:
        """The part's name among the names of weights: "encoders.image"."""
        return ".".join(self.path)

    @property
    def adapters(self) -> Lora | None:
        """The settings of its adapters, or None where it has none."""
        return lora_of(self.lora)

    @property
    def merges(self) -> bool:
        """Whether its adapters are added to its weights when the bundle is written."""
        return bool(self.lora) and self.copy_weights and self.bits is None


@dataclass(frozen=True)
class Lora:
    """Adapters next to the linear maps of a part.

    Args:
        rank: int, width between the two thin matrices of each.
        alpha: float or None, their product is multiplied by alpha / rank; None for alpha = rank.
        dropout: float, rate on their input.
        targets: list of names of linear maps, such as query and value, or None for all.
    """

    rank: int = 8
    alpha: float | None = None
    dropout: float = 0.0
    targets: list | None = None


def lora_of(value: int | Mapping[str, Any]) -> Lora | None:
    """Returns the settings of adapters from a rank or a mapping; None for 0."""
    if not value:
        return None
    if isinstance(value, Mapping):
        return Lora(**value)
    return Lora(value)


def _words(
    from_: str | None = None,
    input: str | None = None,
    weights: str | None = None,
    sha256: str | None = None,
    freeze: bool | list | Literal["auto"] = False,
    learning_rate_scale: float | dict = 1.0,
    layer_decay: float = 1.0,
    lora: int | dict = 0,
    bits: int | None = None,
    copy_weights: bool = True,
    output_dropout: float = 0.0,
) -> None:
    """The words with their types, which recipes are checked against."""


WORDS = tuple("from" if name == "from_" else name for name in arguments.parameters(_words))

INNER = ("lora", "learning_rate_scale")  # words that may hold settings or paths


def split_words(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the settings of a part without these words, and these words."""
    return (
        {k: v for k, v in config.items() if k not in WORDS},
        {k: v for k, v in config.items() if k in WORDS},
    )


def check_words(config: Mapping[str, Any], where: str) -> None:
    """Raises RecipeError where one of these words has a value that it cannot have."""
    words = {{"from": "from_"}.get(k, k): v for k, v in split_words(config)[1].items()}
    try:
        words = arguments.check(_words, words, where)
    except RecipeError as error:
        raise RecipeError(str(error).replace(".from_ ", ".from ")) from None
    if words.get("from_") and words.get("weights"):
        raise RecipeError(f"{where} needs from or weights. Got both. Leave one of them out.")
    _check_adapting(words, where)
    inner = words.get("learning_rate_scale", 1.0)
    each = inner if isinstance(inner, Mapping) else {"": inner}
    for path, scale in each.items():
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale <= 1000:
            place = f".{path}".rstrip(".")
            raise RecipeError(
                f"{where}.learning_rate_scale{place} needs a number above 0. Got "
                f"{arguments.shown(scale)}. To train it no further: freeze."
            )


def _check_adapting(words: Mapping[str, Any], where: str) -> None:
    """Raises RecipeError where adapters, bits or rates cannot be as they are given."""
    rate = words.get("output_dropout")
    if rate is not None and not 0 <= rate < 1:
        raise RecipeError(f"{where}.output_dropout needs 0 <= rate < 1. Got {rate}. Try 0.5.")
    decay, bits, freeze = (words.get(key) for key in ("layer_decay", "bits", "freeze"))
    if decay is not None and not 0 < decay <= 1:
        raise RecipeError(
            f"{where}.layer_decay needs a number above 0, at most 1. Got {decay}. Try 0.8."
        )
    given = words.get("lora", 0)
    if isinstance(given, Mapping):
        arguments.build(Lora, given, f"{where}.lora")
    lora = lora_of(given)
    if lora is not None and not (1 <= lora.rank <= 1024 and 0 <= lora.dropout < 1):
        raise RecipeError(
            f"{where}.lora needs a rank from 1 to 1,024 and 0 <= dropout < 1. Got "
            f"rank {lora.rank}, dropout {lora.dropout}. Try 8."
        )
    if lora is not None and freeze not in (None, False, "auto"):
        raise RecipeError(
            f"{where}.lora trains adapters next to frozen weights. Got freeze too, "
            "which trains nothing. Leave one of them out."
        )
    if bits is not None and bits not in (4, 8):
        raise RecipeError(f"{where}.bits needs 8 or 4. Got {bits}. Leave it out for whole weights.")
    constant = lora is not None or freeze in (True, "auto")
    for key, asked in (
        ("bits", bits is not None),
        ("copy_weights: false", words.get("copy_weights") is False),
    ):
        if asked and not constant:
            raise RecipeError(
                f"{where}.{key} needs weights that are not trained. Got none that "
                "are frozen. Add lora: 8 or freeze: true."
            )
    if words.get("copy_weights") is False and not (words.get("from_") or words.get("weights")):
        raise RecipeError(
            f"{where}.copy_weights: false needs weights that have a place of their "
            "own. Got no from. Name the imported folder, or leave it out."
        )


def starts_of(recipe: Any) -> Iterator[Start]:
    """Yields a Start for each part of a recipe that says one of these words.

    Args:
        recipe: Recipe, or anything with its `inputs`, `fusion`, `sequence` and `task`.
    """
    for name, config in recipe.inputs.items():
        if isinstance(config["encoder"], Mapping):
            yield _start(config["encoder"], f"inputs.{name}.encoder", ("encoders", name))
    for key, part in _PARTS.items():
        config = getattr(recipe, key)
        if config and split_words(config)[1]:
            yield _start(config, key, (part,))


def _start(config: Mapping[str, Any], where: str, path: tuple[str, ...]) -> Start:
    words = split_words(config)[1]
    source = words.pop("from", None)
    weights = words.pop("weights", None)
    return Start(where, path, source or weights, source is not None, **words)


def has_frozen_encoder(config: Mapping[str, Any]) -> bool:
    """Returns whether the whole encoder of an input keeps its weights.

    Args:
        config: settings of the input.
    """
    encoder = config["encoder"]
    return isinstance(encoder, Mapping) and encoder.get("freeze") is True


def freeze(model: Any, recipe: Any) -> None:
    """Makes the parts of a built model that a recipe freezes keep their weights.

    Raises:
        RecipeError: a path that leads nowhere.
    """
    for start in starts_of(recipe):
        inner = [""] if start.freeze is True else start.freeze or ()
        for path in inner:
            layer = _at(model, (*start.path, *filter(None, str(path).split("."))), start)
            layer.trainable = False


def scales(recipe: Any, model: Any) -> dict[str, float]:
    """Returns {name of weights, or the beginning of it: factor of the learning rate}.

    Args:
        recipe: Recipe.
        model: Model of it, built.

    Raises:
        RecipeError: rates by block for a part without blocks.
    """
    found = {}
    for start in starts_of(recipe):
        inner = start.learning_rate_scale
        each = dict(inner) if isinstance(inner, Mapping) else {"": inner}
        if start.layer_decay != 1.0:
            each = _by_block(start, part_at(model, start), float(each.pop("", 1.0))) | each
        found |= {
            f"{start.name}.{path}".rstrip("."): float(scale)
            for path, scale in each.items()
            if scale != 1.0 or start.layer_decay != 1.0
        }
    return found


def _by_block(start: Start, part: Any, scale: float) -> dict[str, float]:
    """Returns {path inside the part: factor}: the nearer to the input, the smaller."""
    behind = getattr(part, "behind_blocks", None)
    if behind is None:
        raise RecipeError(
            f"{start.where}.layer_decay needs a part of blocks in a row. Got "
            f"{type(part).__name__}. Use learning_rate_scale."
        )
    count = len(part.blocks)
    found = {"": scale * start.layer_decay**count}
    found |= {f"blocks.{i}": scale * start.layer_decay ** (count - 1 - i) for i in range(count)}
    return found | dict.fromkeys(behind, scale)


def part_at(model: Any, start: Start) -> Any:
    """Returns the part of a model that a Start is about."""
    return _at(model, start.path, start)


def _at(value: Any, path: Sequence[str], start: Start) -> Any:
    """Returns what attributes, keys and places lead to, as names of weights do."""
    for step in path:
        try:
            if isinstance(value, Mapping):
                value = value[step]
            elif isinstance(value, list | tuple):
                value = value[int(step)]
            else:
                value = getattr(value, step)
        except (AttributeError, KeyError, ValueError, IndexError):
            raise RecipeError(
                f"{start.where}.freeze needs paths of layers. Got "
                f'"{".".join(path[len(start.path) :])}", and nothing is called '
                f'"{step}". Write true to freeze all of it.'
            ) from None
    return value
