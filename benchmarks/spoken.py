"""Sentences of the scenes, spoken by voices that train never has, written down.

    python benchmarks/spoken.py [--rows 4000] [--seeds 3] [--set training.epochs=12]

Half of the sentences are questions, a quarter is Chinese; test speaks in rooms that echo, with more
noise. Each run is `polymodal train` as a person would type it, timed from start to exit. Val has
the voices of train. Printed are word error rates by the likeliest symbol and with a language model
of train's sentences, for test also by whether train has the sentence's pattern: the other patterns
hold words that train never has, whose share is printed too.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polymodal.data import scenes
from polymodal.evaluation.texts.alignment import units_of

SIZES = {"val": 300, "test": 600}
SLICES = [f"--slice={column}" for column in ("pattern", "language", "voice")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=4000, help="training rows")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = scenes.write(folder / "data", "speech", options.rows, *SIZES.values())
        left_out = [f"--ignore={column}" for column in scenes.columns("speech").ignore]
        _say_unknown(tables)
        words = folder / "words.arpa"
        _polymodal("language-model", tables["train"], "--target=transcript", "--out", words)
        for seed in range(options.seeds):
            run, start = folder / f"run-{seed}", time.perf_counter()
            _polymodal("train", "--data", tables["train"], "--val", tables["val"],
                       "--target=transcript", "--out", run, "--no-baselines", *left_out,
                       *[f"--set={s}" for s in [f"training.seed={seed}", *options.set]])
            print(f"seed {seed}: {time.perf_counter() - start:.0f} s")
            for how, choice in (("likeliest", []), ("with words", ["--language-model", words])):
                for part in SIZES:
                    print(f"  {part:4}  {how:10}  {_scored(run, tables[part], choice)}",
                          flush=True)


def _scored(run: Path, table: Path, choice: list) -> str:
    found = json.loads(_polymodal("evaluate", run, "--data", table, "--json", *SLICES, *choice))
    low, high = (100 * end for end in found["intervals"]["wer"])
    parts = [f"{value} {100 * part['metrics']['wer']:.1f}" for column in found["slices"].values()
             if len(column) > 1 for value, part in column.items()]
    return f"wer {100 * found['metrics']['wer']:.1f} [{low:.1f}, {high:.1f}]; {', '.join(parts)}"


def _say_unknown(tables: dict[str, Path]) -> None:
    """Prints which share of the words of test train never has, by pattern."""
    known = {word for row in _rows(tables["train"]) for word in units_of(row["transcript"])}
    for pattern in ("seen", "new"):
        said = [word for row in _rows(tables["test"]) if row["pattern"] == pattern
                for word in units_of(row["transcript"])]
        never = sum(word not in known for word in said)
        print(f"{len(said)} words of test in {pattern} patterns, {100 * never / len(said):.0f} % "
              "of them never in train")


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _polymodal(*arguments: object) -> str:
    return subprocess.run([sys.executable, "-m", "polymodal", *map(str, arguments)], check=True,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


if __name__ == "__main__":
    main()
