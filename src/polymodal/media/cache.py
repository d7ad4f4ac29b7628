"""Decoded media on disk, so that pictures and sound are decoded once and not every epoch."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError
from polymodal.core.memory import gigabytes
from polymodal.core.printed.progress import warn
from polymodal.media.kept import KeptMedia
from polymodal.media.pack import Pack, PackWriter

_SUFFIX = ".pack"
_STALE_SECONDS = 3600  # a temporary file that nobody wrote to for so long has lost its process


def default_folder() -> Path:
    """Returns the folder of this user's cache: POLYMODAL_CACHE, or where the system keeps such.

    Raises:
        RuntimeError: the user has no home folder.
    """
    if os.environ.get("POLYMODAL_CACHE"):
        return user_path(os.environ["POLYMODAL_CACHE"])
    home = "~/.cache"
    if sys.platform == "darwin":
        home = "~/Library/Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or home).expanduser() / "polymodal"


def open_cache() -> Cache | KeptMedia:
    """Returns the cache of this user, or, with a notice, one in memory where its folder takes no
    files."""
    try:
        return Cache()
    except RecipeError as error:
        kept = KeptMedia()
        warn(
            f"{error} Until then decoded media are kept in up to {gigabytes(kept.max_bytes)} of "
            "memory. What does not fit is decoded again in every epoch, which is slower."
        )
        return kept


class Cache:
    """A folder of packs, one for each (preprocessing, set of files), within a size bound.

    Processes may share the folder. A pack is whole or absent, whatever kills its writer. When the
    bound is reached, packs that were not used for longest are removed, but never one that this
    object reads; when that is not enough, further items are not stored and are decoded when asked.

    Args:
        folder: path; made when it does not exist. None means `default_folder()`.
        max_bytes: int, bound on the sum of the packs, 4 GiB unless given.

    Raises:
        RecipeError: the folder cannot be written.
    """

    def __init__(self, folder: str | Path | None = None, max_bytes: int = 4 << 30):
        self.max_bytes, self.num_written = max_bytes, 0
        self._in_use: set[Path] = set()
        shown: Any = "the user's home"
        try:
            shown = self.folder = default_folder() if folder is None else user_path(folder)
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                self._remove_stale()
        except (OSError, RuntimeError) as error:
            raise RecipeError(
                f"Cache needs a folder that can be written. Got {shown} "
                f"({getattr(error, 'strerror', None) or error}). "
                "Set POLYMODAL_CACHE to another folder."
            ) from error

    @property
    def used_bytes(self) -> int:
        """Bytes of the packs that this object has opened or written."""
        found = map(_status, self._in_use)
        return sum(status.st_size for status in found if status is not None)

    def open(self, key: str) -> Pack | None:
        """Returns the pack of `key`, or None when there is no whole one."""
        path = self._path(key)
        try:
            pack = Pack(path)
            os.utime(path)  # the last use decides which pack goes first
        except (OSError, ValueError):
            return None
        self._in_use.add(path)
        return pack

    def writer(self, key: str, num_items: int) -> CacheWriter:
        """Returns a writer for a new pack; use it in a `with` statement."""
        path = self._path(key)
        self._in_use.add(path)
        self.num_written += 1
        try:
            return CacheWriter(self, PackWriter(path, num_items))
        except OSError as error:
            return CacheWriter(self, None, error)

    def make_room(self, size: int) -> bool:
        """Removes packs, oldest use first, until `size` more bytes fit; False when they cannot."""
        packs = sorted(
            (status.st_mtime_ns, status.st_size, path)
            for path in self.folder.glob(f"*{_SUFFIX}")
            if (status := _status(path)) is not None
        )
        total = sum(pack_size for _, pack_size, _ in packs)
        for _, pack_size, path in packs:
            if total + size <= self.max_bytes:
                break
            if path not in self._in_use:
                path.unlink(missing_ok=True)
                total -= pack_size
        return total + size <= self.max_bytes

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _remove_stale(self) -> None:
        for path in self.folder.glob(f".*{_SUFFIX}.tmp*"):
            status = _status(path)
            if status is not None and time.time() - status.st_mtime > _STALE_SECONDS:
                path.unlink(missing_ok=True)


class CacheWriter:
    """Stores items while they fit the cache's bound and the disk; whole packs only are kept."""

    def __init__(self, cache: Cache, pack: PackWriter | None, error: OSError | None = None):
        self._cache, self._pack = cache, pack
        self._granted = 0  # bytes for which room was made; asked in steps, as it lists the folder
        self.full = pack is None
        if error is not None:
            self._cannot_grow(error)

    def add(self, item: int, value: np.ndarray, content: int = 0) -> None:
        """Stores one decoded item and the hash of its content; nothing once the cache is full."""
        if self._pack is None or self.full or not self._fits(self._pack.size + value.nbytes):
            self.full = True
            return
        try:
            self._pack.add(item, value, content)
        except OSError as error:
            self._cannot_grow(error)

    def __enter__(self) -> CacheWriter:
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if self._pack is None:
            return
        if kind is not None:
            self._pack.discard()
            return
        try:
            self._pack.commit()
        except OSError as failure:
            self._pack.discard()
            warn(f"The cache in {self._cache.folder} was not kept ({failure.strerror}).")

    def _cannot_grow(self, error: OSError) -> None:
        self.full = True
        warn(
            f"The cache in {self._cache.folder} cannot grow ({error.strerror}). "
            "Media that are not in it are decoded every time they are needed."
        )

    def _fits(self, needed: int) -> bool:
        if needed <= self._granted:
            return True
        step = max(needed // 8, self._cache.max_bytes // 64)
        for wanted in (needed + step, needed):
            if self._cache.make_room(wanted):
                self._granted = wanted
                return True
        return False


def _status(path: Path) -> os.stat_result | None:
    """Returns the file's status, or None when another process has just removed it."""
    try:
        return path.stat()
    except OSError:
        return None
