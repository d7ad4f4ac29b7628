"""Named points at which a test can kill the process, to show that a killed run resumes.

`POLYMODAL_FAULT=name:3` sends SIGKILL to the process the third time that the point is passed.
Without the variable a point costs one dictionary look-up.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "POLYMODAL_FAULT"


def _armed() -> dict[str, int]:
    name, _, count = os.environ.get(VARIABLE, "").partition(":")
    if name:
        return {name: int(count or 1)}
    return {}


_REMAINING = _armed()


def point(name: str) -> None:
    """Passes the point `name`; the process dies here when the test said so."""
    if name not in _REMAINING:
        return
    _REMAINING[name] -= 1
    if _REMAINING[name] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
