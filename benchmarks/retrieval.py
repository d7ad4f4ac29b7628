"""Retrieval on scenes: how often the image of five captions is among the first ten of 500.

    python benchmarks/retrieval.py --out runs/retrieval --rows 4000

It prints recall both ways with intervals, and what chance gives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from polymodal import Retriever
from polymodal.scenes.write import write

NUM_TEST = 500


def main() -> None:
    """Writes the data, trains, and prints recall on the test table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/retrieval"))
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--query", default="captions", help="captions (five of a scene) or caption")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tables = write(
        given.out / "data",
        "captions",
        num_train=given.rows,
        num_val=200,
        num_test=NUM_TEST,
        seed=given.seed,
    )
    training = {"seed": given.seed} | ({"epochs": given.epochs} if given.epochs else {})
    model = Retriever([given.query], ["image"], training=training)
    model.fit(tables["train"], val=tables["val"], test=tables["test"], out=given.out / "run")
    found = model.metrics["test"]
    for name, value in found["metrics"].items():
        low, high = found["intervals"][name]
        chance = int(name.split("@")[1]) / NUM_TEST
        print(f"{name}: {value:.3f} ({low:.3f} to {high:.3f}), {value / chance:.0f} times chance")


if __name__ == "__main__":
    main()
