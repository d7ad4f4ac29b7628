"""Progress and messages for people, on stderr, so that stdout stays for results.

On a terminal a bar or a line moves. In a file there is a line every half minute, so that whoever
reads the log knows what is going on.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from polymodal.core.printed.visible import one_line, visible

T = TypeVar("T")

_EVERY = 30.0  # seconds without a line, after which a log file gets one


@dataclass(eq=False)
class _Activity:
    """What is going on, and how far it is."""

    what: str
    total: int | None = None
    done: int = 0
    start: float = field(default_factory=time.monotonic)


_running: list[_Activity] = []  # the innermost last
_last_line = time.monotonic()
_is_quiet = False
_warned: set[str] | None = None  # kinds of warnings that were printed
_NUMBER = re.compile(r"\d[\d.,]*")
_beat: threading.Thread | None = None


def say(message: str = "") -> None:
    """Prints one message for a person, unless it should be quiet."""
    if not _is_quiet:
        _print(message)


def warn(message: str) -> None:
    """Prints a warning, inside `warned_once` only if it differs by more than numbers from those
    before."""
    if _warned is not None:
        kind = _NUMBER.sub("#", message)
        if kind in _warned:
            return
        _warned.add(kind)
    _print(f"Warning: {message}")


@contextmanager
def warned_once() -> Iterator[None]:
    """Prints each kind of warning once inside a `with` block, such as one of many trainings.

    Example:

    >>> with warned_once():
    ...     warn("2 of 9 rows are odd")
    ...     warn("3 of 12 rows are odd")
    """
    global _warned
    before = _warned
    _warned = set() if before is None else before
    try:
        yield
    finally:
        _warned = before


def complain(message: str) -> None:
    """Prints what went wrong, also where it should be quiet."""
    _print(message)


def show(result: str = "", end: str = "\n") -> None:
    """Prints a result on stdout, as text for a person."""
    print(visible(result), end=end, flush=True)


def set_quiet(wanted: bool) -> None:
    """Turns messages and progress off or on; warnings and errors are printed in any case."""
    global _is_quiet
    _is_quiet = wanted


@contextmanager
def quiet(wanted: bool = True) -> Iterator[None]:
    """Turns messages and progress off inside a `with` block; warnings are printed in any case.

    Args:
        wanted: bool, False leaves them as they are.

    Example:

    >>> with quiet():
    ...     say("nobody reads this")
    """
    before = _is_quiet
    set_quiet(before or wanted)
    try:
        yield
    finally:
        set_quiet(before)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Shows what is waited for: on a terminal at once, in a file where it takes half a minute."""
    if _is_quiet:
        yield
        return
    what = one_line(what)
    shown = sys.stderr.isatty() and not _running
    if shown:
        print(f"{what} ...", end="\r", file=sys.stderr, flush=True)
    try:
        with _activity(what):
            yield
    finally:
        if shown:
            print(" " * (len(what) + 4), end="\r", file=sys.stderr, flush=True)


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yields `items` behind a progress bar (a terminal) or a line every half minute (a file)."""
    with bar(what, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Gives a function `advance(count)` that moves a progress bar called `what`."""
    if _is_quiet:
        yield lambda count=1: None
        return
    inside = bool(_running)
    with _activity(what, total) as activity:
        if sys.stderr.isatty() and not inside:
            with _terminal_bar(activity) as advance:
                yield advance
        else:
            yield lambda count=1: _advance(activity, count)


def heartbeat(what: str, done: int, total: int | None, seconds: float) -> str:
    """Returns the line that a log file gets every half minute.

    Example:

    >>> heartbeat("Checking image", 500, 2000, 30)
    'Checking image: 500 of 2,000 after 30 s'
    """
    counted = "" if total is None else f" {done:,} of {total:,}"
    minutes, rest = divmod(round(seconds), 60)
    passed = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{what}:{counted} after {passed}"


@contextmanager
def _activity(what: str, total: int | None = None) -> Iterator[_Activity]:
    activity = _Activity(what, total)
    _running.append(activity)
    _start_beat()
    try:
        yield activity
    finally:
        _running.remove(activity)


def _advance(activity: _Activity, count: int) -> None:
    activity.done += count


@contextmanager
def _terminal_bar(activity: _Activity) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(one_line(activity.what), total=activity.total)
        yield lambda count=1: progress.advance(task, count)


def _print(message: str) -> None:
    global _last_line
    _last_line = time.monotonic()
    print(visible(message), file=sys.stderr, flush=True)


def _start_beat() -> None:
    """Starts the thread that writes to log files, once a process, where stderr is one."""
    global _beat
    if _beat is None and not sys.stderr.isatty():
        _beat = threading.Thread(target=_keep_beating, name="progress", daemon=True)
        _beat.start()


def _keep_beating() -> None:
    while True:
        time.sleep(max(0.1, _beat_at(time.monotonic())))


def _beat_at(now: float) -> float:
    """Prints a line if one is due, and returns the seconds until the next may be."""
    activity = None
    if _running:
        activity = _running[-1]
    if activity is None:
        return _EVERY / 10
    due = max(_last_line, activity.start) + _EVERY
    if now < due:
        return min(due - now, _EVERY / 10)
    if not _is_quiet and not sys.stderr.isatty():
        _print(heartbeat(activity.what, activity.done, activity.total, now - activity.start))
    return _EVERY
