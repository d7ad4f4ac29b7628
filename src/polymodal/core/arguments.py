"""Constructor arguments are the configuration: checking and building from plain dictionaries.

Recipes are derived from signatures by `inspect`, so there is no second schema to keep in step.
"""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown

MOST = 2**32 - 1  # whole numbers, as seeds of 32 bits
BYTES_PER_PARAMETER = 16  # in training: itself, its gradient, and two averages of Adam, in float32
_MOST_SHOWN = 80
_WIDTHS = {"dim", "hidden", "width", "factor_dim"}
# Sizes, with the largest that any model has: what else they need is counted when it is built.
_LARGEST = {
    "dim": 65_536,
    "hidden": 262_144,
    "width": 65_536,
    "factor_dim": 65_536,
    "rank": 65_536,
    "num_layers": 1_000,
    "depth": 1_000,
    "num_stages": 16,
    "num_heads": 4_096,
    "kernel_size": 65_536,
    "time_stride": 65_536,
    "patch_size": 4_096,
}


def parameters(factory: Any, skip: tuple[str, ...] = ()) -> dict[str, inspect.Parameter]:
    """Returns the named arguments of a class or function, without `self`, `**kwargs` and `skip`."""
    signature = inspect.signature(factory, eval_str=True)
    return {
        name: p
        for name, p in signature.parameters.items()
        if name not in skip and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }


def check_mapping(where: str, value: Any, example: str) -> None:
    """Raises RecipeError where `value` is not a mapping of settings such as `example`."""
    if not isinstance(value, Mapping):
        raise RecipeError(f"{where} needs a mapping such as {example}. Got {shown(value)}.")


def check_names(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises RecipeError, with the nearest known name, where one of `names` is not known."""
    for name in names:
        if name not in known:
            raise RecipeError(f"{where}: {unknown('setting', name, known)}")


def check_bounds(config: Mapping[str, Any], where: str) -> None:
    """Raises RecipeError where a size is so large, or so small, that no model can have it.

    Args:
        config: mapping of settings; those that are not sizes are passed.
        where: str, place shown in errors: "inputs.image".
    """
    for name, value in config.items():
        most = _LARGEST.get(name)
        if most is not None and isinstance(value, int) and not 1 <= value <= most:
            raise RecipeError(
                f"{f'{where}.{name}'.lstrip('.')} needs 1 to {most:,}. "
                f"Got {shown(value)}.{_matrix(name, value)} Choose a usual size."
            )


def _matrix(name: str, value: int) -> str:
    """Returns what a square matrix of that width would take in training, for a width."""
    if name not in _WIDTHS or not 1 <= value < 10**12:
        return ""
    return (
        f" One layer of that width has {value * value:.2g} parameters, which take "
        f"{value * value * BYTES_PER_PARAMETER / 1e9:,.0f} GB in training."
    )


def check(factory: Any, config: Mapping[str, Any], where: str, skip: tuple[str, ...] = ()) -> dict:
    """Returns `config` with each value converted to its annotation.

    Args:
        factory: class or function whose signature is the schema.
        config: mapping of argument names to plain values.
        where: str, place shown in errors: "inputs.image".
        skip: names of arguments that the caller supplies and a user may not.

    Raises:
        RecipeError: unknown name or wrong type; the message gives the nearest valid name.
    """
    check_mapping(where, config, "{setting: value}")
    known = parameters(factory, skip)
    check_names(config, known, where)
    checked = {
        name: convert(value, known[name].annotation, f"{where}.{name}")
        for name, value in config.items()
    }
    check_bounds(checked, where)
    return checked


def build(factory: Any, config: Mapping[str, Any], where: str, **given: Any) -> Any:
    """Checks `config` and calls `factory(**config, **given)`, naming `where` in any error."""
    checked = check(factory, config, where, skip=tuple(given))
    needed = [
        name
        for name, p in parameters(factory, skip=tuple(given)).items()
        if p.default is p.empty and name not in checked
    ]
    if needed:
        raise RecipeError(f"{where} needs {', '.join(needed)}. Got {sorted(checked) or 'nothing'}.")
    try:
        return factory(**checked, **given)
    except RecipeError:
        raise
    except ValueError as error:
        raise RecipeError(f"{where}: {error}") from error


def defaults(factory: Any, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """Returns the arguments of `factory` that have defaults, with them."""
    return {n: p.default for n, p in parameters(factory, skip).items() if p.default is not p.empty}


def convert(value: Any, annotation: Any, where: str) -> Any:
    """Returns `value` as the annotated type, or raises RecipeError. Unknown annotations pass."""
    options = _options(annotation)
    if options is None or (value is None and type(None) in options):
        return value
    for option in options:
        matched, result = _as_type(value, option)
        if matched:
            return result
    wanted = " or ".join(_type_name(o) + _limit(o, value) for o in options)
    raise RecipeError(f"{where} needs {wanted}. Got {shown(value)}.")


def shown(value: Any) -> str:
    """Returns a value as a message shows it, at most 80 characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of more digits than Python writes
        text = f"a {type(value).__name__}"
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]}..."


def _options(annotation: Any) -> tuple[Any, ...] | None:
    if annotation is inspect.Parameter.empty or annotation is Any:
        return None
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _as_type(value: Any, option: Any) -> tuple[bool, Any]:
    origin = typing.get_origin(option)
    if origin is typing.Literal:
        return value in typing.get_args(option), value
    if origin in (list, tuple):
        fits = isinstance(value, list | tuple)
        return fits, origin(value) if fits else value
    if origin is dict:
        return isinstance(value, Mapping), value
    if origin is not None or not isinstance(option, type):
        return True, value  # dict[str, ...] and other shapes are checked by their constructor
    if option is float and not isinstance(value, bool):
        return _as_float(value)
    if option is int and (
        isinstance(value, bool) or (isinstance(value, int) and abs(value) > MOST)
    ):
        return False, value
    return isinstance(value, option), value


def _as_float(value: Any) -> tuple[bool, Any]:
    """Returns whether a value is a finite number, and it; YAML reads 1e-3 as a text."""
    if not isinstance(value, int | float | str):
        return False, value
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False, value
    return math.isfinite(number), number if math.isfinite(number) else value


def _limit(option: Any, value: Any) -> str:
    """Returns what else a number needs, where a number came."""
    if option is int and type(value) is int:
        return f" from -{MOST:,} to {MOST:,}"
    if option is float and _is_number(value):
        return " that is finite"
    return ""


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and isinstance(float(value), float)
    except (TypeError, ValueError, OverflowError):
        return isinstance(value, int)


def _type_name(option: Any) -> str:
    if typing.get_origin(option) is typing.Literal:
        return " or ".join(repr(a) for a in typing.get_args(option))
    return {
        "int": "a whole number",
        "float": "a number",
        "str": "a text",
        "bool": "true or false",
        "NoneType": "null",
        "list": "a list",
        "tuple": "a list",
        "dict": "a mapping",
    }.get(getattr(option, "__name__", ""), str(option))
