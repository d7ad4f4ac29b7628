"""Figures on how far answers can be trusted.

    python benchmarks/trust.py calibration --train train.csv --val val.csv --test test.csv \\
        --target digit [--ignore speaker] [--seeds 1] [--out runs/trust] [--set training.epochs=9]
    python benchmarks/trust.py shift --train train.csv --target digit --group speaker [--seeds 1]
    python benchmarks/trust.py tables [diabetes wine] [--seeds 1] [--out runs/trust]
    python benchmarks/trust.py patterns --train train.csv --val val.csv --test test.csv \\
        --target digit --ignore speaker [--seeds 1]
    python benchmarks/trust.py noise --train train.csv --val val.csv --test test.csv \\
        --target digit --ignore speaker --noise audio [--seeds 1]

`calibration` trains a run for each seed, pools their test rows, and prints log loss and calibration
error before and after calibration, what a perfectly calibrated model with the same confidences
would show (1,000 simulations), and the coverage of 90 % sets over 200 random halves of the test
rows.
`shift` holds out each group in turn, such as a speaker, or takes --test, and prints the same of its
rows for two ways to hold out validation rows: any rows of the other groups, and whole groups.
`tables` prints what --keep better keeps on scikit-learn's tables, with and without a remark, next
to logistic or ridge regression of scikit-learn itself and to gradient boosting, and how often it is
worse by more than the paired interval. Validation rows, a part of train, decide what is kept; test
only scores it. (Figures logged before that rule were decided on test, and are optimistic.)
`patterns` hides each pattern of inputs in all rows of test, and prints what that loses against a
model trained on the inputs that are left, with the paired interval over rows, seeds averaged.
`noise` replaces a column of sound by noise in training and test, and prints that input's Shapley
share and whether deletion of what an explanation names beats random deletion.

A run that is finished is not trained again. Each command prints its wall time.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from bench import interval
from small_tables import TARGET, Table, baselines, theirs

from polymodal.bundle.write import single_folder
from polymodal.core.contracts.task import Predictions
from polymodal.core.engine import start
from polymodal.core.seeds import generator
from polymodal.evaluation.comparing.compare import compare
from polymodal.evaluation.decisions import known
from polymodal.evaluation.scores.calibration import claims, distance, reliability_of
from polymodal.evaluation.trust.conformal import conformal_of
from polymodal.evaluation.trust.fit_temperature import log_losses
from polymodal.inference.explaining.explanation import explain
from polymodal.inference.hidden.blanking import predict_hidden
from polymodal.inference.hidden.patterns import hidden_patterns
from polymodal.inference.loading import load
from polymodal.recipe.written.given import override
from polymodal.tables.table import read

SIMULATIONS, SPLITS, LEVEL = 1_000, 200, 0.9
TABLES = ("iris", "wine", "breast_cancer", "diabetes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=tuple(_COMMANDS))
    parser.add_argument("names", nargs="*", default=list(TABLES))
    for name in ("train", "val", "test", "target", "ignore", "noise", "group"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/trust"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    asked, began = parser.parse_args(), time.monotonic()
    start()
    _COMMANDS[asked.what](asked)
    print(f"{time.monotonic() - began:.0f} s")


def calibration(asked: argparse.Namespace) -> None:
    """Prints the figures of calibration and of sets, pooled over seeds."""
    raw, after, coverages, sizes = [], [], [], []
    parts = _parts(asked)
    for seed in range(asked.seeds):
        run = trained(
            parts,
            asked.target,
            asked.out / f"{Path(asked.train).parent.name}-{seed}",
            seed,
            asked.settings,
            _ignored(asked),
            False,
        )
        found = known(run.predictions["test"])
        after.append(found)
        raw.append(_raw(run))
        shares = halves(found, seed)
        coverages.append(shares[0])
        sizes.append(shares[1])
    _errors("before", raw)
    _errors("after", after)
    print(
        f"sets at {LEVEL:g}: coverage {100 * np.mean(coverages):.1f} %, mean size "
        f"{np.mean(sizes):.2f}"
    )


def shift(asked: argparse.Namespace) -> None:
    """Prints calibration errors on groups that train lacks, for validation rows of known groups and
    of others."""
    sides = dict(_left_out(asked))
    for way, keep_apart in (("any rows", None), ("whole groups", asked.group)):
        raw, after = [], []
        for seed, (left_out, parts) in product(range(asked.seeds), sides.items()):
            out = asked.out / f"shift-{way.replace(' ', '-')}-{left_out}-{seed}"
            ignore = _ignored(asked)
            if keep_apart is None:
                ignore.append(asked.group)
            run = trained(
                parts,
                asked.target,
                out,
                seed,
                asked.settings,
                ignore,
                False,
                split_group=keep_apart,
            )
            raw.append(_raw(run))
            after.append(known(run.predictions["test"]))
            _errors(f"  {way}, {left_out} left out, seed {seed}, after", after[-1:])
        _errors(f"validation rows are {way}, before", raw)
        _errors(f"validation rows are {way}, after", after)


def _left_out(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the name of each group with train without it and it as test; or the given test."""
    table = read(asked.train)
    if asked.test:
        yield "test", {"train": table, "test": read(asked.test)}
        return
    groups = np.array([str(cell) for cell in table.values(asked.group)])
    for left_out in sorted(set(groups)):
        rows = {"train": groups != left_out, "test": groups == left_out}
        yield left_out, {name: table.select(np.flatnonzero(those)) for name, those in rows.items()}


