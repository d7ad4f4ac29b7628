"""Name lookup: the file name is the registry key, the first name in the file's `__all__` the class.

`find("encoders", "convnet")` is the public class of `polymodal/encoders/convnet.py`. A new encoder
is one new file; no list is edited.
"""

from __future__ import annotations

import ast
import difflib
import importlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from polymodal.core.errors import RecipeError
from polymodal.core.printed.visible import one_line

_ROOT = Path(__file__).resolve().parents[1]


@cache
def names(package: str) -> tuple[str, ...]:
    """Returns the names that `package` (such as "encoders") offers, sorted, importing nothing."""
    folder = _ROOT.joinpath(*package.split("."))
    return tuple(sorted(f.stem for f in folder.glob("*.py") if not f.stem.startswith("_")
                        and _public_name(f) is not None))


def find(package: str, name: str) -> Any:
    """Returns the class called `name` of `package`.

    Raises:
        RecipeError: there is none; the message lists the names and the nearest one.
    """
    if name not in names(package):
        raise RecipeError(unknown(singular(package), name, names(package)))
    module = importlib.import_module(f"polymodal.{package}.{name}")
    return getattr(module, module.__all__[0])


def describe(package: str) -> dict[str, str]:
    """Returns `{name: first line of the class's docstring}`, importing nothing."""
    found = {}
    for name in names(package):
        path = _ROOT.joinpath(*package.split("."), f"{name}.py")
        public = _public_name(path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        node = next(n for n in tree.body
                    if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == public)
        found[name] = (ast.get_docstring(node) or "").split("\n")[0]
    return found


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
        return one_line(f"No {what} named {name}, a number. {_plural(what).capitalize()}: "
                        f'{", ".join(known)}. Write "{name}", a text.')
    if name in ("", None):
        return one_line(f"The {what} needs a name. Got an empty one. "
                        f"{_plural(what).capitalize()}: {', '.join(known)}.")
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return one_line(
        f'No {what} named "{name}". {_plural(what).capitalize()}: {", ".join(known)}.{hint}')


def _plural(what: str) -> str:
    if what.endswith("s"):
        return what
    return f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"


def singular(package: str) -> str:
    """Returns the noun for one member of a package: "encoders" -> "encoder"."""
    last = package.split(".")[-1]
    return last[:-1] if last.endswith("s") else last


@cache
def _public_name(path: Path) -> str | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            listed = ast.literal_eval(node.value)
            return listed[0] if listed else None
    return None
