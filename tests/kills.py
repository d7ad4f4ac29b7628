"""Kills processes that train, at random instants, and compares what is left with a whole run.

    python tests/kills.py --runs 100 --seed 1

Prints the counts, and exits with 1 if a byte differs. The engine is that of KERAS_BACKEND. About
15 s a run on two cores.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from polymodal.core.faults import VARIABLE
from polymodal.training.saved.checkpoint import POINTS
from small_run import left_by

SCRIPT = Path(__file__).parent / "small_run.py"
KINDS = ((), ("--own-loss",), ("--accumulate", "2"))  # of runs
_MOST_ATTEMPTS = 50


@dataclass
class Count:
    """What came of a number of kills."""

    kills: int = 0
    runs: int = 0
    same: int = 0
    refused: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            *(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True))
        )

    def __str__(self) -> str:
        return (
            f"{self.kills} kills of {self.runs} runs, {self.refused} second processes refused: "
            f"{self.same} runs with the same bytes, {self.runs - self.same} lost"
        )


def start(folder: Path, kind: tuple[str, ...], fault: str = "") -> subprocess.Popen:
    """Starts a process that trains in a folder, and dies at `fault`."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop(VARIABLE, None)
    if fault:
        environment[VARIABLE] = fault
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), *kind],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def campaign(folder: Path, runs: int, seed: int, workers: int = 2) -> Count:
    """Kills runs again and again, alone and in pairs on one folder.

    Args:
        folder: Path to work in.
        runs: int, runs that are killed at least twice each; every third is a pair of processes.
        seed: int, of what is killed where.
        workers: int, runs at a time.
    """
    wanted = {}
    for number, kind in enumerate(KINDS):
        place = folder / f"whole-{number}"
        _wait(start(place, kind))
        wanted[kind] = left_by(place)

    def one(number: int) -> Count:
        rng = random.Random(f"{seed} {number}")
        kind = KINDS[number % len(KINDS)]
        count = _until_done(folder / f"run-{number}", kind, rng, pairs=number % 3 == 2)
        count.same = int(left_by(folder / f"run-{number}") == wanted[kind])
        return count

    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(one, range(runs)), Count())


def _until_done(place: Path, kind: tuple[str, ...], rng: random.Random, pairs: bool) -> Count:
    """Starts a run until it ends by itself; the first attempts are killed somewhere."""
    count, planned = Count(runs=1), rng.randint(2, 4)
    for attempt in range(_MOST_ATTEMPTS):
        fault = ""
        if attempt < planned:
            fault = f"{rng.choice(POINTS)}:{rng.randint(1, 4)}"
        processes = [start(place, kind, fault) for _ in range(1 + pairs)]
        if attempt < planned and rng.random() < 0.3:  # at any instant, not at a point
            _kill_later(processes[0], rng.uniform(1.0, 4.0))
        ends = [_wait(process) for process in processes]
        count.kills += ends.count("killed")
        count.refused += ends.count("refused")
        if attempt >= planned and "done" in ends:
            return count
    raise RuntimeError(f"{place} never ended")


def _kill_later(process: subprocess.Popen, seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait(process: subprocess.Popen) -> str:
    """Returns how a process ended: "done", "killed", or "refused" as another used the folder."""
    _, errors = process.communicate(timeout=300)
    if process.returncode == 0:
        return "done"
    if process.returncode == -signal.SIGKILL:
        return "killed"
    if "LockedError" in errors:
        return "refused"
    raise RuntimeError(f"a run failed: {errors[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=18)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count = campaign(Path(folder), given.runs, given.seed)
    print(count)
    sys.exit(count.same != count.runs)


if __name__ == "__main__":
    main()
