"""How right the time that a run is expected to take is.

    python benchmarks/forecast.py [--only digits numbers connected] [--data FOLDER]

Each table is trained once, with what is inferred but the epochs. The ratio of the time it took to
the time it was expected to take, from the first epoch to the written report, should lie between
2/3 and 4/3. Nothing else should run on the machine, and nothing stops a training early.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from polymodal.core.engine import start

start()

from polymodal.core.printed.progress import quiet, show  # noqa: E402
from polymodal.tables.table import read  # noqa: E402
from polymodal.training.run import train  # noqa: E402

GOAL = (2 / 3, 4 / 3)


def digits(data: Path) -> tuple[dict, dict]:
    folder = data / "av_digits"
    return (
        {"train": read(folder / "train.csv"), "test": read(folder / "test.csv")},
        {"target": "digit", "training": {"epochs": 6}},
    )


def numbers(_: Path) -> tuple[dict, dict]:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, 4))
    kind = rng.choice(["red", "green", "blue"], 600)
    wanted = 2 * values[:, 0] - values[:, 1] + (kind == "red") + rng.normal(0, 0.3, 600)
    columns = {name: values[:, i].tolist() for i, name in enumerate("abcd")}
    return (
        {"train": read({**columns, "kind": kind.tolist(), "wanted": wanted.tolist()})},
        {"target": "wanted"},
    )


def connected(data: Path) -> tuple[dict, dict]:
    folder = data / "connected_digits"
    return (
        {name: read(folder / f"{name}.csv") for name in ("train", "val", "test")},
        {"target": "transcript", "training": {"epochs": 3}},
    )


TABLES = {"digits": digits, "numbers": numbers, "connected": connected}


def measure(name: str, data: Path) -> dict:
    tables, given = TABLES[name](data)
    with tempfile.TemporaryDirectory() as folder, quiet():
        found = train(tables, given, Path(folder) / "run").forecast
    ratio = found["actual_seconds"] / found["seconds"]
    return {
        "table": name,
        "expected": found["seconds"],
        "took": found["actual_seconds"],
        "ratio": round(ratio, 2),
        "right": bool(GOAL[0] <= ratio <= GOAL[1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--data", type=Path, default=os.environ.get("POLYMODAL_DATA", "."))
    given = parser.parse_args()
    for name in given.only:
        show(json.dumps(measure(name, Path(given.data))))


if __name__ == "__main__":
    main()
