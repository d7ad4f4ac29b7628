"""How much memory there is, so that what cannot fit is refused before it is asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@cache
def memory_bytes() -> int:
    """Returns the bytes of memory that this process may use at most, swap aside."""
    found = [64 << 30]
    with suppress(ValueError, OSError, AttributeError):  # not every system says
        found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CGROUPS:  # of a container
        with suppress(ValueError, OSError):
            found.append(int(Path(path).read_text()))
    return min(found)


def gigabytes(count: int) -> str:
    """Returns bytes as people say them.

    Example:

    >>> gigabytes(8_600_000_000), gigabytes(20_000_000)
    ('8.6 GB', '0.02 GB')
    """
    return f"{count / 1e9:,.0f} GB" if count >= 1e11 else f"{count / 1e9:.2g} GB"
