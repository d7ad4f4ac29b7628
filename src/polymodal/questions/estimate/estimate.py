"""The question: how long will this run take, and how much memory and disk?"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polymodal.core.memory import gigabytes
from polymodal.core.printed.counting import counted
from polymodal.training.planning.dry import DryRun
from polymodal.training.steps.history import duration

# Assumed until benchmarks/estimate.py has been run on an idle machine; see docs/log/questions.md.
_FASTER, _SLOWER = 0.85, 1.2  # times the forecast
_WARM = 0.1  # of the time that decoding took: reading what is kept


@dataclass(frozen=True)
class Estimate:
    """What a run will take, before it is started.

    Args:
        seconds: float, from the command to the written report.
        seconds_interval: (low, high); the low end counts the earliest stop where the run may
            stop early.
        peak_rss_bytes: int, the most resident memory of the process.
        disk_bytes: int, what the run needs on disk at most, the cache included.
        parts: {what: seconds}.
        disk: {what: bytes}.
        epochs: int.
        at_most: bool, whether the run may stop before all epochs.
        warnings: list of sentences on what will not fit, each with the setting that makes it fit.
        price: float, for the whole run, or None where no price is given.
        recipe: str, the whole recipe as YAML.
        device_bytes: int, the most memory of the accelerator, or None on a CPU.
        rows: {split: rows that are used}, and "without_target", those of train that have none.
    """

    seconds: float
    seconds_interval: tuple[float, float]
    peak_rss_bytes: int
    disk_bytes: int
    parts: Mapping[str, float]
    disk: Mapping[str, int]
    epochs: int
    at_most: bool = False
    warnings: list[str] = field(default_factory=list)
    price: float | None = None
    recipe: str = ""
    device_bytes: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def dominates(self) -> str:
        """The part that takes longest."""
        return max(self.parts, key=lambda name: self.parts[name])

    def sentences(self) -> list[str]:
        """Returns the estimate in sentences."""
        low, high = map(duration, self.seconds_interval)
        most = self.dominates
        share = self.parts[most] / max(self.seconds, 1e-9)
        parts = "; ".join(f"{name} {duration(took)}" for name, took in self.parts.items())
        found = [
            f"Time: {duration(self.seconds)}, between {low} and {high} ({parts}).",
            f"Most of it, {share:.0%}, is {most}.",
            f"Peak memory: {gigabytes(self.peak_rss_bytes)}.",
            f"Disk: {gigabytes(self.disk_bytes)} ("
            + "; ".join(f"{name} {gigabytes(size)}" for name, size in self.disk.items())
            + ").",
        ]
        if self.device_bytes is not None:
            found.insert(3, f"Memory of the accelerator: {gigabytes(self.device_bytes)}.")
        if self.price is not None:
            found.append(f"Price: {self.price:.2f}.")
        if bare := self.rows.get("without_target"):
            found.append(
                f"Of {counted(self.rows['train'], 'row')} of train, {bare:,} have no target."
            )
        return found + [f"Warning: {text}" for text in self.warnings]

    def to_json(self) -> dict[str, Any]:
        """Returns the estimate as plain JSON values."""
        return {
            "seconds": round(self.seconds, 2),
            "seconds_interval": [round(one, 2) for one in self.seconds_interval],
            "peak_rss_bytes": self.peak_rss_bytes,
            "device_bytes": self.device_bytes,
            "disk_bytes": self.disk_bytes,
            "parts": {name: round(one, 2) for name, one in self.parts.items()},
            "disk": dict(self.disk),
            "dominates": self.dominates,
            "epochs": self.epochs,
            "at_most": self.at_most,
            "price": self.price,
            "warnings": self.warnings,
            "recipe": self.recipe,
            "rows": dict(self.rows),
        }


def estimate(
    train: Any,
    target: str | None = None,
    *,
    val: Any = None,
    test: Any = None,
    unlabelled: Any = None,
    out: str | Path | None = None,
    price_per_hour: float | None = None,
    ignore: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    **recipe: Any,
) -> Estimate:
    """Times a few steps of a run on its longest batch, and says what the whole run will take.

    Nothing is written but the cache of decoded media, which the run then finds.

    Args:
        train: Table, path, or rows in memory.
        target: str, the column to predict.
        val, test: the same as `train`, or None.
        unlabelled: the same, or a list of such: rows without the target.
        out: folder of the run; of a stopped run in it the rest is estimated.
        price_per_hour: float, of the machine.
        ignore: columns that are not inputs.
        options: {name: value}, what `polymodal.training.run.dry_run` takes too.
        recipe: settings of the recipe, such as `training={"epochs": 5}`.

    Returns:
        Estimate.

    Raises:
        DataError, RecipeError: as training itself.
    """
    from polymodal.tables.table import read
    from polymodal.training import run as runs
    from polymodal.training.preparing.added import read_unlabelled

    started = time.monotonic()
    tables = {
        name: read(source)
        for name, source in (("train", train), ("val", val), ("test", test))
        if source is not None
    }
    tables |= read_unlabelled(unlabelled)
    given = dict(recipe)
    if target is not None:
        given["target"] = target
    with tempfile.TemporaryDirectory(prefix="polymodal-") as folder:
        found = runs.dry_run(
            tables, given, out or Path(folder) / "run", ignore=list(ignore), **dict(options or {})
        )
    return estimate_of(found, time.monotonic() - started, Path(out or "."), price_per_hour)


def estimate_of(
    found: DryRun, probed_seconds: float, out: Path, price_per_hour: float | None = None
) -> Estimate:
    """Returns the estimate of a run from its dry run.

    Args:
        found: DryRun.
        probed_seconds: float, time from the command until the first epoch could start, which the
            run will take too.
        out: Path, where the run will be.
        price_per_hour: float, of the machine, or None.
    """
    start = max(0.0, probed_seconds - (1 - _WARM) * found.decoding_seconds)
    parts = {"loading and checking": start, **found.forecast.parts}
    seconds = sum(parts.values())
    shortest = seconds
    if found.forecast.epochs and found.fewest_epochs < found.forecast.epochs:
        left = 1 - found.fewest_epochs / found.forecast.epochs
        shortest -= left * (parts["training"] + parts.get("baselines", 0.0))
    interval = (_FASTER * shortest, _SLOWER * seconds)
    if found.limit_seconds is not None:
        interval = (
            min(interval[0], found.limit_seconds),
            min(interval[1], max(seconds, found.limit_seconds)),
        )
    price = None
    if price_per_hour is not None:
        price = price_per_hour * seconds / 3600
    needs = found.needs
    return Estimate(
        seconds,
        interval,
        needs.peak_rss_bytes,
        needs.disk_bytes,
        parts,
        needs.disk,
        found.forecast.epochs,
        found.forecast.at_most,
        needs.warnings(out),
        price,
        found.recipe,
        needs.device_bytes,
        found.rows,
    )
