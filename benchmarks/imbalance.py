"""What making up for rare classes brings on the skewed table of spoken and written digits.

    python benchmarks/imbalance.py [--seeds 5] [--methods logit_adjustment focal] [--out runs/imb]

Trains on `train_imbalanced.csv` of `av_digits` (in the folder POLYMODAL_DATA) with the inferred
recipe, chooses on `val.csv`, and scores on `test.csv`: F1, macro, and the mean recall of the four
rarest classes. "plain" is the inferred recipe with the most probable class as the answer;
"after training" is what it does by default: answers chosen by what is better on validation rows.
`--methods` trains the methods of `training.imbalance` too. Each is compared with plain on the same
rows, resampled 1,000 times, seeds averaged. A run that is finished is not trained again.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.task import Predictions
from polymodal.core.engine import start
from polymodal.core.seeds import generator
from polymodal.evaluation.decisions import known
from polymodal.evaluation.scores.f1 import f1_scores
from polymodal.tables.table import read

NUM_RARE, NUM_SAMPLES = 4, 1_000
PLAIN, AFTER = "plain", "after training"
SPLITS = ("val", "test")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("runs/imbalance"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    asked, began = parser.parse_args(), time.monotonic()
    start()
    folder = Path(os.environ["POLYMODAL_DATA"]) / "av_digits"
    parts = {name: read(folder / f"{name}.csv") for name in SPLITS}
    parts["train"] = read(folder / "train_imbalanced.csv")
    counts = Counter(map(str, parts["train"].values("digit")))
    rare = [label for label, _ in counts.most_common()[-NUM_RARE:]]
    found = answers(asked, parts)
    best = max(
        (name for name in found if name != PLAIN),
        key=lambda name: np.mean([value(one, rare)[0] for one in found[name]["val"]]),
    )
    for name, by_split in found.items():
        report(name, by_split, found[PLAIN], rare)
    print(f"chosen on val: {best}")
    print(f"{time.monotonic() - began:.0f} s")


def answers(asked: argparse.Namespace, parts: dict[str, Any]) -> dict[str, dict[str, list]]:
    """Returns {way: {split: [Predictions of each seed]}}."""
    found: dict[str, dict[str, list]] = {}
    for method in ("none", *asked.methods):
        for seed in range(asked.seeds):
            run = trained(parts, method, seed, asked)
            names = [(method, False)] if method != "none" else [(PLAIN, True), (AFTER, False)]
            for name, plain in names:
                for split in SPLITS:
                    one = known(run.predictions[split])
                    one = replace(one, chosen=None) if plain else one
                    found.setdefault(name, {}).setdefault(split, []).append(one)
            decision = run.predictor.decision
            print(f"{method} seed {seed}: {decision and (decision.kind, decision.tau)}", flush=True)
    return found


def trained(parts: dict[str, Any], method: str, seed: int, asked: argparse.Namespace) -> Any:
    """Returns a finished run, from its folder where there is one."""
    from polymodal.recipe.written.given import override
    from polymodal.training.run import train

    given = override(
        {"target": "digit"},
        [f"training.seed={seed}", f"training.imbalance={method}", *asked.settings],
    )
    return train(parts, given, asked.out / f"{method}-{seed}", ignore=["speaker"], baselines=False)


def report(
    name: str, by_split: dict[str, list], plain: dict[str, list], rare: Sequence[str]
) -> None:
    """Prints both scores of a way on both splits, and on test the difference to plain."""
    for split in SPLITS:
        values = np.mean([value(one, rare) for one in by_split[split]], axis=0)
        line = f"{name}, {split}: F1 {100 * values[0]:.1f}, rare recall {100 * values[1]:.1f}"
        if name != PLAIN and split == "test":
            gaps, (low, high) = difference(by_split[split], plain[split], rare)
            line += (
                f"; to plain {100 * gaps[0]:+.1f} ({100 * low[0]:.1f} to {100 * high[0]:.1f})"
                f", {100 * gaps[1]:+.1f} ({100 * low[1]:.1f} to {100 * high[1]:.1f})"
            )
        print(line, flush=True)


def difference(
    one: list[Predictions], other: list[Predictions], rare: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean difference of both scores over seeds, and its 95 % interval over rows."""
    rows, rng = len(one[0]), generator(0)
    weights = np.stack(
        [np.bincount(rng.integers(rows, size=rows), minlength=rows) for _ in range(NUM_SAMPLES)],
        axis=1,
    ).astype(float)
    gaps = np.mean(
        [
            values(a, rare, weights) - values(b, rare, weights)
            for a, b in zip(one, other, strict=True)
        ],
        axis=0,
    )
    plain = np.mean(
        [value(a, rare) - value(b, rare) for a, b in zip(one, other, strict=True)], axis=0
    )
    return plain, np.nanpercentile(gaps, [2.5, 97.5], axis=1)


def value(found: Predictions, rare: Sequence[str]) -> np.ndarray:
    """Returns F1, macro, and the mean recall of rare classes."""
    return values(found, rare, np.ones((len(found), 1)))[:, 0]


def values(found: Predictions, rare: Sequence[str], weights: np.ndarray) -> np.ndarray:
    """Returns (2, samples) F1, macro, and mean recall of rare classes, for weights of the rows."""
    truth, guess = np.asarray(found.targets).astype(int), found.answers
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = f1_scores(truth, guess, len(found.labels), weights)["f1_macro"]
        places = [found.labels.index(label) for label in rare]
        recalls = [
            weights[(truth == c) & (guess == c)].sum(0) / weights[truth == c].sum(0) for c in places
        ]
    return np.stack([f1, np.nanmean(recalls, axis=0)])


if __name__ == "__main__":
    main()
