"""Constructor arguments are the configuration: checking and building from plain dictionaries.

Recipes are derived from signatures by `inspect`, so there is no second schema to keep in step.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown


def parameters(factory: Any, skip: tuple[str, ...] = ()) -> dict[str, inspect.Parameter]:
    """Returns the named arguments of a class or function, without `self`, `**kwargs` and `skip`."""
    signature = inspect.signature(factory, eval_str=True)
    return {
        name: p
        for name, p in signature.parameters.items()
        if name not in skip and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }


def check_mapping(where: str, value: Any, example: str) -> None:
    """Raises RecipeError where `value` is no mapping of settings such as `example`."""
    if not isinstance(value, Mapping):
        raise RecipeError(f"{where} needs a mapping such as {example}. Got {value!r}.")


def check_names(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises RecipeError, with the nearest known name, where one of `names` is not known."""
    for name in names:
        if name not in known:
            raise RecipeError(f"{where}: {unknown('setting', name, known)}")


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
    return {name: convert(value, known[name].annotation, f"{where}.{name}")
            for name, value in config.items()}


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
    wanted = " or ".join(_type_name(o) for o in options)
    raise RecipeError(f"{where} needs {wanted}. Got {value!r}.")


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
    if origin is not None or not isinstance(option, type):
        return True, value  # dict[str, ...] and other shapes are checked by their constructor
    if option is float and isinstance(value, int) and not isinstance(value, bool):
        return True, float(value)
    if option is float and isinstance(value, str):  # YAML reads 1e-3 as a string
        try:
            return True, float(value)
        except ValueError:
            return False, value
    if option is int and isinstance(value, bool):
        return False, value
    return isinstance(value, option), value


def _type_name(option: Any) -> str:
    if typing.get_origin(option) is typing.Literal:
        return " or ".join(repr(a) for a in typing.get_args(option))
    return {"int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false",
            "NoneType": "null", "list": "a list", "tuple": "a list", "dict": "a mapping"}.get(
        getattr(option, "__name__", ""), str(option))
