"""Imported models against the same vectors under logistic regression, and against from scratch.

    scripts/models
    POLYMODAL_DATA=... python benchmarks/pretrained.py mosi [--seeds 5]
    POLYMODAL_DATA=... python benchmarks/pretrained.py signs [--seeds 5]

`mosi`: the words of spoken reviews, with frozen MiniLM. `signs`: photographs of five hand signs
with a generated caption, number and category, each of which is right in 60 % of the rows, with
frozen EfficientNet-Lite0 and MiniLM. Each prints our runs, from scratch too, and a page of
scikit-learn on the same frozen vectors.
"""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path

import numpy as np
from bench import Bench, parser

from polymodal.pretrained.importing import import_model
from polymodal.pretrained.part import Part
from polymodal.tables.table import read

DATA = Path(os.environ.get("POLYMODAL_DATA", "shared/data"))
PUBLISHED = Path(os.environ.get("POLYMODAL_PUBLISHED",
                                Path.home() / ".cache" / "polymodal" / "published"))
SIGNS = ("zero", "one", "two", "three", "four")
ROWS, RIGHT = 200, 0.6  # rows of each sign; share of the hints that are right
COLOURS = ("red", "green", "blue", "yellow", "white")


def mosi(bench: Bench, models: dict[str, Part]) -> None:
    """Sentiment of an utterance from its words, as a step of its video."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score

    folder = DATA / "mosi"
    tables = {name: read(folder / f"{name}.parquet") for name in ("train", "val")}
    vectors = {name: models["minilm"].encode([str(cell) for cell in table.values("transcript")])
               for name, table in tables.items()}
    labels = {name: np.array([str(cell) for cell in table.values("sentiment")])
              for name, table in tables.items()}
    page = LogisticRegression(C=10, max_iter=2000).fit(vectors["train"], labels["train"])
    said = page.predict(vectors["val"])
    print(f"page: accuracy {accuracy_score(labels['val'], said):.3f}, "
          f"macro F1 {f1_score(labels['val'], said, average='macro'):.3f}", flush=True)
    steps = ["--group=video", "--order=position", "--split=none",
             f"--test={folder / 'val.parquet'}",
             *(f"--ignore={kind}_features" for kind in ("text", "audio", "video"))]
    for kind, flags in (("frozen MiniLM", [f"--pretrained=transcript={bench.folder / 'minilm'}",
                                           "--set=inputs.transcript.max_pieces=64"]),
                        ("from scratch", [])):
        scores = []
        for seed in range(bench.options.seeds):
            run, seconds = bench.train(folder / "train.parquet", "sentiment", seed, *steps, *flags)
            scores.append(bench.evaluate(run, folder / "val.parquet")["metrics"])
            print(f"  {kind}, seed {seed}: {_shown(scores[-1])}, {seconds:.0f} s", flush=True)
        print(f"{kind}: {_shown(_means(scores))}", flush=True)


def signs(bench: Bench, models: dict[str, Part]) -> None:
    """Five hand signs from a photograph, a caption, a number and a category."""
    for seed in range(bench.options.seeds):
        tables = {name: _sign_table(bench.folder / f"{name}-{seed}.csv", rows, seed)
                  for name, rows in _sign_rows(seed).items()}
        print(f"seed {seed}: page {_page(tables, models)}", flush=True)
        for kind, flags in (("frozen", [f"--pretrained=photo={bench.folder / 'efficientnet_lite0'}",
                                        f"--pretrained=caption={bench.folder / 'minilm'}"]),
                            ("from scratch", [])):
            run, seconds = bench.train(tables["train"], "sign", seed, "--media-root",
                                       DATA / "sign_digits", *flags)
            scores = bench.evaluate(run, tables["test"], "--media-root", DATA / "sign_digits")
            print(f"  {kind}: {_shown(scores['metrics'])}, {seconds:.0f} s", flush=True)


def _sign_rows(seed: int) -> dict[str, list[tuple[str, int]]]:
    """Returns (path, number of the sign) of the rows to train on and to test on."""
    rng = np.random.default_rng(seed)
    table = read(DATA / "sign_digits" / "train.csv")
    test = read(DATA / "sign_digits" / "val.csv")
    found = {}
    for name, source in (("train", table), ("test", test)):
        paths, labels = source.values("image"), source.values("sign")
        known = [(str(path), SIGNS.index(label)) for path, label in
                 zip(paths, labels, strict=True) if label in SIGNS]
        found[name] = [known[i] for i in rng.permutation(len(known))[: ROWS * len(SIGNS)]]
    return found


def _sign_table(path: Path, rows: list[tuple[str, int]], seed: int) -> Path:
    """Writes a table whose caption, number and category are each right in 60 % of the rows."""
    rng = np.random.default_rng([seed, len(rows)])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", "caption", "size", "colour", "sign"])
        for photo, sign in rows:
            word, number, colour = (_hint(rng, sign) for _ in range(3))
            writer.writerow([photo, f"a hand that shows the number {SIGNS[word]}",
                             round(float(rng.normal(number, 0.1)), 3), COLOURS[colour],
                             f"sign {SIGNS[sign]}"])
    return path


def _hint(rng: np.random.Generator, sign: int) -> int:
    """Returns the sign, or in the other rows one of the others."""
    if rng.random() < RIGHT:
        return sign
    return int(rng.choice([other for other in range(len(SIGNS)) if other != sign]))


def _page(tables: dict[str, Path], models: dict[str, Part]) -> str:
    """Returns the accuracy and log loss of logistic regression on the same frozen vectors."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.metrics import accuracy_score, log_loss
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns, labels = {}, {}
    for name, path in tables.items():
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        columns[name] = (
            models["efficientnet_lite0"].encode([row["photo"] for row in rows],
                                                DATA / "sign_digits"),
            models["minilm"].encode([row["caption"] for row in rows]),
            np.array([[float(row["size"])] for row in rows]),
            np.array([[row["colour"]] for row in rows]))
        labels[name] = [row["sign"] for row in rows]
    parts = {"train": [], "test": []}
    for place, kind in enumerate((StandardScaler, StandardScaler, StandardScaler, OneHotEncoder)):
        fitted = kind().fit(columns["train"][place])
        for name, found in parts.items():
            values = fitted.transform(columns[name][place])
            found.append(values.toarray() if kind is OneHotEncoder else values)
    model = LogisticRegressionCV(Cs=8, max_iter=500).fit(np.hstack(parts["train"]),
                                                         labels["train"])
    known = model.predict_proba(np.hstack(parts["test"]))
    said = model.classes_[known.argmax(1)]
    return (f"accuracy {accuracy_score(labels['test'], said):.3f}, "
            f"log loss {log_loss(labels['test'], known, labels=model.classes_):.3f}")


def _shown(scores: dict) -> str:
    names = ("accuracy", "f1_macro", "log_loss")
    return ", ".join(f"{name} {scores[name]:.3f}" for name in names if name in scores)


def _means(scores: list[dict]) -> dict:
    return {name: float(np.mean([one[name] for one in scores])) for name, value in
            scores[0].items() if isinstance(value, float)}


def main() -> None:
    """Imports the models once and runs the benchmark that was asked for."""
    found = parser(__doc__ or "", seeds=5)
    found.add_argument("name", choices=("mosi", "signs"))
    options = found.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, Path(folder))
        needed = ("minilm",) if options.name == "mosi" else ("minilm", "efficientnet_lite0")
        models = {name: import_model(PUBLISHED / name, bench.folder / name) for name in needed}
        (mosi if options.name == "mosi" else signs)(bench, models)


if __name__ == "__main__":
    main()
