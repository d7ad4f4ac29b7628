"""What `polymodal tune` finds on small tables, next to the inferred recipe on the same unseen rows.

    python benchmarks/tune.py [wine iris] [--minutes 30] [--processes 1] [--seeds 1]

Tables are those of `small_tables.py`: numbers and a short remark. Each search is one command a
process, all in one folder. Printed are the score of the winner and of the inferred recipe on rows
that the search never saw, whether the expected interval held the first, and the candidates tried.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from small_tables import REMARK, TARGET, TOLD, table

from polymodal.core.printed.progress import show


def write(name: str, seed: int, path: Path) -> None:
    """Writes a table of scikit-learn with its remark, without the columns that the remark tells."""
    names, numbers, said, target, is_class = table(name, seed)
    kept = [place for place, one in enumerate(names) if one not in TOLD[name]]
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*(names[place] for place in kept), REMARK, TARGET])
        for row, remark, value in zip(numbers, said, target, strict=True):
            cell = f"class {value}" if is_class else value
            writer.writerow([*(row[place] for place in kept), remark, cell])


def search(path: Path, folder: Path, minutes: float, processes: int) -> dict:
    """Searches and returns what `tune --json` prints at the end."""
    words = [
        sys.executable,
        "-m",
        "polymodal",
        "tune",
        "--data",
        str(path),
        "--target",
        TARGET,
        "--out",
        str(folder),
        "--minutes",
        str(minutes),
        "--json",
        "--quiet",
    ]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit("A search failed.")
    found = [json.loads(one) for one in said]
    return next((one for one in found if one["unseen"] is not None), found[-1])


def main() -> None:
    """Searches on each table and prints what was found."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("tables", nargs="*", choices=[*TOLD, []], default=["wine", "iris"])
    reader.add_argument("--minutes", type=float, default=30.0)
    reader.add_argument("--processes", type=int, default=1)
    reader.add_argument("--seeds", type=int, default=1)
    options = reader.parse_args()
    for name in options.tables:
        for seed in range(options.seeds):
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch:
                path = Path(scratch) / f"{name}.csv"
                write(name, seed, path)
                found = search(path, Path(scratch) / "search", options.minutes, options.processes)
            unseen, (low, high) = found["unseen"], found["interval"]
            held = "held" if low <= unseen["score"] <= high else "missed"
            show(
                f"{name} seed {seed}: {found['metric']} {unseen['score']:.3f}, inferred recipe "
                f"{unseen['inferred']:.3f}, expected {found['expected']:.3f} ({low:.3f} to "
                f"{high:.3f}, {held}), {len(found['candidates'])} candidates, winner "
                f"{found['winner']['trial']}, {time.perf_counter() - start:.0f} s"
            )


if __name__ == "__main__":
    main()
