"""Photographs with a caption, a number and a category: frozen parts against a page, and scratch.

    scripts/models
    POLYMODAL_DATA=... python benchmarks/photographs.py [--seeds 5] [--spoil] [--scratch]

Five hand signs from `sign_digits`, all rows of them, with a generated caption, number and category,
each of which is right in 60 % of the rows. A seed holds out another fifth of the rows, so that five
seeds score each row once. `--spoil` makes the photographs hard: small, turned, noisy, half hidden.
Ours takes frozen EfficientNet-Lite0 and MiniLM; the page (`baselines/frozen_parts.py`) is logistic
regression on the same vectors. Prints accuracy and log loss of each, and the paired intervals.
"""

from __future__ import annotations

import csv
import json
import os
import time
from pathlib import Path

import numpy as np
from bench import Bench, benched, interval, parser
from PIL import Image

from polymodal.pretrained.importing import import_model
from polymodal.recipe.written.given import override
from polymodal.tables.table import read
from polymodal.training.run import train

DATA = Path(os.environ.get("POLYMODAL_DATA", "shared/data"))
PUBLISHED = Path(
    os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
)
SIGNS = ("zero", "one", "two", "three", "four")
COLOURS = ("red", "green", "blue", "yellow", "white")
RIGHT, FOLDS = 0.6, 5
TARGET = "sign"


def main() -> None:
    """Runs the benchmark for all seeds."""
    found = parser(__doc__ or "", seeds=FOLDS)
    found.add_argument("--first", type=int, default=0, help="the first seed")
    found.add_argument("--spoil", action="store_true", help="make the photographs hard")
    found.add_argument("--scratch", action="store_true", help="also train from scratch")
    options = found.parse_args()
    with benched(options) as bench:
        for name in ("minilm", "efficientnet_lite0"):
            if not (bench.folder / name).exists():
                import_model(PUBLISHED / name, bench.folder / name)
        media = DATA / "sign_digits"
        rows = _rows(options.spoil)
        if options.spoil:
            media = _spoilt(media, [row["photo"] for row in rows], bench.folder / "media")
        _compare(bench, rows, media)


def _compare(bench: Bench, rows: list[dict], media: Path) -> None:
    """Trains and scores each way on each fold, and prints what all folds say."""
    parts = {"photo": "efficientnet_lite0", "caption": "minilm"}
    frozen = {
        name: {"encoder": {"from": str(bench.folder / model), "freeze": "auto"}}
        for name, model in parts.items()
    }
    ways: dict[str, dict] = {"frozen": frozen}
    if bench.options.scratch:
        ways["scratch"] = {}
    rights: dict[str, list[np.ndarray]] = {}
    losses: dict[str, list[np.ndarray]] = {}
    for seed in range(bench.options.first, bench.options.first + bench.options.seeds):
        train, test = _tables(rows, bench.folder, seed)
        out = bench.folder / f"page-{seed}.json"
        printed = bench.page(
            "frozen_parts",
            seed,
            "--train",
            train,
            "--test",
            test,
            "--media-root",
            media,
            "--weights",
            PUBLISHED,
            "--out",
            out,
        )
        print(f"seed {seed}: page {printed}", flush=True)
        _take("page", test, json.loads(out.read_text()), rights, losses)
        for name, inputs in ways.items():
            start, out = time.perf_counter(), bench.folder / f"{name}-{seed}"
            chances = _trained(train, test, media, inputs, seed, out, bench.options.set)
            _take(name, test, chances, rights, losses)
            print(
                f"seed {seed}: {name} accuracy {rights[name][-1].mean():.3f}, log loss "
                f"{losses[name][-1].mean():.3f}, {time.perf_counter() - start:.0f} s",
                flush=True,
            )
    for name in rights:
        right, loss = np.concatenate(rights[name]), np.concatenate(losses[name])
        print(
            f"{name}: accuracy {100 * right.mean():.1f} %, log loss {loss.mean():.3f}, "
            f"{len(right)} rows"
        )
    for name in ways:
        for what, found in (("accuracy", rights), ("log loss", losses)):
            gap = np.concatenate(found[name]) - np.concatenate(found["page"])
            low, high = interval(gap)
            print(f"{name} - page, {what}: {gap.mean():+.4f} [{low:+.4f}, {high:+.4f}]")


