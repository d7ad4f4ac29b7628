"""How long the quick pass of an inspection takes, and how much memory.

    python benchmarks/inspect_speed.py [--rows 100000]

A table of three texts, six numbers and categories and a label is made and inspected in a process of
its own. Prints seconds, seconds of the processor, and peak memory.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from polymodal.core.printed.progress import show

_ASKED = """
import json, resource, sys, time
start = time.monotonic()
from polymodal.questions.inspection.run import inspect
found = inspect(sys.argv[1], "label")
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": time.monotonic() - start,
                  "processor_seconds": usage.ru_utime + usage.ru_stime,
                  "peak_gib": usage.ru_maxrss / 2**20, "findings": len(found.findings)}))
"""


def write(path: Path, num_rows: int) -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"word{place}" for place in range(3000)])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "title",
                "description",
                "note",
                "price",
                "rooms",
                "area",
                "year",
                "city",
                "kind",
                "label",
            ]
        )
        for row in range(num_rows):
            writer.writerow(
                [
                    f"{' '.join(rng.choice(words, 5))} {row}",
                    " ".join(rng.choice(words, rng.integers(20, 60))),
                    " ".join(rng.choice(words, 8)),
                    f"{rng.lognormal(12, 1):.2f}",
                    rng.integers(1, 9),
                    f"{rng.normal(90, 20):.1f}",
                    rng.integers(1900, 2026),
                    rng.choice(["Rome", "Oslo", "Bern", "Lima"]),
                    rng.choice(["flat", "house"]),
                    rng.choice(["cheap", "fair", "dear"]),
                ]
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write(path, args.rows)
        done = subprocess.run(
            [sys.executable, "-c", _ASKED, str(path)], text=True, check=True, stdout=subprocess.PIPE
        )
    found = json.loads(done.stdout)
    show(
        json.dumps({"rows": args.rows, **{name: round(value, 2) for name, value in found.items()}})
    )


if __name__ == "__main__":
    main()
