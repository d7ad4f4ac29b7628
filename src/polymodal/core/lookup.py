"""Name lookup: the file name is the registry key, the first name in the file's `__all__` the class.

`find("encoders", "convnet")` is the public class of `polymodal/encoders/convnet.py`. A new encoder
is one new file; no list is edited. Names come from the package, from installed packages and from
the folder of `--plugins`, see `core.plugins`; those of the package cannot be overridden.
"""

from __future__ import annotations

import ast
import difflib
import importlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from polymodal.core import plugins
from polymodal.core.errors import RecipeError
from polymodal.core.printed.visible import one_line

_ROOT = Path(__file__).resolve().parents[1]


def names(package: str) -> tuple[str, ...]:
    """Returns the names that `package` (such as "encoders") offers, sorted, importing nothing.

    Raises:
        RecipeError: a plugin has a name of the package.
    """
    own, outside = _own_names(package), plugins.files(package)
    for name in outside:
        if name in own:
            raise RecipeError(
                f'The {singular(package)} "{name}" cannot be overridden. Got a '
                f"plugin of that name, {outside[name]}. Rename its file."
            )
    return tuple(sorted((*own, *outside)))


@cache
def _own_names(package: str) -> tuple[str, ...]:
    folder = _ROOT.joinpath(*package.split("."))
    return tuple(
        sorted(
            f.stem
            for f in folder.glob("*.py")
            if not f.stem.startswith("_") and _public_name(f) is not None
        )
    )


def find(package: str, name: str) -> Any:
    """Returns the class called `name` of `package`.

    Raises:
        RecipeError: there is none; the message lists the names and the nearest one.
    """
    module = module_of(package, name)
    return vars(module)[module.__all__[0]]


def module_of(package: str, name: str) -> ModuleType:
    """Returns the module called `name` of `package`; of a plugin, that from outside.

    Raises:
        RecipeError: there is none, or a plugin's file has no `__all__`.
    """
    if name not in names(package):
        raise RecipeError(unknown(singular(package), name, names(package)))
    if name in _own_names(package):
        return importlib.import_module(f"polymodal.{package}.{name}")
    module = plugins.module_of(package, name)
    if not vars(module).get("__all__"):
        raise RecipeError(
            f"{module.__file__} needs __all__, whose first name is the "
            f'{singular(package)}. Got none. Write __all__ = ["{name.title()}"].'
        )
    return module


def used_plugins(parts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns {"encoders.lines": sha256 of its file} of those parts that are plugins.

    Args:
        parts: pairs of package and name, such as ("encoders", "lines").
    """
    return {
        f"{package}.{name}": plugins.digest(package, name)
        for package, name in sorted(set(parts))
        if name in plugins.files(package)
    }


def check_plugins(wanted: Mapping[str, Any]) -> None:
    """Checks that plugins are there, and are those that a recipe or bundle was made with.

    Args:
        wanted: {"encoders.lines": sha256}.

    Raises:
        RecipeError: one is not; the message says what to supply.
    """
    for key, expected in wanted.items():
        package, _, name = str(key).rpartition(".")
        subfolder = package.split(".")[-1]
        supply = (
            f"Supply it with --plugins FOLDER that has {subfolder}/{name}.py of sha256 "
            f"{expected}, or install the package that offers it."
        )
        if package not in plugins.PACKAGES or name not in plugins.files(package):
            raise RecipeError(f"needs the plugin {subfolder}/{name}.py. Got none. {supply}")
        found = plugins.digest(package, name)
        if found != expected:
            raise RecipeError(
                f"needs the plugin {subfolder}/{name}.py as it was. Got "
                f"{plugins.files(package)[name]} of sha256 {found}. {supply}"
            )


def describe(package: str) -> dict[str, str]:
    """Returns `{name: first line of the class's docstring}`, importing nothing."""
    return {name: _first_line(_file(package, name)) for name in names(package)}


def _imported(tree: ast.Module) -> dict[str, tuple[str, str, str]]:
    """Returns {name: (folder, ".", module)} of what a file imports by name."""
    return {
        alias.name: node.module.rpartition(".")
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def stated(package: str, name: str) -> dict[str, Any]:
    """Returns {attribute: its constant, or None for anything else} of a class, importing nothing.

    What a class of the same package states, from which it derives, is there too.
    """
    path = _file(package, name)
    tree, public = ast.parse(path.read_text(encoding="utf-8")), _public_name(path)
    homes = _imported(tree)
    found: dict[str, Any] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef) or node.name != public:
            continue
        for base in map(ast.unparse, node.bases):
            folder, _, module = homes.get(base, ("", "", ""))
            if folder.endswith(package):
                found |= stated(package, module)
        for line in node.body:
            found |= _assigned(line)
    return found


def _assigned(line: ast.stmt) -> dict[str, Any]:
    """Returns {name: constant or None} of what a line of a class assigns."""
    targets = []
    if isinstance(line, ast.Assign):
        targets = line.targets
    if isinstance(line, ast.AnnAssign) and line.value is not None:
        targets = [line.target]
    value = getattr(line, "value", None)
    constant = value.value if isinstance(value, ast.Constant) else None
    return {target.id: constant for target in targets if isinstance(target, ast.Name)}


def _file(package: str, name: str) -> Path:
    outside = plugins.files(package)
    return outside.get(name) or _ROOT.joinpath(*package.split("."), f"{name}.py")


def _first_line(path: Path) -> str:
    tree, public = ast.parse(path.read_text(encoding="utf-8")), _public_name(path)
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == public:
            return (ast.get_docstring(node) or "").split("\n")[0]
    return ""


def unknown(what: str, name: Any, known: Iterable[str]) -> str:
    """Returns the message for an unknown name, with the nearest known one.

    Example:

    >>> print(unknown("column", "lable", ["label", "note"]))
    No column named "lable". Columns: label, note. Did you mean "label"?
    >>> print(unknown("column", 3, ["3", "4"]))
    No column named 3, a number. Columns: 3, 4. Write "3", a text.
    """
    known = list(known)
    if not isinstance(name, str) and str(name) in known:
        return one_line(
            f"No {what} named {name}, a number. {_plural(what).capitalize()}: "
            f'{", ".join(known)}. Write "{name}", a text.'
        )
    if name in ("", None):
        return one_line(
            f"The {what} needs a name. Got an empty one. "
            f"{_plural(what).capitalize()}: {', '.join(known)}."
        )
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = ""
    if near:
        hint = f' Did you mean "{near[0]}"?'
    return one_line(
        f'No {what} named "{name}". {_plural(what).capitalize()}: {", ".join(known)}.{hint}'
    )


def _plural(what: str) -> str:
    if what.endswith("s"):
        return what
    if what.endswith("y"):
        return f"{what[:-1]}ies"
    return f"{what}s"


def singular(package: str) -> str:
    """Returns the noun for one member of a package: "encoders" -> "encoder"."""
    last = package.split(".")[-1]
    if last.endswith("s"):
        return last[:-1]
    return last


@cache
def _public_name(path: Path) -> str | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            listed = ast.literal_eval(node.value)
            if listed:
                return listed[0]
            return None
    return None
