"""What options against overfitting do on a small part of a table.

    python benchmarks/overfitting.py [--table av_digits] [--rows 300] [--epochs 25] [--seeds 1]
        [--ways plain mixup ...] [--out runs/overfitting]

Trains the inferred recipe on the first rows of the train table (in the folder POLYMODAL_DATA), and
with each option added. Prints accuracy on test, or on val where there is none, and the gap between
rows of train and validation as the report gives it. A run that is finished is not trained again.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from polymodal.core.engine import start
from polymodal.core.seeds import generator
from polymodal.recipe.written.given import override
from polymodal.tables.table import read

TARGETS = {"av_digits": "digit", "sign_digits": "sign"}
DEPTH = {"av_digits": ["image", "audio"], "sign_digits": ["image"]}
WAYS = ("plain", "no_average", "mixup", "cutmix", "stochastic_depth", "gradient_modulation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", choices=tuple(TARGETS), default="av_digits")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=WAYS)
    parser.add_argument("--out", type=Path, default=Path("runs/overfitting"))
    asked, began = parser.parse_args(), time.monotonic()
    start()
    folder = Path(os.environ["POLYMODAL_DATA"]) / asked.table
    parts = {
        path.stem: read(path)
        for path in folder.glob("*.csv")
        if path.stem in ("train", "val", "test")
    }
    order = generator(0).permutation(len(parts["train"]))[: asked.rows]
    parts["train"] = parts["train"].select(sorted(order.tolist()))
    for way in asked.ways:
        found = [scored(parts, way, seed, asked) for seed in range(asked.seeds)]
        score, gap = np.mean([one[0] for one in found]), np.mean([one[1] for one in found])
        print(f"{asked.table} {way}: accuracy {100 * score:.1f}, gap {100 * gap:.1f}", flush=True)
    print(f"{time.monotonic() - began:.0f} s")


def scored(parts: dict, way: str, seed: int, asked: argparse.Namespace) -> tuple[float, float]:
    """Returns accuracy and the gap of one run."""
    from polymodal.training.run import train

    given = override(
        {"target": TARGETS[asked.table]},
        [f"training.seed={seed}", f"training.epochs={asked.epochs}", *settings(way, asked.table)],
    )
    ignore = [name for name in ("speaker",) if name in parts["train"].column_names]
    run = train(
        parts,
        given,
        asked.out / f"{asked.table}-{asked.rows}-{way}-{seed}",
        ignore=ignore,
        baselines=False,
    )
    return (
        next(iter(run.metrics.values()))["metrics"]["accuracy"],
        run.overfitting.get("difference", np.nan),
    )


def settings(way: str, table: str) -> list[str]:
    """Returns the settings of an option."""
    if way == "plain":
        return []
    if way == "no_average":
        return ["training.average=null"]
    if way == "stochastic_depth":
        return [f"inputs.{name}.stochastic_depth=0.2" for name in DEPTH[table]]
    return [f"objectives.{way}.weight=1"]


if __name__ == "__main__":
    main()
