"""Writes that are whole or absent, whatever kills the process while they run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from polymodal.core import faults
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import PolymodalError, RecipeError
from polymodal.core.printed.visible import to_json

_NOT_IN_NAMES = re.compile(r"[^\w .,;()+@=-]")  # whatever some system reads as more than a name
_LONGEST_NAME = 80  # characters; of four bytes each still below the 255 bytes of a file system


def _existing(path: Path) -> Path:
    """Returns the nearest folder above that exists, or the path."""
    while not os.path.exists(path):
        path = path.parent
    return path


def check_writable(path: str | Path, folder: bool = False) -> Path:
    """Returns a path that can be written, after trying it; the trial leaves nothing behind.

    Args:
        path: path of a file, or of a folder; folders above it need not exist yet.
        folder: bool, whether it is to be a folder.

    Raises:
        PolymodalError: it cannot be written; the message says why.
    """
    path = user_path(path)
    if not folder and path.is_dir():
        raise PolymodalError(f"{path} needs to be a file. It is a folder. Choose another --out.")
    there = _existing(path if folder else path.parent)
    try:
        with tempfile.TemporaryFile(dir=there):
            return path
    except OSError as error:
        raise PolymodalError(
            f"{path} cannot be written: {there} takes no files "
            f"({error.strerror}). Choose another --out."
        ) from None


def check_new(path: str | Path) -> Path:
    """Returns the path of a folder to write: one that does not exist, or is empty.

    Raises:
        RecipeError: there is something in it.
    """
    path = user_path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RecipeError(f"--out needs a folder that is new or empty. Got {path}. Choose another.")
    return path


def check_name(option: str, path: str | Path, endings: Sequence[str]) -> Path:
    """Returns the path of a file whose name says what will be in it.

    Args:
        option: str, what the path was given with, for the message.
        path: path of the file.
        endings: names that the file may end in, the usual one first: [".csv", ".parquet"].

    Raises:
        RecipeError: the name ends in something else.
    """
    path = Path(path)
    if not path.name.lower().endswith(tuple(endings)):
        stem = path.name.split(".")[0] or "file"
        raise RecipeError(
            f"{option} needs a name that ends in {', '.join(endings)}. "
            f"Got {path.name or path}. "
            f"Write {option} {path.parent / (stem + endings[0])}."
        )
    return path


def write_atomic(path: str | Path, content: bytes | str) -> None:
    """Writes a file through a temporary neighbour: write, fsync, rename, fsync of the folder."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.tmp{os.getpid()}")
    data = content.encode() if isinstance(content, str) else content
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            faults.point("file_written")
            file.flush()
            os.fsync(file.fileno())
        faults.point("file_synced")
        os.replace(temporary, path)
        faults.point("file_renamed")
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        error.filename, error.filename2 = str(path), None  # the name that was asked for
        raise
    sync_folder(path.parent)


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` as readable JSON, whole or not at all."""
    write_atomic(path, to_json(value, indent=2) + "\n")


def write_folder(path: str | Path, fill: Callable[[Path], None]) -> None:
    """Calls `fill` on a temporary folder, syncs its files, and renames it to `path`.

    An existing `path` is replaced. When `fill` fails, nothing of it stays and `path` is untouched.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.tmp{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        fill(temporary)
        faults.point("folder_written")
        for file in sorted(temporary.rglob("*")):
            if file.is_file():
                with open(file, "rb") as handle:
                    os.fsync(handle.fileno())
        sync_folder(temporary)
        faults.point("folder_synced")
        if path.exists():
            retired = path.with_name(f".{path.name}.old{os.getpid()}")
            os.replace(path, retired)
            faults.point("folder_retired")
            os.replace(temporary, path)
            shutil.rmtree(retired, ignore_errors=True)
        else:
            os.replace(temporary, path)
        faults.point("folder_renamed")
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(path.parent)


def file_name(name: str) -> str:
    """Returns a name as one that a file or folder can have: it leads nowhere else.

    Example:

    >>> file_name("../../up"), file_name("digit")
    ('_.._up', 'digit')
    """
    plain = _NOT_IN_NAMES.sub("_", name).lstrip(".")[:_LONGEST_NAME].rstrip(" .")
    return plain or "_"


def sync_folder(path: str | Path) -> None:
    """Makes renames inside the folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: str | Path) -> str:
    """Returns the hexadecimal sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
