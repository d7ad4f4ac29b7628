"""How often the intervals of `polymodal needs` hold, four times beyond the rows it was given.

    python benchmarks/learning_curves.py [--out runs/learning-curves.json] [--seed 0]

A curve is a table and a scikit-learn model. `needs` gets a quarter of the rows, holds out a fifth
of them for each of eight seeds, and continues the curve to four times its largest training. The
truth is the accuracy of the same model in five folds over the whole table, whose trainings have as
many rows, on rows that `needs` never saw. Printed are how many 80 % intervals hold the truth, with
a binomial test, their half-widths, and on how many planted curves that get worse with more rows
there is no answer: least squares without a penalty has a peak where rows and features are equal.
Curves that are finished are kept in --out, and a second call goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn import datasets
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.profile.profile import profile
from polymodal.questions.needs.extrapolate import LEVEL, Curve, Extrapolation
from polymodal.questions.needs.plan import Plan
from polymodal.questions.needs.score import scored
from polymodal.tables.table import read

SHARED = {
    "av_digits": ("av_digits/train.csv", "digit", ["speaker"]),
    "easy_vqa": ("easy_vqa/train.csv", "answer", []),
    "nlvr": ("nlvr/train.jsonl", "label", []),
    "sign_digits": ("sign_digits/train.csv", "sign", []),
}
MOST_ROWS = 6000
PLANTED_ROWS = 2400
TIMES = 4
FOLDS = 5


def own_tables(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns scikit-learn's tables and generated ones: {name: (inputs, classes)}."""
    moons = datasets.make_moons(6000, noise=0.35, random_state=seed)
    friedman, number = datasets.make_friedman1(6000, noise=2.0, random_state=seed)
    mixed = datasets.make_classification(
        8000,
        30,
        n_informative=8,
        n_redundant=6,
        n_classes=4,
        n_clusters_per_class=2,
        flip_y=0.05,
        random_state=seed,
    )
    return {
        "digits": datasets.load_digits(return_X_y=True),
        "breast_cancer": datasets.load_breast_cancer(return_X_y=True),
        "moons": moons,
        "mixed": mixed,
        "friedman": (friedman, np.digitize(number, np.quantile(number, [0.33, 0.67]))),
        "rings": datasets.make_gaussian_quantiles(
            n_samples=6000, n_features=5, n_classes=3, random_state=seed
        ),
        "hastie": datasets.make_hastie_10_2(8000, random_state=seed),
    }


