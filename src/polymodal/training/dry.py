"""What a dry run tells: the recipe, the expected time, and the disk that the run will need."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.training.forecast import Forecast
from polymodal.training.job import Job
from polymodal.training.prepare import Prepared

_BYTES = 4  # of a weight as it is stored


@dataclass
class DryRun:
    """What a run would do, and its expected time.

    Args:
        recipe: str, the whole recipe as YAML.
        forecast: Forecast.
        disk: {what: bytes} that the run will need: bundle, checkpoints, cache.
        fewest_epochs: int, epochs after which it may stop at the earliest.
        decoding_seconds: float, time that decoding took and will not take again.
    """

    recipe: str
    forecast: Forecast
    disk: dict[str, int] = field(default_factory=dict)
    fewest_epochs: int = 0
    decoding_seconds: float = 0.0


def dry_run_of(jobs: Mapping[str, Job], prepared: Prepared, cache: Cache | KeptMedia,
               forecast: Forecast) -> DryRun:
    """Returns what is known of a run before its first epoch."""
    session = jobs[""].session
    fewest = session.epochs_left
    if forecast.at_most:
        best = session.state.best
        fewest = min(fewest, (best.patience or best.longest) + 1)
    decoding = 0.0
    if cache.num_written:
        decoding = sum(prepared.seconds.values())
    return DryRun(jobs[""].recipe, forecast, _disk(jobs, cache), fewest, decoding)


def _disk(jobs: Mapping[str, Job], cache: Cache | KeptMedia) -> dict[str, int]:
    """Returns the bytes of bundles and cache, which stay, and of the largest model's checkpoints:
    weights, the best weights and the optimizer's, twice while one is written."""
    models = [job.session.model for job in jobs.values()]
    weights = [_size(model.variables) for model in models]
    slots = [_size(model.optimizer.variables) for model in models]
    checkpoints = max(2 * (2 * size + slot) for size, slot in zip(weights, slots, strict=True))
    return {"bundle": sum(weights), "checkpoints": checkpoints, "cache": cache.used_bytes}


def _size(variables: Any) -> int:
    return sum(_BYTES * math.prod(variable.shape) for variable in variables)
