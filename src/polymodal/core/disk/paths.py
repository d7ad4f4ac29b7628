"""Paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path


def user_path(path: str | os.PathLike) -> Path:
    """Returns the path that a person means, with `~` as the home folder.

    The shell leaves `~` alone behind `=` (`--out=~/runs/a`), and Python always does, so every
    function that takes a path from a person calls this. A `~name` of no user stays as it is.

    Example:

    >>> user_path("~/runs").is_absolute(), str(user_path("runs/a~"))
    (True, 'runs/a~')
    """
    path = Path(path)
    try:
        return path.expanduser()
    except RuntimeError:  # no such user, or no home folder
        return path
