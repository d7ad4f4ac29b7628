"""Rows and batches that the loader delivers a second, and where its time goes.

    POLYMODAL_DATA=... python benchmarks/loader_speed.py [--batch-size 64] [--threads 2]

For av_digits (picture and sound) and easy_vqa (picture and question): the check with an empty and
with a filled cache, then epochs with and without augmentation, in threads as in training and on one
thread by parts. The median of five epochs. About one minute on two cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from polymodal.core.seeds import generator
from polymodal.feed.check import check
from polymodal.feed.findings import Checked
from polymodal.feed.ledger import Ledger
from polymodal.feed.loader import Loader
from polymodal.feed.plan import Plan
from polymodal.feed.samples import Samples, Source
from polymodal.media.cache import Cache
from polymodal.preprocess.audio import Audio
from polymodal.preprocess.collate import collate, collate_targets
from polymodal.preprocess.image import Image
from polymodal.preprocess.text import Text
from polymodal.tables.table import read
from polymodal.tasks.classification import LabelTarget

EPOCHS = 5
PART_ROWS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if not os.environ.get("POLYMODAL_DATA"):
        sys.exit("Set POLYMODAL_DATA to the folder of real data.")
    root = Path(os.environ["POLYMODAL_DATA"])
    with tempfile.TemporaryDirectory() as folder:
        for table, target, sources in tables():
            show(root / table, target, sources, Path(folder), options)


def tables() -> list[tuple[str, str, list[Source]]]:
    return [
        (
            "av_digits/train.csv",
            "digit",
            [
                Source("image", Image(size=28), ["image"]),
                Source("audio", Audio(sample_rate=8000, num_mels=40, max_seconds=1.0), ["audio"]),
            ],
        ),
        (
            "easy_vqa/train.csv",
            "answer",
            [Source("image", Image(size=64), ["image"]), Source("question", Text(), ["question"])],
        ),
    ]


def show(path: Path, target: str, sources: list[Source], cache: Path, options) -> None:
    table = read(path)
    print(f"{path.parent.name}: {len(table):,} rows")
    for state in ("empty", "filled"):
        samples = Samples(table, sources, LabelTarget(), target, Cache(cache))
        start = time.perf_counter()
        checked = check(samples, Ledger(), fit=True)
        print(f"  check, cache {state}: {time.perf_counter() - start:.2f} s")
    plan = Plan(len(checked), options.batch_size, 0, checked.lengths)
    print(f"  padded lengths: {[edges.tolist() for edges in plan.edges]}")
    for augment in (False, True):
        loader = Loader(
            samples,
            checked,
            plan,
            collate,
            collate_targets,
            augment=augment,
            num_threads=options.threads,
        )
        rate = len(checked) / statistics.median(epoch_seconds(loader, n) for n in range(EPOCHS))
        print(
            f"  augment {augment!s:5}: {rate:7.0f} rows/s, "
            f"{rate / options.batch_size:6.1f} batches/s"
        )
    for name, microseconds in parts(samples, checked).items():
        print(f"    {name:20} {microseconds:6.1f} us a row")


def epoch_seconds(loader: Loader, epoch: int) -> float:
    start = time.perf_counter()
    for _ in loader.epoch(epoch):
        pass
    return time.perf_counter() - start


def parts(samples: Samples, checked: Checked) -> dict[str, float]:
    """Returns microseconds a row of each stage, alone on one thread."""
    rows = checked.rows[:PART_ROWS].tolist()
    found = {"target": timed(lambda: [samples.target(row) for row in rows], rows)}
    for index, source in enumerate(samples.sources):

        def decode(source=source):
            return [samples.decode(source, row) for row in rows]

        def augment(values, source=source, index=index):
            return [
                source.modality.augment(value, generator(0, 0, row, index))
                for row, value in zip(rows, values, strict=True)
            ]

        values = decode()
        varied = augment(values)
        arrays = [source.modality.encode(value) for value in values]
        encode = source.modality.encode
        length = int(checked.lengths[:, index].max()) if source.modality.has_time else None
        found[f"{source.name} decode"] = timed(decode, rows)
        found[f"{source.name} augment"] = timed(lambda a=augment, v=values: a(v), rows)
        found[f"{source.name} encode"] = timed(lambda e=encode, v=values: [e(x) for x in v], rows)
        found[f"{source.name} encode varied"] = timed(
            lambda e=encode, v=varied: [e(x) for x in v], rows
        )
        found[f"{source.name} collate"] = timed(
            lambda m=source.modality, a=arrays, n=length: collate(m, a, n), rows
        )
    found["random generator"] = timed(lambda: [generator(0, 0, row, 0) for row in rows], rows)
    return found


def timed(work: Callable, rows: list) -> float:
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return 1e6 * min(seconds) / len(rows)


if __name__ == "__main__":
    main()
