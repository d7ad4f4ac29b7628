"""What a dry run tells: the recipe, the expected time, and the disk that the run will need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.training.job import Job
from polymodal.training.planning.forecast import Forecast
from polymodal.training.planning.room import Needs, needs_of
from polymodal.training.preparing.prepared import Prepared


@dataclass
class DryRun:
    """What a run would do, and its expected time.

    Args:
        recipe: str, the whole recipe as YAML.
        forecast: Forecast.
        needs: Needs, memory and disk of the run.
        fewest_epochs: int, epochs after which it may stop at the earliest.
        decoding_seconds: float, time that decoding took and will not take again.
        limit_seconds: float, time limit of the run, or None.
        rows: {split: rows that are used}, and "without_target", those of train that have none.
    """

    recipe: str
    forecast: Forecast
    needs: Needs
    fewest_epochs: int = 0
    decoding_seconds: float = 0.0
    limit_seconds: float | None = None
    rows: Mapping[str, int] = field(default_factory=dict)


def dry_run_of(
    jobs: Mapping[str, Job], prepared: Prepared, cache: Cache | KeptMedia, forecast: Forecast
) -> DryRun:
    """Returns what is known of a run before its first epoch."""
    session = jobs[""].session
    fewest = session.epochs_left
    if forecast.at_most:
        best = session.state.best
        first = session.settings.pretrain_epochs or 0
        fewest = min(fewest, first + (best.patience or best.longest) + 1)
    decoding = 0.0
    if cache.num_written:
        decoding = sum(prepared.seconds.values())
    limit = None
    if session.ending.minutes is not None:
        limit = 60 * session.ending.minutes
    rows = {**prepared.count_rows(), "without_target": prepared.count_unlabelled()}
    return DryRun(jobs[""].recipe, forecast, needs_of(jobs, cache), fewest, decoding, limit, rows)