def _take(name: str, test: Path, chances: list[dict], rights: dict, losses: dict) -> None:
    """Adds which rows of a test table were right, and the loss of each."""
    told = [str(cell) for cell in read(test).values(TARGET)]
    rights.setdefault(name, []).append(
        np.array(
            [
                max(row, key=row.__getitem__) == label
                for row, label in zip(chances, told, strict=True)
            ],
            float,
        )
    )
    losses.setdefault(name, []).append(
        np.array(
            [-np.log(max(row[label], 1e-15)) for row, label in zip(chances, told, strict=True)]
        )
    )


def _trained(
    data: Path, test: Path, media: Path, inputs: dict, seed: int, out: Path, settings: list[str]
) -> list[dict]:
    """Trains as `polymodal train --no-baselines` does; returns {label: probability} of each row of
    the test table. A finished run in the folder is not trained again."""
    tables = {
        name: read(path, media_root=media) for name, path in (("train", data), ("test", test))
    }
    given = {"target": TARGET, "inputs": {**inputs, "*": {}}, "training": {"seed": seed}}
    run = train(tables, override(given, settings), out, baselines=False)
    said = run.predictions["test"]
    return [dict(zip(said.labels, row.tolist(), strict=True)) for row in said.outputs]


def _rows(hard: bool) -> list[dict]:
    """Returns all rows of five signs in a random order, with hints right in 60 % of them."""
    rng = np.random.default_rng(0)
    found = []
    for part in ("train", "val"):
        table = read(DATA / "sign_digits" / f"{part}.csv")
        for photo, label in zip(table.values("image"), table.values("sign"), strict=True):
            if label in SIGNS:
                found.append((str(photo), SIGNS.index(str(label))))
    rows = []
    for photo, sign in (found[i] for i in rng.permutation(len(found))):
        word, number, colour = (_hint(rng, sign) for _ in range(3))
        rows.append(
            {
                "photo": photo.replace(".jpg", ".png") if hard else photo,
                "caption": f"a hand that shows the number {SIGNS[word]}",
                "size": round(float(rng.normal(number, 0.1)), 3),
                "colour": COLOURS[colour],
                TARGET: f"sign {SIGNS[sign]}",
            }
        )
    return rows


def _hint(rng: np.random.Generator, sign: int) -> int:
    """Returns the sign, or in the other rows one of the others."""
    if rng.random() < RIGHT:
        return sign
    return int(rng.choice([other for other in range(len(SIGNS)) if other != sign]))


def _tables(rows: list[dict], folder: Path, seed: int) -> tuple[Path, Path]:
    """Writes the rows to train on and those of a fold to test on."""
    found = []
    for name, inside in (("train", False), ("test", True)):
        path = folder / f"{name}-{seed}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(
                row for place, row in enumerate(rows) if (place % FOLDS == seed % FOLDS) == inside
            )
        found.append(path)
    return found[0], found[1]


def _spoilt(root: Path, names: list[str], out: Path) -> Path:
    """Writes photographs that are hard to read: small, turned, noisy and half hidden."""
    rng = np.random.default_rng(1)
    for name in sorted(names):
        image = Image.open((root / name).with_suffix(".jpg")).convert("L")
        image = image.rotate(float(rng.uniform(-25, 25)), fillcolor=int(rng.integers(0, 255)))
        left, top = rng.integers(0, 20, 2)
        image = image.crop((left, top, left + 80, top + 80)).resize((40, 40))
        grey = np.asarray(image, float) * rng.uniform(0.6, 1) + rng.normal(0, 20, (40, 40))
        low, high = sorted(rng.integers(0, 40, 2))
        grey[low : min(high, low + 12)] = rng.integers(0, 255)
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        spoilt = np.clip(grey, 0, 255).astype(np.uint8)
        Image.fromarray(spoilt).convert("RGB").resize((96, 96)).save(path)
    return out


if __name__ == "__main__":
    main()
