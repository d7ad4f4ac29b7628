"""Kills runs at random instants and compares what they end with to an undisturbed run.

    python benchmarks/resume_random.py --runs 20 --seed 0

Each run is killed by SIGKILL after a random time, over and over until one attempt ends by itself.
Prints one line a run and exits with 1 if a sha256 of the weights differs. The engine is that of
KERAS_BACKEND. About 20 s a run on two cores.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polymodal.core.files import sha256

SCRIPT = Path(__file__).parents[1] / "tests" / "small_run.py"


def start(folder: Path, epochs: int) -> subprocess.Popen:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen([sys.executable, str(SCRIPT), str(folder), "--epochs", str(epochs)],
                            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(folder: Path, epochs: int) -> float:
    """Runs to the end and returns the seconds it took."""
    begin = time.monotonic()
    process = start(folder, epochs)
    _, errors = process.communicate()
    if process.returncode:
        sys.exit(f"a run failed: {errors.decode()[-2000:]}")
    return time.monotonic() - begin


def kill_until_done(folder: Path, epochs: int, seconds: float, rng: random.Random) -> int:
    """Kills attempts after random times until one ends by itself; returns the number of kills."""
    for kills in range(1000):
        process = start(folder, epochs)
        try:
            _, errors = process.communicate(timeout=rng.uniform(0.3, 1.1) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        if process.returncode:
            sys.exit(f"a resumed run failed: {errors.decode()[-2000:]}")
        return kills
    sys.exit("the run never ended")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, same, kills = random.Random(given.seed), 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "whole"
        seconds = finish(whole, given.epochs)
        wanted = sha256(whole / "weights.safetensors")
        for run in range(given.runs):
            folder = Path(temporary) / f"run{run}"
            killed = kill_until_done(folder, given.epochs, seconds, rng)
            equal = sha256(folder / "weights.safetensors") == wanted
            same, kills = same + equal, kills + killed
            print(f"run {run + 1}: killed {killed} times, weights {'equal' if equal else 'DIFFER'}",
                  flush=True)
    print(f"{same} of {given.runs} runs, killed {kills} times in all, ended with the same bytes")
    sys.exit(same != given.runs)


if __name__ == "__main__":
    main()
