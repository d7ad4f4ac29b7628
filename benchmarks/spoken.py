"""Sentences of the scenes, spoken by voices that train never has, written down.

    python benchmarks/spoken.py [--rows 4000] [--seeds 3] [--set training.epochs=12]

Half of the sentences are questions, a quarter is Chinese; test speaks in rooms that echo, with more
noise. Each run is `polymodal train` as a person would type it, timed from start to exit. Val has
the voices of train. Printed are word error rates by the likeliest symbol and as the run reads, for
test also by whether train has the sentence's pattern: the other patterns hold words that train
never has, whose share is printed too.
"""

from __future__ import annotations

import csv
from pathlib import Path

from bench import benched, parser

from polymodal import scenes
from polymodal.evaluation.texts.alignment import units_of

SIZES = {"val": 300, "test": 600}
SLICES = [f"--slice={column}" for column in ("pattern", "language", "voice")]


def main() -> None:
    takes = parser(__doc__, seeds=1)
    takes.add_argument("--rows", type=int, default=4000, help="training rows")
    options = takes.parse_args()
    with benched(options) as bench:
        tables = scenes.write(bench.folder / "data", "speech", options.rows, *SIZES.values())
        left_out = [f"--ignore={column}" for column in scenes.columns("speech").ignore]
        _say_unknown(tables)
        for seed in range(options.seeds):
            run, seconds = bench.train(
                tables["train"], "transcript", seed, "--val", tables["val"], *left_out
            )
            print(f"seed {seed}: {seconds:.0f} s")
            for how, choice in (("likeliest", ["--language-model", "none"]), ("as it reads", [])):
                for part in SIZES:
                    found = bench.evaluate(run, tables[part], *SLICES, *choice)
                    print(f"  {part:4}  {how:11}  {_shown(found)}", flush=True)


def _shown(found: dict) -> str:
    low, high = (100 * end for end in found["intervals"]["wer"])
    parts = [
        f"{value} {100 * part['metrics']['wer']:.1f}"
        for column in found["slices"].values()
        if len(column) > 1
        for value, part in column.items()
    ]
    return f"wer {100 * found['metrics']['wer']:.1f} [{low:.1f}, {high:.1f}]; {', '.join(parts)}"


def _say_unknown(tables: dict[str, Path]) -> None:
    """Prints which share of the words of test train never has, by pattern."""
    known = {word for row in _rows(tables["train"]) for word in units_of(row["transcript"])}
    for pattern in ("seen", "new"):
        said = [
            word
            for row in _rows(tables["test"])
            if row["pattern"] == pattern
            for word in units_of(row["transcript"])
        ]
        never = sum(word not in known for word in said)
        print(
            f"{len(said)} words of test in {pattern} patterns, {100 * never / len(said):.0f} % "
            "of them never in train"
        )


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


if __name__ == "__main__":
    main()
