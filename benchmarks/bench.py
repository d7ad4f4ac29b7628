"""What benchmarks share that run Polymodal as a person would type it."""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from polymodal.tables.table import read

PAGES = Path(__file__).parent / "baselines"


def parser(description: str, seeds: int) -> argparse.ArgumentParser:
    """Returns a parser of what each such benchmark takes; the first line describes it."""
    found = argparse.ArgumentParser(description=description.split("\n")[0])
    found.add_argument("--seeds", type=int, default=seeds)
    found.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one setting of the recipe"
    )
    found.add_argument("--verbose", action="store_true", help="show what the commands say")
    found.add_argument("--runs", type=Path, help="folder that keeps finished runs")
    return found


@contextlib.contextmanager
def benched(options: argparse.Namespace) -> Iterator[Bench]:
    """Gives a bench in --runs, or in a folder that is removed; then prints the wall time."""
    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        folder = options.runs or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        yield Bench(options, folder)
    print(f"wall time {time.perf_counter() - start:.0f} s")


def interval(gap: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, float]:
    """Returns the bootstrap interval of a mean, 95 %; of differences, the paired one.

    Args:
        gap: float (rows,).
        groups: of each row, which are resampled instead of rows.
    """
    rng = np.random.default_rng(0)
    if groups is None:
        groups = np.arange(len(gap))
    names, places = np.unique(groups, return_inverse=True)
    totals, counts = np.bincount(places, gap), np.bincount(places)
    chosen = (rng.integers(0, len(names), len(names)) for _ in range(2000))
    means = [totals[rows].sum() / counts[rows].sum() for rows in chosen]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


class Bench:
    """Runs commands in a folder and remembers which rows came out right."""

    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options, self.folder = options, folder

    def train(self, data: Path, target: str, seed: int, *flags: object) -> tuple[Path, float]:
        """Trains and returns the run's folder and the seconds from start to exit.

        What was trained by the same command on the same table goes on where it stood.
        """
        asked = " ".join(map(str, (target, seed, *self.options.set, *flags))).encode()
        out = self.folder / f"run-{hashlib.sha256(data.read_bytes() + asked).hexdigest()[:12]}"
        settings = [f"--set={s}" for s in [f"training.seed={seed}", *self.options.set]]
        start = time.perf_counter()
        self.call(
            "train",
            "--data",
            data,
            "--target",
            target,
            "--out",
            out,
            "--no-baselines",
            *settings,
            *flags,
        )
        return out, time.perf_counter() - start

    def rights(self, run: Path, table: Path, target: str, *flags: object) -> np.ndarray:
        """Returns for each row of a table whether the prediction is its target."""
        out = run / f"{table.stem}.csv"
        self.call("predict", run, "--data", table, "--out", out, *flags)
        with out.open(newline="") as lines:
            said = [row[f"predicted_{target}"] for row in csv.DictReader(lines)]
        told = [str(cell) for cell in read(table).values(target)]
        return np.array([a == b for a, b in zip(said, told, strict=True)], float)

    def evaluate(self, run: Path, table: Path, *flags: object) -> dict:
        """Returns the scores of a table."""
        return json.loads(self.call("evaluate", run, "--data", table, "--json", *flags))

    def page(self, name: str, seed: int, *flags: object) -> dict:
        """Runs a baseline page; returns what it printed."""
        return json.loads(
            _run([sys.executable, PAGES / f"{name}.py", "--seed", seed, *flags], False)
        )

    def page_rights(self, name: str, seed: int, *flags: object) -> tuple[dict, np.ndarray]:
        """Runs a baseline page; returns what it printed and which rows were right."""
        out = self.folder / f"{name}-{seed}.json"
        printed = self.page(name, seed, "--out", out, *flags)
        return printed, np.array(json.loads(out.read_text()), float)

    def call(self, *arguments: object) -> str:
        """Runs a command of Polymodal; returns what it printed."""
        return _run([sys.executable, "-m", "polymodal", *arguments], self.options.verbose)


def _run(command: list, verbose: bool) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=None if verbose else subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr or ''}")
    return done.stdout
