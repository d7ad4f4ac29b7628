"""Decoded media in memory, for runs without a cache on disk and for predictions."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np

from polymodal.core.memory import free_bytes, gigabytes
from polymodal.media.pack import Pack, PackWriter

__all__ = ["KeptMedia", "KeptPack", "KeptWriter", "for_predictions"]

_SHARE = 4  # of the free memory, one part in so many is taken
_SPILL_SHARE = 2  # of the free disk likewise, which may be memory too


class KeptMedia:
    """Packs of decoded media in memory, within a bound; it is used as a `Cache` is.

    While rows are checked, as much again is held back for the statistics that are learned from
    them; `release` frees it.

    Args:
        max_bytes: int, bound on all packs together; None is a quarter of the free memory.
        spills: bool, whether what does not fit is put into a temporary file, up to half of the
            free disk. What is not kept at all is decoded whenever it is asked for.
    """

    def __init__(self, max_bytes: int | None = None, spills: bool = False):
        self.max_bytes = free_bytes() // _SHARE if max_bytes is None else max_bytes
        self.spills, self.size, self.num_kept, self.num_left = spills, 0, 0, 0
        self._packs: dict[str, KeptPack] = {}
        self._held = 0
        self._lock = threading.Lock()

    num_written = 0  # packs that the next run finds; what is in memory, none does

    @property
    def used_bytes(self) -> int:
        """Bytes on disk, which is none."""
        return 0

    def open(self, key: str) -> KeptPack | None:
        """Returns the pack of `key`, or None when there is none."""
        return self._packs.get(key)

    def writer(self, key: str, num_items: int) -> KeptWriter:
        """Returns a writer for a new pack; use it in a `with` statement."""
        return KeptWriter(self, key, num_items)

    def reserve(self, size: int) -> bool:
        """Returns whether `size` more bytes fit, and counts them."""
        with self._lock:
            fits = self.size + size <= self.max_bytes
            if fits:
                self.size += size
            self.num_kept += fits
            self.num_left += not fits
            return fits

    def hold(self, size: int) -> bool:
        """Returns whether `size` more bytes can be held until `release`, and counts them."""
        with self._lock:
            fits = not self.spills and self._held + size <= self.max_bytes
            if fits:
                self._held += size
            return fits

    def release(self) -> None:
        """Frees what was held for the check."""
        self._held = 0
        for pack in self._packs.values():
            pack.held.clear()

    def put(self, key: str, pack: KeptPack) -> None:
        """Keeps a finished pack."""
        self._packs[key] = pack

    def summary(self) -> str:
        """Returns how much did not fit, as a sentence; "" where everything did."""
        if not self.num_left:
            return ""
        return (
            f"{self.num_kept:,} of {self.num_kept + self.num_left:,} decoded media fit in "
            f"{gigabytes(self.max_bytes)}, a quarter of the free memory. The others are "
            "decoded again in every epoch."
        )


class KeptPack:
    """The arrays of one input, by item number.

    Args:
        num_items: int.
    """

    def __init__(self, num_items: int):
        self.num_items = num_items
        self.spilled: Pack | None = None
        self.held: dict[int, tuple[np.ndarray, int]] = {}
        self.kept: dict[int, tuple[np.ndarray, int]] = {}

    def get(self, item: int) -> np.ndarray | None:
        """Returns the array, or None when it was not kept."""
        found = self.kept.get(item) or self.held.get(item)
        if found is not None:
            return found[0]
        if self.spilled is None:
            return None
        return self.spilled.get(item)

    def hash(self, item: int) -> int:
        """Returns the hash that an array was kept with."""
        found = self.kept.get(item) or self.held.get(item)
        if found is not None or self.spilled is None:
            if found is None:
                return 0
            return found[1]
        return self.spilled.hash(item)


class KeptWriter:
    """Keeps items while they fit, from any thread; whole packs only are kept."""

    def __init__(self, kept: KeptMedia, key: str, num_items: int):
        self._kept, self._key, self._pack = kept, key, KeptPack(num_items)
        self._folder: tempfile.TemporaryDirectory | None = None
        self._file: PackWriter | None = None
        self._room = 0  # bytes that the file may grow to
        self._spills, self._lock = kept.spills, threading.Lock()

    def add(self, item: int, value: np.ndarray, content: int = 0) -> None:
        """Keeps one decoded item and the hash of its content, where there is room."""
        if self._kept.reserve(value.nbytes):
            self._pack.kept[item] = _own(value), content
        elif self._kept.hold(value.nbytes):
            self._pack.held[item] = _own(value), content
        elif self._spills:
            self._spill(item, value, content)

    def __enter__(self) -> KeptWriter:
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if self._file is not None and kind is None:
            self._file.commit()
            self._pack.spilled = Pack(self._file.path)  # mapped: it outlives its name
        elif self._file is not None:
            self._file.discard()
        if self._folder is not None:
            self._folder.cleanup()
        if kind is None:
            self._kept.put(self._key, self._pack)

    def _spill(self, item: int, value: np.ndarray, content: int) -> None:
        try:
            with self._lock:
                file = self._opened()
            if file.size + value.nbytes <= self._room:
                file.add(item, value, content)
        except OSError:  # no room there either; what is missing is decoded again
            self._spills = False

    def _opened(self) -> PackWriter:
        if self._file is None:
            self._folder = tempfile.TemporaryDirectory(prefix="polymodal-")
            self._room = shutil.disk_usage(self._folder.name).free // _SPILL_SHARE
            self._file = PackWriter(Path(self._folder.name) / "spilled", self._pack.num_items)
        return self._file


def _own(value: np.ndarray) -> np.ndarray:
    """Returns an array that keeps no other alive and that nobody may change any more."""
    own = value if value.base is None else value.copy()
    own.setflags(write=False)
    return own


def for_predictions() -> KeptMedia:
    """Returns what keeps decoded media between their check and their prediction, all of them."""
    return KeptMedia(spills=True)
