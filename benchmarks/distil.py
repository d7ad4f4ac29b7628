"""A quarter of a model's size: what it costs in score, and how much faster it answers.

    POLYMODAL_DATA=... python benchmarks/distil.py [--only av_digits] [--size 0.25]

A model is trained with the inferred recipe, then smaller ones from it, with new weights and from
its pruned ones. All are scored on the same rows. Times are of a call of the model with 16 rows.
Finished models are kept in --out and not trained again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import polymodal as pm
from polymodal.core.printed.progress import show

DATA = Path(os.environ.get("POLYMODAL_DATA", "data"))
# target, columns that are left out, the tables to validate on and to score
TABLES = {
    "av_digits": ("digit", ["speaker"], "val.csv", "test.csv"),
    "easy_vqa": ("answer", [], None, "val.csv"),  # validated on rows of train
}


def teacher(name: str, out: Path, settings: dict) -> Path:
    """Trains the model to learn from, unless it is there; returns its folder."""
    target, ignore, val, test = TABLES[name]
    tables = {"test": DATA / name / test}
    if val is not None:
        tables["val"] = DATA / name / val
    folder = out / name / "teacher"
    model = pm.Classifier(target, ignore=ignore, **settings)
    model.fit(DATA / name / "train.csv", out=folder, **tables)
    return folder


def student(run: Path, way: str, size: float) -> list[dict]:
    """Returns the points of teacher and student as plain values."""
    out = run.parent / f"{way}-{size:g}"
    kept = out / "distil.json"
    if not kept.exists():
        pm.distil(run, out=out, sizes=[size], how=way)
    return json.loads(kept.read_text())["models"]


def main() -> None:
    """Trains and prints each table's models."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--only", nargs="*", choices=list(TABLES), default=list(TABLES))
    reader.add_argument("--ways", nargs="*", default=["fresh", "prune"])
    reader.add_argument("--size", type=float, default=0.25)
    reader.add_argument("--epochs", type=int, help="of the teacher; default: as inferred")
    reader.add_argument("--out", type=Path, default=Path("runs/distil"))
    options = reader.parse_args()
    settings = {"training": {"epochs": options.epochs}} if options.epochs else {}
    for name in options.only:
        start = time.perf_counter()
        run = teacher(name, options.out, settings)
        for way in options.ways:
            whole, small = student(run, way, options.size)
            faster = whole["row_milliseconds"] / small["row_milliseconds"]
            show(
                f"{name} {way}: {100 * whole['score']:.1f} -> {100 * small['score']:.1f} %, "
                f"parameters x {small['parameters'] / whole['parameters']:.2f}, "
                f"{faster:.1f} times as fast, {time.perf_counter() - start:.0f} s"
            )


if __name__ == "__main__":
    main()