def _raw(run: Any) -> Predictions:
    """Returns the test rows' predictions as the model states them."""
    found, temperatures = known(run.predictions["test"]), run.predictor.temperatures
    if temperatures is None:
        return found
    return temperatures.undone(found)


def _errors(name: str, found: list[Predictions]) -> None:
    loss = np.concatenate([log_losses(p.outputs, np.asarray(p.targets)) for p in found]).mean()
    error, perfect = pooled_error(found)
    print(
        f"{name}: log loss {loss:.4f}, calibration error {100 * error:.1f} points, perfect "
        f"{100 * perfect:.1f}, difference {100 * (error - perfect):+.1f}",
        flush=True,
    )


def pooled_error(found: list[Predictions]) -> tuple[float, float]:
    """Returns the calibration error of all seeds' rows, and its mean if they were calibrated."""
    pairs = [claims(one) for one in found]
    confidence, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
    rng = generator(0)
    perfect = [
        distance(reliability_of(confidence, rng.random(len(confidence)) < confidence))
        for _ in range(SIMULATIONS)
    ]
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


def patterns(asked: argparse.Namespace) -> None:
    """Prints what a model loses with inputs hidden, against one trained without them."""
    parts, gaps = _parts(asked), {}
    for seed in range(asked.seeds):
        out = asked.out / f"patterns-{Path(asked.train).parent.name}-{seed}"
        run = trained(parts, asked.target, out, seed, asked.settings, _ignored(asked), True)
        names = [item.name for item in run.predictor.inputs]
        for hidden in hidden_patterns(names):
            left = [name for name in names if name not in hidden]
            if len(left) > 1:
                continue  # models of one input alone are the ones that a run trains
            key = next(item.key for item in run.predictor.inputs if item.name == left[0])
            alone = load(single_folder(out, key)).predict(parts["test"], scored=True)
            (blanked,) = predict_hidden(run.predictor, parts["test"], [hidden])
            gap = compare(alone, blanked)
            gaps.setdefault(left[0], []).append(claims(alone)[1].astype(int) - claims(blanked)[1])
            print(
                f"seed {seed}, {left[0]} only: {gap.metric} trained so {gap.first:.3f}, hidden "
                f"{gap.second:.3f}, loss {100 * gap.difference:+.1f} points "
                f"({_points(gap.interval)})",
                flush=True,
            )
    for name, each in gaps.items():
        by_row = 100 * np.mean(np.array(each, float), axis=0)
        low, high = interval(by_row)
        print(f"{name} only: mean loss {by_row.mean():+.1f} points ({low:+.1f} to {high:+.1f})")


def noise(asked: argparse.Namespace) -> None:
    """Prints the share of an input of noise, and whether explanations are true."""
    parts = {
        split: _noisy(part, asked.noise, place)
        for place, (split, part) in enumerate(_parts(asked).items())
    }
    for seed in range(asked.seeds):
        out = asked.out / f"noise-{Path(asked.train).parent.name}-{asked.noise}-{seed}"
        run = trained(parts, asked.target, out, seed, asked.settings, _ignored(asked), False)
        found = explain(run.predictor, parts["test"])
        true = found.faithfulness
        shares = ", ".join(f"{name} {share:.3f}" for name, share in found.shares.items())
        print(
            f"seed {seed}: shares {shares}; deletion beats random deletion by {true.gain:.3f} "
            f"on {true.num_rows} rows, p = {true.p:.4f}",
            flush=True,
        )


