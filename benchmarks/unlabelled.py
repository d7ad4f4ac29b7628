"""What rows without a target bring: `av_digits` with a tenth of its labels kept.

    POLYMODAL_DATA=... python benchmarks/unlabelled.py --seeds 3

Each seed keeps other labels, as many of each class. Rows to validate are held out of those with a
label, or are `val.csv` with `--val`, which pseudo-labels need; `test.csv` is scored. "labelled"
trains on the rows with a label alone; the other ways also on all others.
"""

from __future__ import annotations

import csv
import os
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from bench import benched, parser

DATA = Path(os.environ.get("POLYMODAL_DATA", "data")) / "av_digits"
TARGET = "digit"
WAYS: dict[str, list[str]] = {
    "labelled": [],
    "contrastive": ["objectives.contrastive={}"],
    "masked": ["objectives.masked={}"],
    "pseudo": ["training.pseudo_labels=0.95"],
    "objectives": ["objectives.contrastive={}", "objectives.masked={}"],
    "contrastive and pseudo": ["objectives.contrastive={}", "training.pseudo_labels=0.95"],
}


def tables(folder: Path, share: float, seed: int) -> dict[bool, Path]:
    """Writes train with a share of its labels: {whether other rows are in it: path}."""
    with (DATA / "train.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    of_class = defaultdict(list)
    for place, row in enumerate(rows):
        of_class[row[TARGET]].append(place)
    rng, kept = np.random.default_rng(seed), set()
    for _, places in sorted(of_class.items()):
        kept |= {int(place) for place in rng.permutation(places)[: round(share * len(places))]}
    found = {}
    for others in (False, True):
        found[others] = folder / f"train-{seed}-{others}.csv"
        with found[others].open("w", newline="") as out:
            writer = csv.DictWriter(out, rows[0].keys())
            writer.writeheader()
            writer.writerows(
                row if place in kept else {**row, TARGET: ""}
                for place, row in enumerate(rows)
                if others or place in kept
            )
    return found


def main() -> None:
    """Trains each way with several seeds and prints the share of right answers on test."""
    reader = parser(__doc__ or "", seeds=2)
    reader.add_argument("--share", type=float, default=0.1, help="of the labels, that is kept")
    reader.add_argument("--first", type=int, default=0, help="first seed")
    reader.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    reader.add_argument("--val", action="store_true", help="validate on the 200 rows of val.csv")
    options = reader.parse_args()
    val = ["--val", DATA / "val.csv"] if options.val else []
    with benched(options) as bench:
        scores = defaultdict(list)
        for seed in range(options.first, options.first + options.seeds):
            written = tables(bench.folder, options.share, seed)
            for way in options.ways:
                start = time.perf_counter()
                run, _ = bench.train(
                    written[way != "labelled"],
                    TARGET,
                    seed,
                    "--media-root",
                    DATA,
                    "--ignore",
                    "speaker",
                    *val,
                    *[f"--set={setting}" for setting in WAYS[way]],
                )
                found = bench.evaluate(run, DATA / "test.csv", "--media-root", DATA)
                scores[way].append(100 * found["metrics"]["accuracy"])
                print(
                    f"seed {seed} {way:22} {scores[way][-1]:.1f} %, "
                    f"{time.perf_counter() - start:.0f} s",
                    flush=True,
                )
        for way in options.ways:
            gain = np.subtract(scores[way], scores[options.ways[0]])
            print(f"{way:22} {np.mean(scores[way]):.1f} %, {np.mean(gain):+.1f} points")


if __name__ == "__main__":
    main()