def shared_table(name: str, data: Path, kept: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns the simple features of a shared table, as --proxy reads them."""
    path = kept / f"{name}.npz"
    if not path.exists():
        from polymodal.core.printed.progress import quiet
        from polymodal.questions.needs.features import features
        from polymodal.training.choose import choose
        from polymodal.training.preparing.prepare import prepare

        file, target, ignore = SHARED[name]
        table = read(data / file)
        rows = np.random.default_rng(0).permutation(len(table))[:MOST_ROWS]
        table = table.select(np.sort(rows))
        with quiet():
            recipe, _, facts, _ = choose(
                {"train": table, "val": table}, {"target": target}, ignore, "none", None
            )
            found = prepare(recipe, {"train": facts["train"]})
            usable = found.checked["train"].rows
            inputs = features(found.samples["train"], usable)
        classes = np.array([int(found.samples["train"].target(int(row))) for row in usable])
        kept.mkdir(parents=True, exist_ok=True)
        np.savez(path, inputs=np.concatenate(list(inputs.values()), axis=1), classes=classes)
    with np.load(path) as held:
        return held["inputs"], held["classes"]


def models(seed: int) -> dict[str, Any]:
    """Returns the models whose curves are continued."""
    return {
        "logistic": LogisticRegression(C=0.1, max_iter=150),
        "trees": ExtraTreesClassifier(60, random_state=seed),
        "forest": RandomForestClassifier(40, max_depth=8, random_state=seed),
        "neighbours": KNeighborsClassifier(5),
        "bayes": GaussianNB(var_smoothing=0.01),
        "kernel": SVC(C=3.0),
    }


class Ridgeless(ClassifierMixin, BaseEstimator):
    """Least squares of random features without a penalty: worst where rows equal features."""

    def __init__(self, num_features: int = 100):
        self.num_features = num_features

    def fit(self, inputs: np.ndarray, classes: np.ndarray) -> Ridgeless:
        rng = np.random.default_rng(self.num_features)
        self.classes_ = np.unique(classes)
        self._mix = rng.normal(size=(inputs.shape[1], self.num_features)) / inputs.shape[1] ** 0.5
        hot = (classes[:, None] == self.classes_).astype(float)
        self._weights = np.linalg.pinv(self._seen(inputs), rcond=1e-10) @ hot
        return self

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self.classes_[(self._seen(inputs) @ self._weights).argmax(axis=1)]

    def _seen(self, inputs: np.ndarray) -> np.ndarray:
        return np.maximum(inputs @ self._mix, 0)


def answers(
    model: Any, inputs: np.ndarray, classes: np.ndarray, train: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Returns the classes that a fresh model predicts."""
    if len(np.unique(classes[train])) == 1:
        return np.full(len(asked), classes[train][0])
    fitted = make_pipeline(StandardScaler(), model).fit(inputs[train], classes[train])
    return fitted.predict(inputs[asked])


def curve(
    model: Any, inputs: np.ndarray, classes: np.ndarray, largest: int, seed: int
) -> tuple[Curve, np.ndarray]:
    """Returns the curve that `needs` measures on a part of a table, and the rows of the part."""
    part = np.random.default_rng([seed, 7]).permutation(len(classes))[: round(largest / 0.8)]
    facts = profile(read({"class": [f"class {c}" for c in classes[part]]}))
    plan = Plan(facts, "class", num_sizes=8, num_seeds=8)
    task, labels = task_named("classification"), [str(c) for c in np.unique(classes)]
    weights, found = plan.weights(), []
    for step in plan.steps():
        said = answers(model, inputs, classes, part[step.train], part[step.held])
        truth = classes[part[step.held]]
        outputs = np.eye(len(labels))[np.searchsorted(np.unique(classes), said)]
        predictions = Predictions(
            task,
            labels,
            np.arange(len(truth)),
            outputs,
            np.searchsorted(np.unique(classes), truth),
            np.ones(len(truth), bool),
            ["all"],
            np.ones((len(truth), 1), bool),
            num_rows=len(truth),
        )
        found.append(scored(predictions, step.held, weights, 0.0))
    shape = (8, len(plan.sizes))
    return Curve(
        np.array(plan.sizes),
        1 - np.array([f.value for f in found]).reshape(shape),
        1 - np.stack([f.draws for f in found]).reshape(*shape, -1),
        1 - float(np.mean([f.blind for f in found])),
    ), part


def truth(
    model: Any, inputs: np.ndarray, classes: np.ndarray, size: int, part: np.ndarray, seed: int
) -> float:
    """Returns the error with so many rows, on rows that are not of the part."""
    wrong = np.zeros(len(classes))
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(inputs):
        chosen = np.random.default_rng(seed).permutation(train)[:size]
        wrong[test] = answers(model, inputs, classes, chosen, test) != classes[test]
    return float(np.delete(wrong, part).mean())


def one(model: Any, inputs: np.ndarray, classes: np.ndarray, seed: int) -> dict[str, Any]:
    """Returns what `needs` says of a curve, and the truth."""
    largest = len(classes) // (FOLDS * TIMES) * (FOLDS - 1)
    start = time.monotonic()
    measured, part = curve(model, inputs, classes, largest, seed)
    return {
        "sizes": measured.sizes.tolist(),
        "errors": measured.errors.tolist(),
        "draws": np.round(measured.draws, 4).tolist(),
        "blind": measured.blind,
        "truth": truth(model, inputs, classes, TIMES * int(measured.sizes[-1]), part, seed),
        "seconds": round(time.monotonic() - start, 1),
    }


def extrapolated(found: dict[str, Any]) -> Extrapolation:
    """Returns the continued curve of what `one` returned."""
    return Extrapolation(
        Curve(
            np.array(found["sizes"]),
            np.array(found["errors"]),
            np.array(found["draws"]),
            found["blind"],
        )
    )


def shown(kept: dict[str, Any]) -> None:
    """Prints each curve, and what they come to."""
    held, widths, refused, planted = 0, [], 0, []
    for name, found in kept.items():
        continued = extrapolated(found)
        if name.startswith("planted"):
            planted.append(bool(continued.no_answer))
            print(f"{name:32} {'no answer' if planted[-1] else 'answered'}")
            continue
        if continued.no_answer:
            refused += 1
            print(f"{name:32} no answer: {continued.no_answer}")
            continue
        rows = TIMES * found["sizes"][-1]
        low, high = continued.interval(rows)
        held += low <= found["truth"] <= high
        widths.append((high - low) / 2)
        mark = " " if low <= found["truth"] <= high else "x"
        print(
            f"{name:32} {mark} now {1 - np.mean(found['errors'], axis=0)[-1]:.3f}, expected "
            f"{1 - continued.expected(rows):.3f} ({1 - high:.3f} to {1 - low:.3f}), truth "
            f"{1 - found['truth']:.3f}"
        )
    test = binomtest(held, len(widths), LEVEL)
    print(
        f"\n{held} of {len(widths)} intervals of {LEVEL:.0%} hold the truth (binomial test "
        f"p = {test.pvalue:.2f}); half-width {100 * np.median(widths):.1f} points at the median; "
        f"{refused} without an answer; {sum(planted)} of {len(planted)} planted curves without "
        "an answer"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=Path("runs/learning-curves.json"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--data", type=Path, default=None, help="shared data; default: POLYMODAL_DATA"
    )
    parser.add_argument("--models", nargs="*", default=None)
    given = parser.parse_args()
    data = given.data or Path(os.environ["POLYMODAL_DATA"])
    start, kept = time.monotonic(), {}
    if given.out.exists():
        kept = json.loads(given.out.read_text())
    given.out.parent.mkdir(parents=True, exist_ok=True)
    tables = {
        **own_tables(given.seed),
        **{name: shared_table(name, data, given.out.parent / "features") for name in SHARED},
    }
    wanted = {
        f"{table}, {model}": (table, of)
        for table in tables
        for model, of in models(given.seed).items()
        if given.models is None or model in given.models
    }
    for table in ("digits", "mixed", "friedman", "rings"):
        few = f"{table} of few rows"
        tables[few] = tuple(part[:PLANTED_ROWS] for part in tables[table])
        largest = len(tables[few][1]) // (FOLDS * TIMES) * (FOLDS - 1)
        for share in (0.12, 0.2, 0.3, 0.45, 0.6):
            wanted[f"planted {table}, {share}"] = (few, Ridgeless(round(share * largest)))
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        for name, (table, model) in wanted.items():
            if name not in kept:
                kept[name] = one(model, *tables[table], given.seed)
                given.out.write_text(json.dumps(kept))
    shown(kept)
    print(f"{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
