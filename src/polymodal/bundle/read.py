"""Reads a bundle without trusting it: paths, sizes and hashes are checked, nothing is executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from polymodal.bundle import weights as tensors
from polymodal.bundle.write import (
    CONFIDENCE,
    LANGUAGE,
    MANIFEST,
    METRICS,
    MODEL,
    PREPROCESS,
    VERSION,
    WEIGHTS,
)
from polymodal.core.errors import BundleError
from polymodal.core.files import sha256
from polymodal.core.paths import user_path

MAX_JSON_BYTES = 64 << 20  # a vocabulary of a million words is about 20 MB
_MAX_FILES = 10_000


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files were found whole.

    Args:
        folder: Path.
        spec: what `model.json` holds, without its version.
        preprocess: `{name: mapping}` of the files under `preprocess/`.
        metrics: what `metrics.json` holds, or None.
        confidence: what `confidence.json` holds, or None.
        language: what `language.json` holds, or None.
    """

    folder: Path
    spec: dict[str, Any]
    preprocess: dict[str, dict[str, Any]]
    metrics: dict[str, Any] | None
    confidence: dict[str, Any] | None = None
    language: dict[str, Any] | None = None

    def load_weights(self, variables: Mapping[str, Any]) -> None:
        """Gives named variables their values, as `weight_names(model)` names them.

        Raises:
            BundleError: names, shapes or types differ from what the bundle holds.
        """
        tensors.load_into(self.folder / WEIGHTS, variables)


def read(folder: str | Path) -> Bundle:
    """Returns the bundle in a folder after checking the files that a model is built from.

    Raises:
        BundleError: there is no bundle, a file is missing, changed, too large or not what it
            claims, a path leads out of the folder, or the bundle is of another version.
    """
    folder = user_path(folder)
    files = manifest(folder)
    for needed in (MODEL, WEIGHTS):
        if needed not in files:
            raise BundleError(f"{folder / MANIFEST} needs {needed} among its files. "
                              f"Got {', '.join(sorted(files)[:5]) or 'none'}. "
                              "Copy the whole bundle again.")
    used = [n for n in files if n in (MODEL, WEIGHTS, METRICS, CONFIDENCE, LANGUAGE)
            or n.startswith(f"{PREPROCESS}/")]
    for name in used:
        _check_file(folder, name, files[name])
    spec = read_json(folder / MODEL)
    _check_version(folder / MODEL, spec)
    return Bundle(
        folder,
        {key: value for key, value in spec.items() if key != "version"},
        {PurePosixPath(name).stem: read_json(folder / name) for name in used
         if name.startswith(f"{PREPROCESS}/") and name.endswith(".json")},
        read_json(folder / METRICS) if METRICS in used else None,
        read_json(folder / CONFIDENCE) if CONFIDENCE in used else None,
        read_json(folder / LANGUAGE) if LANGUAGE in used else None,
    )


def verify(folder: str | Path) -> None:
    """Checks every file that the manifest lists, the report and the plots included.

    Raises:
        BundleError: one is missing or changed.
    """
    folder = user_path(folder)
    for name, digest in manifest(folder).items():
        _check_file(folder, name, digest)


def manifest(folder: Path) -> dict[str, str]:
    """Returns `{path inside the folder: sha256}` after checking each path."""
    folder = user_path(folder)
    if not (folder / MANIFEST).is_file():
        raise BundleError(f"{folder} needs to be a finished run. Found no {MANIFEST}. "
                          "Give the folder that `polymodal train --out` wrote, or finish it.")
    content = read_json(folder / MANIFEST)
    _check_version(folder / MANIFEST, content)
    files = content.get("files")
    if not isinstance(files, dict) or len(files) > _MAX_FILES or not all(
        isinstance(digest, str) for digest in files.values()
    ):
        raise BundleError(f"{folder / MANIFEST} needs a list of files with their sha256. "
                          f"Got {type(files).__name__}. Copy the whole bundle again.")
    for name in files:
        _check_path(folder, name)
    return files


def read_json(path: Path) -> dict[str, Any]:
    """Returns a JSON mapping of bounded size.

    Raises:
        BundleError: absent, too large, not JSON, or not a mapping.
    """
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise BundleError(f"{path} needs at most {MAX_JSON_BYTES:,} bytes. Got {size:,}. "
                              "It is not a file that Polymodal wrote.")
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}. "
                          "Copy the whole bundle again.") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} needs to be JSON. Got {error}. "
                          "Copy the whole bundle again.") from error
    if not isinstance(value, dict):
        raise BundleError(f"{path} needs to hold a mapping. Got {type(value).__name__}. "
                          "Copy the whole bundle again.")
    return value


def _check_version(path: Path, content: dict[str, Any]) -> None:
    version = content.get("version")
    if type(version) is not int or version != VERSION:
        raise BundleError(f"{path} needs version {VERSION}. Got {version!r}. "
                          "Install the Polymodal that wrote it, or train again.")


def _check_path(folder: Path, name: str) -> None:
    pure = PurePosixPath(name)
    outside = (not name or pure.is_absolute() or ".." in pure.parts or "\\" in name
               or ":" in pure.parts[0] or "\0" in name)
    if outside:
        raise BundleError(f"{folder / MANIFEST} needs paths inside the bundle. Got {name!r}. "
                          "It was tampered with; do not use this bundle.")
    step = folder
    for part in pure.parts:
        step = step / part
        if step.is_symlink():
            raise BundleError(f"{folder / MANIFEST} needs real files. Got the link {name!r}. "
                              "Copy the bundle without links.")


def _check_file(folder: Path, name: str, digest: str) -> None:
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{folder} needs the file {name}. It is missing. "
                          "Copy the whole bundle again.")
    if sha256(path) != digest:
        raise BundleError(f"{path} was changed after it was written: its sha256 differs from "
                          f"{MANIFEST}. Copy the whole bundle again.")