def _noisy(table: Any, column: str, key: int) -> Any:
    """Returns a table with white noise in each cell of a column of sound."""
    cells = []
    for row in range(len(table)):
        buffer, rng = io.BytesIO(), generator(key, row)
        soundfile.write(buffer, rng.normal(0, 0.1, 8_000 // 2).clip(-1, 1), 8_000, format="WAV")
        cells.append(buffer.getvalue())
    return table.with_column(column, cells)


def _points(interval: Any) -> str:
    return "no interval" if interval is None else " to ".join(f"{100 * v:+.1f}" for v in interval)


def _parts(asked: argparse.Namespace) -> dict[str, Any]:
    return {
        name: read(getattr(asked, name))
        for name in ("train", "val", "test")
        if getattr(asked, name)
    }


def _ignored(asked: argparse.Namespace) -> list[str]:
    return asked.ignore.split(",") if asked.ignore else []


def tables(asked: argparse.Namespace) -> None:
    """Prints what --keep better keeps next to the network and to scikit-learn's own models."""
    worse = 0
    for name, remark, seed in product(asked.names, (False, True), range(asked.seeds)):
        title = f"{name}{' with a remark' * remark}, seed {seed}"
        made = Table(name, seed)
        order = generator(seed).permutation(len(made.target))
        sides = [np.sort(side) for side in np.split(order, [len(order) * 3 // 4])]
        parts = {
            split: read(made.rows(side, remark))
            for split, side in zip(("train", "test"), sides, strict=True)
        }
        out = asked.out / f"{name}-{'remark' if remark else 'plain'}-{seed}"
        run = trained(parts, TARGET, out, seed, asked.settings, [], True, "better")
        found = known(run.predictions["test"])
        metric = found.task.headline
        gap = compare(found, by_scikit_learn(made, sides, remark, found))
        boosted = {
            kind: one["metrics"][metric]
            for kind, one in run.simple["models"].items()
            if "boosting" in kind
        }
        worse += gap.better == "second"
        interval = (
            "none"
            if gap.interval is None
            else (f"{gap.interval[0]:+.3f} to {gap.interval[1]:+.3f}")
        )
        print(
            f"{title}: {metric} kept {gap.first:.3f} ({run.kept or 'the network'}), scikit-learn "
            f"{gap.second:.3f}, difference {gap.difference:+.3f} ({interval}); "
            + "; ".join(f"{kind} {value:.3f}" for kind, value in boosted.items()),
            flush=True,
        )
    print(f"kept is worse by more than the interval: {worse} times")


def by_scikit_learn(
    made: Table, sides: list[np.ndarray], remark: bool, found: Predictions
) -> Predictions:
    """Returns the answers of the linear model that a person would try first, without ours."""
    linear = next(iter(baselines(made).values()))
    said = np.asarray(theirs(made, linear, *sides, remark))[found.rows]
    if found.task.has_numbers:
        return replace(found, outputs=said.astype(np.float64))
    outputs = np.zeros(found.outputs.shape)
    outputs[np.arange(len(said)), [found.labels.index(f"class {one}") for one in said]] = 1
    return replace(found, outputs=outputs)


def trained(
    parts: dict[str, Any],
    target: str,
    out: Path,
    seed: int,
    settings: list[str],
    ignore: list[str],
    baselines: bool,
    keep: str = "joint",
    split_group: str | None = None,
) -> Any:
    """Returns a finished run, from its folder where there is one."""
    from polymodal.training.run import train

    given = override({"target": target}, [f"training.seed={seed}", *settings])
    return train(
        parts, given, out, ignore=ignore, baselines=baselines, keep=keep, split_group=split_group
    )


_COMMANDS = {
    "calibration": calibration,
    "shift": shift,
    "tables": tables,
    "patterns": patterns,
    "noise": noise,
}

if __name__ == "__main__":
    main()
