"""Tables on disk instead of in memory: a stream of rows becomes a memory-mapped Arrow file.

The file lies in the temporary folder (`TMPDIR` moves it) and is removed with the table that owns
it. A process that was killed leaves its file; the next one to write removes it, since nobody holds
its lock any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
import weakref
from pathlib import Path

import pyarrow as pa

from polymodal.core.errors import DataError

_PREFIX = "polymodal-table-"


class Spilled:
    """A file of rows, removed when this object goes. A copy in another process only reads it.

    Args:
        path: str, the Arrow file.
        handle: int, open and locked file descriptor of the owner, or None for a reader.
    """

    def __init__(self, path: str, handle: int | None = None):
        self.path = path
        if handle is not None:
            weakref.finalize(self, _release_own, path, handle, os.getpid())

    def __reduce__(self):
        return Spilled, (self.path,)

    def open(self) -> pa.Table:
        """Returns the rows, memory-mapped."""
        with pa.memory_map(self.path) as source:
            return pa.ipc.open_file(source).read_all()


def spill(batches: pa.RecordBatchReader) -> Spilled:
    """Writes `batches` to a temporary file and returns it.

    Raises:
        DataError: the disk is full.
    """
    handle, path = claim(".arrow")
    spilled = Spilled(path, handle)
    try:
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, batches.schema) as writer:
            for batch in batches:
                if batch.num_rows:
                    writer.write_batch(batch)
    except OSError as error:
        if isinstance(error, DataError) or error.errno != errno.ENOSPC:
            raise
        raise disk_full() from error
    return spilled


def claim(ending: str) -> tuple[int, str]:
    """Makes a file in the temporary folder, which is locked while this process lives.

    Args:
        ending: str, of its name, such as ".arrow".

    Returns:
        (open file descriptor, path). `release` removes the file.
    """
    folder = tempfile.gettempdir()
    _sweep(folder)
    handle, path = tempfile.mkstemp(ending, _PREFIX, folder)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle, path


def release(path: str, handle: int) -> None:
    """Removes a file that `claim` made."""
    with contextlib.suppress(OSError):
        os.unlink(path)
    with contextlib.suppress(OSError):
        os.close(handle)


def disk_full() -> DataError:
    """Returns the error for a table that does not fit into the temporary folder."""
    return DataError(
        f"does not fit into the temporary folder {tempfile.gettempdir()}: the disk is full.",
        "Make room, or set TMPDIR to a folder with more.",
        reason="disk_full",
    )


def release_memory() -> None:
    """Gives the memory of finished reading back to the system, instead of keeping it for more."""
    pa.default_memory_pool().release_unused()


def _release_own(path: str, handle: int, owner: int) -> None:
    if os.getpid() == owner:  # a forked child must not take the file from its parent
        release(path, handle)


def _sweep(folder: str) -> None:
    """Removes the files that killed processes left: those that nobody has locked."""
    for path in Path(folder).glob(f"{_PREFIX}*"):
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        except OSError:
            pass
        finally:
            os.close(handle)
