"""Runs commands as a person types them."""

from __future__ import annotations

import subprocess
import sys


def polymodal(*arguments, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a command and returns what it printed; it has to succeed unless `check` is False."""
    done = subprocess.run([sys.executable, "-m", "polymodal", *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done
