"""Figures on how far answers can be trusted.

    python benchmarks/trust.py calibration --train train.csv --val val.csv --test test.csv \\
        --target digit [--ignore speaker] [--seeds 1] [--out runs/trust] [--set training.epochs=9]
    python benchmarks/trust.py tables [diabetes wine] [--seeds 1] [--out runs/trust]

`calibration` trains a run for each seed, pools their test rows, and prints log loss and calibration
error before and after calibration, what a perfectly calibrated model with the same confidences
would show (1,000 simulations), and the coverage of 90 % sets over 200 random halves of the test
rows.
`tables` prints the network, a linear model and gradient boosting on scikit-learn's tables.

A run that is finished is not trained again. Each command prints its wall time.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from polymodal.core.contracts.task import Predictions
from polymodal.core.engine import start
from polymodal.core.seeds import generator
from polymodal.evaluation.decisions import known
from polymodal.evaluation.scores.calibration import claims, distance, reliability_of
from polymodal.evaluation.trust.conformal import conformal_of
from polymodal.evaluation.trust.fit_temperature import log_losses
from polymodal.recipe.given import override
from polymodal.tables.table import read

SIMULATIONS, SPLITS, LEVEL = 1_000, 200, 0.9
TABLES = ("iris", "wine", "breast_cancer", "diabetes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("calibration", "tables"))
    parser.add_argument("names", nargs="*", default=list(TABLES))
    for name in ("train", "val", "test", "target", "ignore"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/trust"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    asked, began = parser.parse_args(), time.monotonic()
    start()
    (calibration if asked.what == "calibration" else tables)(asked)
    print(f"{time.monotonic() - began:.0f} s")


def calibration(asked: argparse.Namespace) -> None:
    """Prints the figures of calibration and of sets, pooled over seeds."""
    raw, after, coverages, sizes = [], [], [], []
    parts = {name: read(getattr(asked, name)) for name in ("train", "val", "test")
             if getattr(asked, name)}
    for seed in range(asked.seeds):
        run = trained(parts, asked.target, asked.out / f"{Path(asked.train).parent.name}-{seed}",
                      seed, asked.settings, [asked.ignore] if asked.ignore else [], False)
        found = known(run.predictions["test"])
        after.append(found)
        temperatures = run.predictor.temperatures
        raw.append(found if temperatures is None else temperatures.undone(found))
        shares = halves(found, seed)
        coverages.append(shares[0])
        sizes.append(shares[1])
    for name, one in (("before", raw), ("after", after)):
        loss = np.concatenate([log_losses(p.outputs, np.asarray(p.targets)) for p in one]).mean()
        error, perfect = pooled_error(one)
        print(f"{name}: log loss {loss:.4f}, calibration error {100 * error:.1f} points, perfect "
              f"{100 * perfect:.1f}, difference {100 * (error - perfect):+.1f}")
    print(f"sets at {LEVEL:g}: coverage {100 * np.mean(coverages):.1f} %, mean size "
          f"{np.mean(sizes):.2f}")


def pooled_error(found: list[Predictions]) -> tuple[float, float]:
    """Returns the calibration error of all seeds' rows, and its mean if they were calibrated."""
    pairs = [claims(one) for one in found]
    confidence, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
    rng = generator(0)
    perfect = [distance(reliability_of(confidence, rng.random(len(confidence)) < confidence))
               for _ in range(SIMULATIONS)]
    return distance(reliability_of(confidence, right)), float(np.mean(perfect))


def halves(found: Predictions, seed: int) -> tuple[float, float]:
    """Returns mean coverage and size of sets made with one half of the rows for the other."""
    held, sizes = [], []
    for split in range(SPLITS):
        order = generator(seed, split).permutation(len(found))
        one, other = (found.take(part) for part in np.array_split(order, 2))
        sets = conformal_of(one).sets(other, LEVEL)
        held.append(sets.holds(np.asarray(other.targets)).mean())
        sizes.append(sets.sizes().mean())
    return float(np.mean(held)), float(np.mean(sizes))


def tables(asked: argparse.Namespace) -> None:
    """Prints the network next to simple models on tables of numbers."""
    for name in asked.names:
        for seed in range(asked.seeds):
            found: Any = getattr(datasets, f"load_{name}")()
            rows = [{**{f"n{i}": float(v) for i, v in enumerate(line)},
                     "y": f"class {y}" if hasattr(found, "target_names") else float(y)}
                    for line, y in zip(found.data, found.target, strict=True)]
            order = generator(seed).permutation(len(rows))
            cut = len(rows) * 3 // 4
            parts = {"train": read([rows[i] for i in order[:cut]]),
                     "test": read([rows[i] for i in order[cut:]])}
            run = trained(parts, "y", asked.out / f"{name}-{seed}", seed, asked.settings, [], True)
            metric = run.predictor.task.headline
            own = run.metrics["test"]["metrics"][metric]
            print(f"{name} seed {seed}: {metric} network {own:.3f}")
            for simple, one in run.simple["models"].items():
                gap = one["difference"]
                print(f"  {simple} {one['metrics'][metric]:.3f}, difference "
                      f"{gap['difference']:+.3f}, interval {gap['interval']}")


def trained(parts: dict[str, Any], target: str, out: Path, seed: int, settings: list[str],
            ignore: list[str], baselines: bool) -> Any:
    """Returns a finished run, from its folder where there is one."""
    from polymodal.training.run import train

    given = override({"target": target}, [f"training.seed={seed}", *settings])
    return train(parts, given, out, ignore=ignore, baselines=baselines)


if __name__ == "__main__":
    main()
