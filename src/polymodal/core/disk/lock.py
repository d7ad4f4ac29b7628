"""One process at a time in the folder of a run: two would remove each other's checkpoints.

The lock is the kernel's (`flock`), so it ends with its process, however that dies. The file names
the holder for the message of the second process. Where a file system has no locks, as some network
ones, the process that the file names decides.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from polymodal.core.disk.files import write_atomic
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import LockedError
from polymodal.core.printed.progress import say

FILE = ".lock"  # hidden, so that no manifest lists it
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@dataclass(frozen=True)
class Holder:
    """The process that holds a folder.

    Args:
        pid: int.
        host: str, name of its machine.
        since: str, local time at which it took the folder: "2024-05-01 14:03:12".
    """

    pid: int
    host: str
    since: str

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this machine."""
        return self.host == socket.gethostname()

    @property
    def may_live(self) -> bool:
        """Whether the process still exists. That of another machine may."""
        if not self.is_here:
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it lives, and is somebody else's
            return True
        return self.pid != os.getpid()  # this one does not hold it: the number was used before


@dataclass
class _Held:
    """A folder that this process holds: the thread that took it, and how often."""

    thread: int
    count: int
    file: int | None


_held: dict[str, _Held] = {}
_guard = threading.Lock()


@contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Holds the folder of a run while the block runs. The thread that holds it may enter again.

    The folder is made where there is none, and removed again if nothing was put into it.

    Raises:
        LockedError: another living process, or another thread, holds it.
    """
    place = Path(os.path.realpath(user_path(folder)))
    with _guard:
        held, made = _held.get(str(place)), []
        if held is not None and held.thread != threading.get_ident():
            raise LockedError(_message(place, _read(place / FILE)))
        if held is None:
            held, made = _take(place)
            _held[str(place)] = held
        held.count += 1
    try:
        yield
    finally:
        with _guard:
            held.count -= 1
            if not held.count:
                del _held[str(place)]
                _release(place, held, made)


def _take(place: Path) -> tuple[_Held, list[Path]]:
    """Locks the file of a folder, and returns it with the folders that were made for it."""
    made = [path for path in (place, *place.parents) if not path.exists()]
    while True:
        place.mkdir(parents=True, exist_ok=True)
        try:
            file = os.open(place / FILE, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # whoever held it has just removed the empty folder
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            if error.errno in _NO_LOCKS:
                return _claimed(place), made
            raise LockedError(_message(place, _read(place / FILE))) from None
        if _is_current(file, place / FILE):
            break
        os.close(file)  # its holder removed it between our opening and locking it
    before = _read(place / FILE)
    if before is not None:
        say(f"Process {before.pid} used {place} and ended without unlocking it. Continuing.")
    os.ftruncate(file, 0)
    os.pwrite(file, _ours(), 0)
    return _Held(threading.get_ident(), 0, file), made


def _claimed(place: Path) -> _Held:
    """Takes a folder on a file system without locks, by the process that its file names."""
    before = _read(place / FILE)
    if before is not None and before.may_live:
        raise LockedError(_message(place, before))
    write_atomic(place / FILE, _ours())
    return _Held(threading.get_ident(), 0, None)


def _release(place: Path, held: _Held, made: list[Path]) -> None:
    with suppress(OSError):
        (place / FILE).unlink()
    if held.file is not None:
        os.close(held.file)
    for folder in made:
        with suppress(OSError):  # something is in it
            folder.rmdir()


def _is_current(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _ours() -> bytes:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return json.dumps(asdict(Holder(os.getpid(), socket.gethostname(), since))).encode()


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):  # empty: it is being written, or was never used
        return None


def _message(place: Path, holder: Holder | None) -> str:
    needs = f"{place} needs to be used by one process at a time. Got a second one: "
    if holder is None:
        return needs + "another process uses it. Wait until it ends, or choose another --out."
    is_ours = holder.is_here and holder.pid == os.getpid()
    if is_ours:
        who = "another thread of this process"
    else:
        who = f"process {holder.pid} on {holder.host}"
    stop = "" if is_ours else f", stop it (kill {holder.pid})"
    if holder.is_here:
        gone = ""
    else:
        gone = f" If it is gone, remove {place / FILE}."
    return (
        f"{needs}{who} has used it since {holder.since}. Wait until it ends{stop}, "
        f"or choose another --out.{gone}"
    )


def _forget() -> None:
    """A forked child holds nothing: its copy of the file would outlive the process that locked."""
    for held in _held.values():
        if held.file is not None:
            os.close(held.file)
    _held.clear()


os.register_at_fork(after_in_child=_forget)
