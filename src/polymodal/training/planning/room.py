"""Whether a run fits into memory and onto the disk, and which setting makes it fit."""

from __future__ import annotations

import math
import resource
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polymodal.core.memory import free_bytes, gigabytes, memory_bytes
from polymodal.layers.engines.device_memory import device_memory
from polymodal.media.cache import Cache, default_folder
from polymodal.media.kept import KeptMedia
from polymodal.training.job import Job

__all__ = ["Needs", "needs_of"]

# Assumed until benchmarks/estimate.py has been run on an idle machine; see docs/log/questions.md.
_LATER_MEMORY = 1.06  # the peak of a run over that of its first steps
_REPORT_BYTES = 60 << 20  # plots and pages
_FULL = 0.9  # of memory or disk, above which a run is not safe
_BYTES = 4  # of a weight as it is stored


@dataclass(frozen=True)
class Needs:
    """What a run takes besides time.

    Args:
        peak_rss_bytes: int, the most resident memory of the process.
        device_bytes: int, the most memory of the accelerator; None on a CPU.
        device_limit: int, memory that the accelerator has; None where that is not known.
        disk: {what: bytes}: bundle, checkpoints and cache.
    """

    peak_rss_bytes: int
    device_bytes: int | None = None
    device_limit: int | None = None
    disk: Mapping[str, int] = field(default_factory=dict)

    @property
    def disk_bytes(self) -> int:
        """All that is needed on disk, at most."""
        return sum(self.disk.values())

    def warnings(self, out: Path) -> list[str]:
        """Returns a sentence on each need that is not met, with the setting that helps.

        Args:
            out: Path, folder of the run, which need not exist.
        """
        return [*self._memory(), *self._device(), *self._room(out)]

    def _memory(self) -> Iterable[str]:
        free = min(memory_bytes(), free_bytes() + peak_bytes())
        if self.peak_rss_bytes > _FULL * free:
            yield (
                f"the run needs {gigabytes(self.peak_rss_bytes)} of memory, and "
                f"{gigabytes(free)} are there. A smaller --set training.batch_size=... with "
                "--set training.accumulate=... makes it fit."
            )

    def _device(self) -> Iterable[str]:
        if self.device_bytes is None or self.device_limit is None:
            return
        if self.device_bytes > _FULL * self.device_limit:
            yield (
                f"the run needs {gigabytes(self.device_bytes)} of the accelerator's memory, "
                f"which has {gigabytes(self.device_limit)}. A smaller --set "
                "training.batch_size=... with --set training.accumulate=... makes it fit."
            )

    def _room(self, out: Path) -> Iterable[str]:
        there = next(
            folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists()
        )
        room = shutil.disk_usage(there).free
        if self.disk_bytes > _FULL * room:
            yield (
                f"the run needs {gigabytes(self.disk_bytes)} of disk, and {gigabytes(room)} are "
                f"free. Choose another --out, or set POLYMODAL_CACHE instead of "
                f"{default_folder()}."
            )


def needs_of(jobs: Mapping[str, Job], cache: Cache | KeptMedia) -> Needs:
    """Returns what a run needs, once a few steps of its models were made.

    Disk: bundles and cache, which stay, and the largest model's checkpoints: weights, the best
    weights and the optimizer's, twice while one is written.
    """
    models = [job.session.model for job in jobs.values()]
    weights = [_size(model.variables) for model in models]
    slots = [_size(model.optimizer.variables) for model in models]
    checkpoints = max(2 * (2 * size + slot) for size, slot in zip(weights, slots, strict=True))
    disk = {"bundle": sum(weights), "checkpoints": checkpoints, "cache": cache.used_bytes}
    taken, limit = device_memory() or (None, None)
    return Needs(round(_LATER_MEMORY * peak_bytes()) + _REPORT_BYTES, taken, limit, disk)


def peak_bytes() -> int:
    """Returns the most resident memory that this process had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if sys.platform == "darwin":
        return most
    return most << 10


def _size(variables: Any) -> int:
    return sum(_BYTES * math.prod(variable.shape) for variable in variables)
