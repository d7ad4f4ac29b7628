"""How much memory there is, so that what cannot fit is refused before it is asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_LIMITS_AND_USE = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


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


def free_bytes() -> int:
    """Returns the bytes of memory that are free for this process now, swap aside."""
    found = [memory_bytes()]
    with suppress(ValueError, OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) << 10)
    for limit, used in _LIMITS_AND_USE:  # of a container
        with suppress(ValueError, OSError):
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
    return max(0, min(found))


def gigabytes(count: int) -> str:
    """Returns bytes as people say them.

    Example:

    >>> gigabytes(8_600_000_000), gigabytes(20_000_000)
    ('8.6 GB', '0.02 GB')
    """
    if count >= 1e11:
        return f"{count / 1e9:,.0f} GB"
    return f"{count / 1e9:.2g} GB"
