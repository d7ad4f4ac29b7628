"""Memory that the data takes for each row: a table, and one ten times as long.

    python benchmarks/loader_memory.py [--rows 200000]

Reads a CSV of a picture, a sentence, two numbers and a label, checks every row through the cache,
plans an epoch and loads its first hundred batches, each length in a process of its own. Prints the
growth of the peak of private memory in bytes a row; the target is at most 64. Pages of mapped files
do not count: the system drops them when it needs the room.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
from itertools import islice
from pathlib import Path

import numpy as np

TARGET = 64
PICTURES = 500
WORDS = ["red", "blue", "small", "large", "circle", "square", "above", "below", "left", "right"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder))
        peaks = [run(Path(folder), rows) for rows in (options.rows, 10 * options.rows)]
    growth = (peaks[1] - peaks[0]) / (9 * options.rows)
    print(
        f"peak {peaks[0] / 1e6:.1f} MB with {options.rows:,} rows, {peaks[1] / 1e6:.1f} MB with "
        f"{10 * options.rows:,}: {growth:.1f} bytes a row (target: at most {TARGET})"
    )
    sys.exit(growth > TARGET)


def write_pictures(folder: Path) -> None:
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(PICTURES):
        pixels = random.integers(0, 256, (16, 16, 3), "uint8")
        Image.fromarray(pixels).save(folder / f"{number}.png")


def run(folder: Path, rows: int) -> int:
    words = np.random.default_rng(rows).choice(WORDS, (rows, 6)).tolist()
    path = folder / f"table_{rows}.csv"
    with open(path, "w", encoding="utf-8") as file:
        file.write("image,sentence,height,width,label\n")
        for row in range(rows):
            sentence = " ".join(words[row][: 1 + row % 6])
            file.write(f"{row % PICTURES}.png,{sentence} {row},{row % 97},{row % 89},{row % 5}\n")
    environment = {**os.environ, "POLYMODAL_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, __file__, "--measure", path],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    stages, _, peak = done.stdout.rpartition(" ")
    print(f"{rows:,} rows: {stages}")
    return int(peak)


def measure(path: Path) -> None:
    from polymodal.feed.check import check
    from polymodal.feed.ledger import Ledger
    from polymodal.feed.loader import Loader
    from polymodal.feed.plan import Plan
    from polymodal.feed.samples import Samples, Source
    from polymodal.media.cache import Cache
    from polymodal.preprocess.collate import collate, collate_targets
    from polymodal.preprocess.image import Image
    from polymodal.preprocess.tabular import Tabular
    from polymodal.preprocess.text import Text
    from polymodal.tables.table import read
    from polymodal.tasks.classification import LabelTarget

    peak = Peak()
    table = read(path)
    peak.note("read")
    sources = [
        Source("image", Image(size=16), ["image"]),
        Source("text", Text(), ["sentence"]),
        Source("sizes", Tabular(), ["height", "width"]),
    ]
    samples = Samples(table, sources, LabelTarget(), "label", Cache())
    checked = check(samples, Ledger(), fit=True)
    peak.note("checked")
    plan = Plan(len(checked), 64, 0, checked.lengths)
    loader = Loader(samples, checked, plan, collate, collate_targets, augment=True)
    for epoch in range(2):
        for _ in islice(loader.epoch(epoch), 100):
            pass
    peak.note("loaded")
    print(f"peak {peak.stop()}")


class Peak:
    """The largest private memory of this process, looked at two hundred times a second."""

    def __init__(self):
        self.highest, self._running = 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._done = threading.Event()
        self._thread.start()

    def note(self, what: str) -> None:
        print(f"{what} {self.highest / 1e6:.1f} MB", end=", ")

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self.highest

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            self.highest = max(self.highest, private_bytes())


def private_bytes() -> int:
    """Returns memory that no file backs; where the system does not say, all that was resident."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line in status.read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
