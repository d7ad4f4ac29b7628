"""The table of fusion methods on `mosi` and `av_digits`, with paired intervals over rows.

Every method has the recipe that is inferred, but for the parts named; all are printed, also those
that do not help. `mosi`: sentiment of a video's utterances from their vectors, accuracy on `val`.
`av_digits`: digits from picture and sound, accuracy on `test`. Finished runs are kept in --runs, so
that a stopped command goes on.

    POLYMODAL_DATA=... python benchmarks/methods.py [mosi] [av_digits] [--seeds 5] [--runs FOLDER]
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from bench import Bench, benched, interval, parser

DATA = Path(os.environ.get("POLYMODAL_DATA", "../shared/data"))
LSTM = tuple(f"--set=inputs.{kind}_features.kind=lstm" for kind in ("text", "audio", "video"))
GROUPED = ("--group=video", "--order=position")
STEPS = "--set=fusion.stepwise=true"
MOSI = {
    "inferred (stepwise concat, GRU)": GROUPED,
    "a row alone": ("--ignore=position", "--split-group=video"),
    "bc-LSTM": (*GROUPED, "--set=sequence=contextual_lstm", *LSTM),
    "MulT": (*GROUPED, "--set=fusion=crossmodal", "--set=sequence=none"),
    "MulT, then bc-LSTM": (*GROUPED, "--set=fusion=crossmodal", "--set=sequence=contextual_lstm"),
    "gated, step by step": (*GROUPED, "--set=fusion.name=gated", STEPS),
    "low rank, step by step": (*GROUPED, "--set=fusion.name=low_rank", STEPS),
    "attention over steps": (*GROUPED, "--set=sequence=attention"),
}
DIGITS = {
    "inferred (gated)": (),
    "concat": ("--set=fusion=concat",),
    "weighted sum": ("--set=fusion=weighted_sum",),
    "low rank": ("--set=fusion=low_rank",),
    "tensor": ("--set=fusion=tensor",),
    "attention": ("--set=fusion=attention",),
    "cross attention": ("--set=fusion=cross_attention",),
    "MulT": ("--set=fusion=crossmodal",),
}


def main() -> None:
    options = parser(__doc__ or "", seeds=5)
    options.add_argument("names", nargs="*", default=["mosi", "av_digits"])
    given = options.parse_args()
    with benched(given) as bench:
        for name in given.names:
            {"mosi": mosi, "av_digits": av_digits}[name](bench)


def mosi(bench: Bench) -> None:
    folder = DATA / "mosi"
    _table(
        bench,
        "mosi",
        MOSI,
        folder / "train.parquet",
        folder / "val.parquet",
        "sentiment",
        "--task=sentiment",
        "--ignore=transcript",
    )


def av_digits(bench: Bench) -> None:
    folder = DATA / "av_digits"
    _table(
        bench,
        "av_digits",
        DIGITS,
        folder / "train.csv",
        folder / "test.csv",
        "digit",
        "--val",
        folder / "val.csv",
        "--ignore=speaker",
    )


def _table(
    bench: Bench,
    name: str,
    methods: dict[str, tuple[str, ...]],
    train: Path,
    test: Path,
    target: str,
    *flags: object,
) -> None:
    """Prints a line for each method: seeds, mean, and the difference from the first."""
    first: np.ndarray | None = None
    for method, settings in methods.items():
        rights = np.array(
            [
                rights_of(
                    bench, f"{name}-{method}-{seed}", train, test, target, seed, *flags, *settings
                )
                for seed in range(bench.options.seeds)
            ]
        )
        first = rights if first is None else first
        seeds = ", ".join(f"{100 * one.mean():.1f}" for one in rights)
        print(
            f"{name:10} {method:32} {100 * rights.mean():5.1f}  ({seeds})  {paired(rights, first)}",
            flush=True,
        )


def rights_of(
    bench: Bench, name: str, train: Path, test: Path, target: str, seed: int, *flags: object
) -> np.ndarray:
    """Returns which rows of the test table a run gets right; of a finished run as it did."""
    kept = bench.folder / f"{''.join(c if c.isalnum() else '-' for c in name)}.npy"
    if kept.is_file():
        return np.load(kept)
    run, _ = bench.train(train, target, seed, *flags)
    found = bench.rights(run, test, target)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, found)
    return found


def paired(one: np.ndarray, other: np.ndarray) -> str:
    """Returns the mean difference in points with its 95 % interval, drawing rows for all seeds."""
    gaps = 100 * (one - other).mean(axis=0)
    low, high = interval(gaps)
    return f"{gaps.mean():+5.1f} ({low:+.1f} to {high:+.1f})"


if __name__ == "__main__":
    main()
