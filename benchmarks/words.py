"""Methods for words of spoken reviews: chosen by cross-validation over videos, scored once.

    scripts/models
    POLYMODAL_DATA=... python benchmarks/words.py [--seeds 5] [--folds 3] [--runs FOLDER]

Sentences of `mosi` are vectors of frozen MiniLM, which never saw a label. Each method is scored on
videos of train that it was not trained on; the best is trained on all of them for each seed, and
scored on `val`, next to the inferred recipe and to logistic regression on the same vectors, a row
alone, with paired intervals over rows. Finished runs are kept in --runs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
from bench import Bench, benched, parser
from methods import DATA, GROUPED, paired, rights_of
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.sources import opened
from pretrained import PUBLISHED

TARGET, VECTOR = "sentiment", "sentence"
INFERRED = "inferred (GRU)"
METHODS = {
    INFERRED: GROUPED,
    "a row alone": ("--ignore=position", "--split-group=video"),
    "contextual LSTM": (*GROUPED, "--set=sequence=contextual_lstm"),
    "bc-LSTM": (*GROUPED, "--set=sequence=contextual_lstm", f"--set=inputs.{VECTOR}.kind=lstm"),
    "attention over steps": (*GROUPED, "--set=sequence=attention"),
}


def main() -> None:
    options = parser(__doc__ or "", seeds=5)
    options.add_argument("--folds", type=int, default=3)
    given = options.parse_args()
    with benched(given) as bench:
        tables = {name: vectors(name, bench.folder) for name in ("train", "val")}
        chosen = choose(bench, tables["train"])
        score(bench, tables, chosen)


def vectors(name: str, folder: Path) -> Path:
    """Returns a table of `mosi` with a vector for each sentence in place of its other inputs."""
    path = folder / f"{name}.parquet"
    if not path.exists():
        whole = pyarrow.parquet.read_table(DATA / "mosi" / f"{name}.parquet")
        part = read_part(opened(PUBLISHED / "minilm"))
        found = part.encode([str(cell) for cell in whole["transcript"].to_pylist()])
        kept = whole.select(["video", "position", TARGET])
        kept = kept.append_column(VECTOR, pyarrow.array(np.asarray(found, np.float32).tolist()))
        pyarrow.parquet.write_table(kept, path)
    return path


def choose(bench: Bench, train: Path) -> str:
    """Returns the method with the most right answers on videos of train that were held out."""
    whole = pyarrow.parquet.read_table(train)
    videos = np.array(whole["video"].to_pylist())
    names = sorted(set(videos))
    fold_of = dict(zip(names, np.random.default_rng(0).permutation(len(names)), strict=True))
    folds = np.array([fold_of[video] % bench.options.folds for video in videos])
    sides, means = {}, {}
    for fold in range(bench.options.folds):
        for name, rows in (("in", folds != fold), ("out", folds == fold)):
            sides[fold, name] = bench.folder / f"fold-{fold}-{name}.parquet"
            pyarrow.parquet.write_table(whole.filter(pyarrow.array(rows)), sides[fold, name])
    for method, settings in METHODS.items():
        rights = np.zeros(len(videos))
        for fold in range(bench.options.folds):
            rights[folds == fold] = rights_of(
                bench, f"words-{method}-fold-{fold}", sides[fold, "in"], sides[fold, "out"],
                TARGET, 0, "--task=sentiment", *settings,
            )  # fmt: skip
        means[method] = rights.mean()
        print(f"{method:24} {100 * means[method]:5.1f} on held-out videos of train", flush=True)
    return max(means, key=means.get)


def score(bench: Bench, tables: dict[str, Path], chosen: str) -> None:
    """Prints what the chosen method and the inferred recipe reach on `val`."""
    sides = {name: pyarrow.parquet.read_table(path) for name, path in tables.items()}
    inputs = {name: np.array(side[VECTOR].to_pylist()) for name, side in sides.items()}
    labels = {name: np.array(side[TARGET].to_pylist()).astype(str) for name, side in sides.items()}
    page = LogisticRegression(C=10, max_iter=2000).fit(inputs["train"], labels["train"])
    right = (page.predict(inputs["val"]) == labels["val"]).astype(float)
    shown("logistic regression", right[None], right[None], labels["val"])
    for method in dict.fromkeys([chosen, INFERRED]):
        rights = np.array(
            [
                rights_of(
                    bench, f"words-{method}-{seed}", tables["train"], tables["val"], TARGET, seed,
                    "--task=sentiment", *METHODS[method],
                )
                for seed in range(bench.options.seeds)
            ]
        )  # fmt: skip
        shown(f"{method}{', chosen' * (method == chosen)}", rights, right[None], labels["val"])


def shown(name: str, rights: np.ndarray, page: np.ndarray, labels: np.ndarray) -> None:
    """Prints a line: accuracy of each seed, mean F1 of both classes, difference from the page."""
    other = dict(zip(names := sorted(set(labels)), reversed(names), strict=True))
    wrong = np.array([other[label] for label in labels])
    f1 = np.mean(
        [f1_score(labels, np.where(one, labels, wrong), average="macro") for one in rights]
    )
    seeds = ", ".join(f"{100 * one.mean():.1f}" for one in rights)
    print(
        f"{name:32} {100 * rights.mean():5.1f}  ({seeds})  macro F1 {f1:.3f}  "
        f"{paired(rights, np.repeat(page, len(rights), axis=0))}",
        flush=True,
    )


if __name__ == "__main__":
    main()
