"""Reads a bundle without trusting it: paths, sizes and hashes are checked, nothing is executed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from polymodal.bundle import weights as tensors
from polymodal.bundle.write import (
    CONFIDENCE,
    CONTENT,
    FILES,
    LANGUAGE,
    MANIFEST,
    METRICS,
    MODEL,
    PREPROCESS,
    TRUST,
    VERSION,
    WEIGHTS,
    content_digest,
)
from polymodal.core.arguments import shown
from polymodal.core.disk.files import sha256
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError, PolymodalError
from polymodal.core.printed.visible import one_line

MAX_JSON_BYTES = 64 << 20  # a vocabulary of a million words is about 20 MB
MAX_CONTAINERS = 4_000_000  # lists and mappings of one file: each takes much more than its text
_LONGEST_PATH = 200
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
        is_whole: bool, whether `model.json` holds its own sha256.
        parts: {name: sha256} of the files that `model.json` was written with, or None.
        found: {name: sha256} of those that are there.
        trust: {name: mapping} of the files of `write.TRUST` that belong to the model.
    """

    folder: Path
    spec: dict[str, Any]
    preprocess: dict[str, dict[str, Any]]
    metrics: dict[str, Any] | None
    confidence: dict[str, Any] | None = None
    language: dict[str, Any] | None = None
    is_whole: bool = True
    parts: Any = None
    found: Mapping[str, str] | None = None
    trust: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def check_model(self) -> None:
        """Checks that `model.json` is unchanged, and that its files are those it was written with.

        The manifest cannot show it, since sealing a folder again updates it. Older bundles have no
        such hashes. `load_weights` checks the weights, with more precise messages.

        Raises:
            BundleError: one was changed, or is of another run.
        """
        if not self.is_whole:
            raise BundleError(
                f"{self.folder / MODEL} was changed after it was written: its sha256 "
                "differs from the one it has. Copy the whole bundle again."
            )
        if self.parts is None:
            return
        if not isinstance(self.parts, dict):
            raise BundleError(
                f'{self.folder / MODEL} needs "{FILES}" to be a mapping. Got '
                f"{type(self.parts).__name__}. Copy the whole bundle again."
            )
        for name in sorted(set(self.parts) - {WEIGHTS}):
            self._check_part(name)

    def _check_part(self, name: str) -> None:
        parts = {}
        if isinstance(self.parts, dict):
            parts = self.parts
        if name in parts and parts[name] != (self.found or {}).get(name):
            raise BundleError(
                f"{self.folder / name} is not the file that {MODEL} was written "
                "with. Copy the whole bundle again."
            )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns `{name: shape}` of the weights without reading them."""
        return tensors.shapes(self.folder / WEIGHTS)

    def load_weights(self, variables: Mapping[str, Any], others: bool = False) -> None:
        """Sets named variables to their values, by the names of `weight_names(model)`.

        Args:
            variables: {name: variable}.
            others: bool, whether the bundle may hold weights of other parts too.

        Raises:
            BundleError: names, shapes or types differ from what the bundle holds.
        """
        tensors.load_into(self.folder / WEIGHTS, variables, others)
        self._check_part(WEIGHTS)


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
            raise BundleError(
                f"{folder / MANIFEST} needs {needed} among its files. "
                f"Got {', '.join(sorted(files)[:5]) or 'none'}. "
                "Copy the whole bundle again."
            )
    used = [
        n
        for n in files
        if n in (MODEL, WEIGHTS, METRICS, CONFIDENCE, LANGUAGE, *TRUST)
        or n.startswith(f"{PREPROCESS}/")
    ]
    for name in used:
        _check_file(folder, name, files[name])
    spec = read_json(folder / MODEL)
    _check_version(folder / MODEL, spec)
    return Bundle(
        folder,
        {key: value for key, value in spec.items() if key not in ("version", FILES, CONTENT)},
        {
            PurePosixPath(name).stem: read_json(folder / name)
            for name in used
            if name.startswith(f"{PREPROCESS}/") and name.endswith(".json")
        },
        read_json(folder / METRICS) if METRICS in used else None,
        read_json(folder / CONFIDENCE) if CONFIDENCE in used else None,
        read_json(folder / LANGUAGE) if LANGUAGE in used else None,
        spec.get(CONTENT) in (None, content_digest(spec)),
        spec.get(FILES),
        {name: files[name] for name in used if name not in (MODEL, METRICS)},
        {name: read_json(folder / name) for name in used if name in TRUST},
    )


def verify(folder: str | Path, but: Collection[str] = ()) -> None:
    """Checks every file that the manifest lists, the report and the plots included.

    Args:
        folder: the run's folder.
        but: names of files and folders that may have changed, since they will be rewritten.

    Raises:
        BundleError: one is missing or changed.
    """
    folder = user_path(folder)
    for name, digest in manifest(folder).items():
        if PurePosixPath(name).parts[0] not in but:
            _check_file(folder, name, digest)


def manifest(folder: Path) -> dict[str, str]:
    """Returns `{path inside the folder: sha256}` after checking each path."""
    folder = user_path(folder)
    if not (folder / MANIFEST).is_file():
        raise BundleError(
            f"{folder} needs to be a finished run. Found no {MANIFEST}. "
            "Give the folder that `polymodal train --out` wrote, or finish it."
        )
    content = read_json(folder / MANIFEST)
    _check_version(folder / MANIFEST, content)
    files = content.get("files")
    if (
        not isinstance(files, dict)
        or len(files) > _MAX_FILES
        or not all(isinstance(digest, str) for digest in files.values())
    ):
        raise BundleError(
            f"{folder / MANIFEST} needs a list of files with their sha256. "
            f"Got {type(files).__name__}. Copy the whole bundle again."
        )
    for name in files:
        _check_path(folder, name)
    return files


@contextmanager
def blamed(path: Path) -> Iterator[None]:
    """Names the file in any error that its content causes."""
    try:
        yield
    except PolymodalError as error:
        raise BundleError(f"{path}: {error}") from None
    except MemoryError:
        raise BundleError(
            f"{path} asks for more memory than there is. Take the bundle from its source again."
        ) from None
    except Exception as error:  # whatever else its values caused in our code
        raise BundleError(
            f"{path} cannot be used: {type(error).__name__}: "
            f"{one_line(error)[:300]}. Copy the whole bundle again, or train "
            "again."
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """Returns a JSON mapping of bounded size.

    Raises:
        BundleError: absent, too large, not JSON, or not a mapping.
    """
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise BundleError(
                f"{path} needs at most {MAX_JSON_BYTES:,} bytes. Got {size:,}. "
                "It is not a file that Polymodal wrote."
            )
        text = path.read_text(encoding="utf-8")
        if text.count("[") + text.count("{") > MAX_CONTAINERS:
            raise BundleError(
                f"{path} needs at most {MAX_CONTAINERS:,} lists and mappings. Got "
                "more. It is not a file that Polymodal wrote."
            )
        value = json.loads(text, object_pairs_hook=_once)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read: {error.strerror or error}. Copy the whole bundle again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{path} needs to be JSON. Got {error}. Copy the whole bundle again."
        ) from error
    if not isinstance(value, dict):
        raise BundleError(
            f"{path} needs to contain a mapping. Got {type(value).__name__}. "
            "Copy the whole bundle again."
        )
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key that is there twice")
    return found


def _check_version(path: Path, content: dict[str, Any]) -> None:
    version = content.get("version")
    if type(version) is int and 0 < version < VERSION:
        raise BundleError(
            f"{path} is of an older Polymodal, which wrote version {version}. This "
            f"one reads version {VERSION}. Train again, or install the older one."
        )
    if type(version) is not int or version != VERSION:
        raise BundleError(
            f"{path} needs version {VERSION}. Got {version!r}. "
            "Install the Polymodal that wrote it, or train again."
        )


def _is_outside(name: str) -> bool:
    pure = PurePosixPath(name)
    return (
        pure.is_absolute()
        or ".." in pure.parts
        or "\\" in name
        or "\0" in name
        or len(name) > _LONGEST_PATH
        or not pure.parts
        or ":" in pure.parts[0]
        or str(pure) != name
    )


def _check_path(folder: Path, name: str) -> None:
    if _is_outside(name):
        raise BundleError(
            f"{folder / MANIFEST} needs paths inside the bundle. Got {shown(name)}. "
            "It was tampered with; do not use this bundle."
        )
    step = folder
    for part in PurePosixPath(name).parts:
        step = step / part
        if step.is_symlink():
            raise BundleError(
                f"{folder / MANIFEST} needs real files. Got the link {name!r}. "
                "Copy the bundle without links."
            )


def _check_file(folder: Path, name: str, digest: str) -> None:
    path = folder / name
    if not path.is_file():
        raise BundleError(
            f"{folder} needs the file {name}. It is missing. Copy the whole bundle again."
        )
    if sha256(path) != digest:
        raise BundleError(
            f"{path} was changed after it was written: its sha256 differs from "
            f"{MANIFEST}. Copy the whole bundle again."
        )
