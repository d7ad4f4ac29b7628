"""Parts from outside the package: a folder named on this command line, and installed packages.

A folder has the package's own subfolders, `encoders/`, `fusion/`, `formats/`, `tasks/`, ..., with
one file for each part. An installed package offers parts as entry points, group
`polymodal.encoders` and so on. Code is imported from these two alone: a recipe or a bundle names a
plugin with the sha256 of its file, and no path.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["digest", "files", "folder", "module_of", "use_plugins"]

_PREFIX = "polymodal_plugins"  # of the names that modules of the folder get
# What may come from outside: the package of ours, and so the subfolder, its last word.
PACKAGES = (
    "encoders",
    "fusion",
    "sequence",
    "decoders",
    "tasks",
    "preprocess",
    "tables.formats",
    "text.tokenizers",
)
_folders: list[Path] = []


def folder() -> Path | None:
    """Returns the folder that was named, or None."""
    if _folders:
        return _folders[0]
    return None


def use_plugins(path: str | Path | None) -> None:
    """Makes the parts in a folder known by their files' names; None makes them unknown again.

    The code in it is imported when a part is used: name folders that you trust.

    Args:
        path: folder with subfolders such as `encoders/`.

    Raises:
        RecipeError: there is no such folder, or none of its subfolders is known.
    """
    _folders.clear()
    files.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"{_PREFIX}.")]:
        del sys.modules[name]
    if path is None:
        return
    found = user_path(path)
    known = [package.split(".")[-1] for package in PACKAGES]
    if not any((found / name).is_dir() for name in known):
        raise RecipeError(
            f"--plugins needs a folder with subfolders such as {', '.join(known)}. "
            f"Got {path}. Put encoders/NAME.py into it, for example."
        )
    _folders.append(found.resolve())


@cache
def files(package: str) -> dict[str, Path]:
    """Returns {name: file} of the parts from outside, importing nothing.

    Raises:
        RecipeError: the folder and an installed package offer the same name.
    """
    if package not in PACKAGES:
        return {}
    found = {point.name: _file_of(point) for point in _points(package)}
    for base in _folders:
        for path in sorted((base / package.split(".")[-1]).glob("*.py")):
            if path.stem.startswith("_"):
                continue
            if path.stem in found:
                raise RecipeError(
                    f'--plugins offers {package} "{path.stem}", which an installed '
                    f"package offers too. Rename {path}."
                )
            found[path.stem] = path
    return found


def module_of(package: str, name: str) -> ModuleType:
    """Imports a part from outside and returns its module."""
    path = files(package)[name]
    for point in _points(package):
        if point.name == name:
            return importlib.import_module(point.module)
    full = f"{_PREFIX}.{package}.{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, path)
        if spec is None or spec.loader is None:
            raise RecipeError(f"{path} cannot be imported. Write Python into it.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[full]
            raise
    return sys.modules[full]


def digest(package: str, name: str) -> str:
    """Returns the sha256 of the file of a part from outside."""
    return sha256(files(package)[name])


def _points(package: str) -> list[EntryPoint]:
    return _installed().get(f"polymodal.{package}", [])


@cache
def _installed() -> dict[str, list[EntryPoint]]:
    """Returns the entry points of every group of ours, read once."""
    from importlib.metadata import entry_points  # here, as no command line needs it for --help

    points = entry_points()
    groups = (f"polymodal.{package}" for package in PACKAGES)
    return {group: sorted(points.select(group=group)) for group in groups}


def _file_of(point: EntryPoint) -> Path:
    """Returns the file of an entry point's module; importing its parent packages at most."""
    spec = importlib.util.find_spec(point.module)
    if spec is None or spec.origin is None:
        raise RecipeError(
            f'The installed part "{point.name}" needs a file {point.module}. Found '
            f"none. Install {point.dist.name if point.dist else 'it'} again."
        )
    return Path(spec.origin)
