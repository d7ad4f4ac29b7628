"""What `polymodal tune` finds, next to the inferred recipe on the same unseen rows.

    POLYMODAL_DATA=... python benchmarks/tune.py [av_digits wine ...] [--minutes 30] [--processes 1]

Tables are the shared ones, with their own unseen rows, and those of `small_tables.py`: numbers and
a short remark. Each search is one command a process, all in one folder, which --out keeps, so that
a search goes on where it was. Printed are the score of the winner and of the inferred recipe on
rows that the search never saw, whether the expected interval held the first, and the candidates.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from small_tables import REMARK, TARGET, TOLD, table

from polymodal.core.printed.progress import show

DATA = Path(os.environ.get("POLYMODAL_DATA", "data"))
# table of train, then the options of the search
SHARED = {
    "av_digits": (
        "train.csv",
        "--target=digit --ignore=speaker --val={}/val.csv --test={}/test.csv",
    ),
    "sign_digits": ("train.csv", "--target=sign --test={}/val.csv"),
    "easy_vqa": ("train.csv", "--target=answer --test={}/val.csv"),
    "mosi": (
        "train.parquet",
        "--target=sentiment --set=task=sentiment --set=group=video --set=order=position "
        "--ignore=transcript --test={}/val.parquet",
    ),
}


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


def search(path: Path, options: list[str], folder: Path, minutes: float, processes: int) -> dict:
    """Searches and returns what `tune --json` prints at the end."""
    words = [
        sys.executable,
        "-m",
        "polymodal",
        "tune",
        "--data",
        str(path),
        *options,
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
    known = [*SHARED, *TOLD]
    reader.add_argument("tables", nargs="*", choices=[*known, []], default=["wine", "iris"])
    reader.add_argument("--minutes", type=float, default=30.0)
    reader.add_argument("--processes", type=int, default=1)
    reader.add_argument("--seeds", type=int, default=1)
    reader.add_argument("--out", type=Path, help="folder that keeps the searches")
    given = reader.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        kept = given.out or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        for name in given.tables:
            for seed in range(given.seeds if name in TOLD else 1):
                start, folder = time.perf_counter(), kept / f"{name}-{seed}"
                path, options = kept / f"{name}-{seed}.csv", [f"--target={TARGET}"]
                if name in SHARED:
                    path = DATA / name / SHARED[name][0]
                    options = SHARED[name][1].replace("{}", str(DATA / name)).split()
                elif not path.exists():
                    write(name, seed, path)
                found = search(path, options, folder, given.minutes, given.processes)
                _tell(f"{name} seed {seed}", found, time.perf_counter() - start)


def _tell(name: str, found: dict, seconds: float) -> None:
    unseen, (low, high) = found["unseen"], found["interval"]
    held = "held" if low <= unseen["score"] <= high else "missed"
    show(
        f"{name}: {found['metric']} {unseen['score']:.3f}, inferred recipe "
        f"{unseen['inferred']:.3f}, expected {found['expected']:.3f} ({low:.3f} to "
        f"{high:.3f}, {held}), {len(found['candidates'])} candidates, winner "
        f"{found['winner']['trial']}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
