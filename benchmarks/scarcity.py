"""Few rows: from scratch, with frozen parts and with tuned parts, on three tables.

    scripts/models
    POLYMODAL_DATA=... python benchmarks/scarcity.py --out FOLDER [--seeds 3] \
        [--rows easy_vqa=1210 sign_digits=64 av_digits=64] [--ways scratch frozen tuned linear]

A seed chooses the rows of train, stratified by the target, and the start of training; all rows of
the test table are scored. Images go through EfficientNet-Lite0, questions through MiniLM, sounds
through Whisper tiny's encoder. "tuned" trains adapters of rank 8 next to transformers, and all
weights of EfficientNet-Lite0 at rates that fall towards the image. "linear" is logistic regression
on the same frozen vectors. What is in `--out` is not trained again. Prints accuracies with 95 %
intervals over images, the differences from scratch, and the CPU time of each run.
"""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench import interval, parser

from polymodal.pretrained.importing import import_model
from polymodal.pretrained.part import load_part
from polymodal.recipe.written.given import override
from polymodal.tables.table import Table, read
from polymodal.training.run import train

DATA = Path(os.environ.get("POLYMODAL_DATA", "shared/data"))
PUBLISHED = Path(
    os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
)
WAYS = ("scratch", "frozen", "tuned", "linear")
ROWS = ("easy_vqa=1210", "sign_digits=64", "av_digits=64")
ADAPTERS = {"freeze": False, "lora": 8}
BY_BLOCK = {"freeze": False, "layer_decay": 0.9, "learning_rate_scale": 0.1}
TUNED = {"efficientnet_lite0": BY_BLOCK, "minilm": ADAPTERS, "whisper_tiny_en": ADAPTERS}


@dataclass(frozen=True)
class Source:
    """A table: its target, its held-out rows, the part of each input, and epochs of tuning."""

    target: str
    test: str
    parts: dict[str, str]
    epochs: int


SOURCES = {
    "easy_vqa": Source("answer", "val", {"image": "efficientnet_lite0", "question": "minilm"}, 4),
    "sign_digits": Source("sign", "val", {"image": "efficientnet_lite0"}, 30),
    "av_digits": Source(
        "digit", "test", {"image": "efficientnet_lite0", "audio": "whisper_tiny_en"}, 8
    ),
}


def main() -> None:
    """Trains and scores each way on each table."""
    found = parser(__doc__ or "", seeds=1)
    found.add_argument("--first", type=int, default=0, help="the first seed")
    found.add_argument("--out", type=Path, required=True, help="where models and runs stay")
    found.add_argument("--rows", nargs="+", default=ROWS, metavar="TABLE=COUNT")
    found.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    options = found.parse_args()
    for name in TUNED:
        if not (options.out / name).exists():
            import_model(PUBLISHED / name, options.out / name)
    for pair in options.rows:
        name, _, count = pair.partition("=")
        rights = {way: _rights(way, name, int(count), options) for way in options.ways}
        images = _read(name).values("image")
        _show(f"{name}, {int(count):,} rows", rights, np.array([str(cell) for cell in images]))


def _read(name: str) -> Table:
    """Returns the held-out rows."""
    return read(DATA / name / f"{SOURCES[name].test}.csv", media_root=DATA / name)


def _rights(way: str, name: str, count: int, options) -> np.ndarray:
    """Returns which rows of the test table are right, (seeds, rows)."""
    found = []
    for seed in range(options.first, options.first + options.seeds):
        path = options.out / f"{name}-{count}-{way}-{seed}.json"
        if not path.exists():
            start = time.process_time()
            right = _scored(way, name, count, seed, options)
            took = time.process_time() - start
            path.write_text(json.dumps({"right": right.tolist(), "seconds": took}))
        said = json.loads(path.read_text())
        found.append(np.array(said["right"], float))
        print(
            f"{name}, {count:,} rows, seed {seed}: {way} {100 * found[-1].mean():.1f} %, "
            f"{said['seconds']:.0f} s of CPU time",
            flush=True,
        )
    return np.stack(found)


def _scored(way: str, name: str, count: int, seed: int, options) -> np.ndarray:
    """Returns whether each row of the test table is right, of one seed."""
    source = SOURCES[name]
    path = _chosen(name, count, seed, options.out)
    tables = {
        "train": read(path, media_root=DATA / name),
        "test": _read(name),
    }
    told = [str(cell) for cell in tables["test"].values(source.target)]
    if way == "linear":
        said = _linear(source, tables, options.out)
    else:
        run = train(
            tables,
            override(_given(way, source, seed, options.out), options.set),
            path.with_name(f"{path.stem}-{way}"),
            ignore=["speaker"] if name == "av_digits" else [],
            baselines=False,
        )
        answers = run.predictions["test"]
        said = np.array(answers.labels)[np.argmax(answers.outputs, axis=1)]
    return np.array([a == b for a, b in zip(said, told, strict=True)])


def _given(way: str, source: Source, seed: int, models: Path) -> dict:
    """Returns what is set of a recipe."""
    training: dict = {"seed": seed}
    inputs: dict = {}
    for name, part in source.parts.items():
        words = {"freeze": True}
        if way == "tuned":
            words = TUNED[part]
        if way != "scratch":
            inputs[name] = {"encoder": {"from": str(models / part), **words}}
    if way == "tuned":
        training["epochs"] = source.epochs
    return {"target": source.target, "inputs": {**inputs, "*": {}}, "training": training}


def _linear(source: Source, tables: dict[str, Table], models: Path) -> np.ndarray:
    """Returns what logistic regression on frozen vectors says of the test table."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found = {name: [] for name in tables}
    for column, part in source.parts.items():
        encode = load_part(models / part).encode
        for name, table in tables.items():
            cells, places = np.unique([str(c) for c in table.values(column)], return_inverse=True)
            root = table.root if part != "minilm" else None
            found[name].append(encode([str(cell) for cell in cells], root)[places])
    vectors = {name: np.concatenate(several, axis=1) for name, several in found.items()}
    page = make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=np.logspace(-5, 1, 7), cv=3))
    page.fit(vectors["train"], [str(cell) for cell in tables["train"].values(source.target)])
    return page.predict(vectors["test"])


def _chosen(name: str, count: int, seed: int, out: Path) -> Path:
    """Writes rows of train, as many of each class as its share says."""
    from sklearn.model_selection import train_test_split

    path = out / f"{name}-{count}-{seed}.csv"
    with (DATA / name / "train.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    if count < len(rows):
        told = [row[SOURCES[name].target] for row in rows]
        rows, _ = train_test_split(rows, train_size=count, random_state=seed, stratify=told)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _show(title: str, rights: dict[str, np.ndarray], images: np.ndarray) -> None:
    """Prints each way's accuracy, and how much better it is than from scratch; rows of one image
    are resampled together."""
    for way, right in rights.items():
        low, high = interval(right.mean(0), images)
        line = f"{title}: {way} {100 * right.mean():.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        if way != "scratch" and "scratch" in rights:
            gap = right.mean(0) - rights["scratch"].mean(0)
            low, high = interval(gap, images)
            line += f", {100 * gap.mean():+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
        print(line, flush=True)


if __name__ == "__main__":
    main()
