"""Runs commands as a person types them."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout


def polymodal(*arguments, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a command and returns what it printed; it has to succeed unless `check` is False."""
    done = subprocess.run(
        [sys.executable, "-m", "polymodal", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return _checked(done, check)


def in_process(*arguments, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Does what `polymodal` does with the engine that is loaded already, which saves seconds.

    What a command does before it loads an engine, or prints while it does, only `polymodal` shows.
    """
    from polymodal.cli import main

    out, errors, status = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            main(list(map(str, arguments)))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    done = subprocess.CompletedProcess(arguments, status, out.getvalue(), errors.getvalue())
    return _checked(done, check)


def _checked(
    done: subprocess.CompletedProcess[str], check: bool
) -> subprocess.CompletedProcess[str]:
    if check:
        assert done.returncode == 0, done.stderr
    return done
