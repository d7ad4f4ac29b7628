"""What the inferred recipe reaches on tables of a few hundred rows: numbers, and a short remark.

    python benchmarks/small_tables.py [diabetes wine] [--seeds 1] [--set training.epochs=60]

Tables are scikit-learn's. A remark is written from two columns, a fifth of its words are wrong, and
the two columns are dropped. Five folds: every row is predicted once by models that never met it,
ours and those that a person would try first on the same columns. The first is a linear model of
scaled numbers and counted words, the second gradient boosting on the same. Each line is a mean
error (mean absolute error, or share of wrong rows in percent) and how much larger ours is, with the
95 % interval over rows, all rows paired. Ours is worse where that interval lies above 0.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.stats import bootstrap
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polymodal.recipe.written.given import override

REMARK, TARGET = "remark", "target"
# The columns that become the remark: those that tell most of the target, as then it counts.
TOLD = {
    "diabetes": ("bmi", "s5"),
    "wine": ("flavanoids", "proline"),
    "friedman": ("column 3", "column 4"),
    "breast_cancer": ("worst radius", "worst texture"),
    "iris": ("petal length (cm)", "petal width (cm)"),
}
LEVELS = ("very low", "low", "average", "high", "very high")
WRONG = 0.2  # share of the words of a remark
FOLDS = 5


def table(name: str, seed: int) -> tuple[list[str], np.ndarray, list[str], np.ndarray, bool]:
    """Returns names of numbers, the numbers, remarks, the target, and whether it is a class."""
    found: Any = _friedman() if name == "friedman" else getattr(datasets, f"load_{name}")()
    names = [str(one) for one in found.feature_names]
    rng = np.random.default_rng(seed)
    told = [names.index(column) for column in TOLD[name]]
    levels = [
        np.searchsorted(np.quantile(found.data[:, i], [0.1, 0.35, 0.65, 0.9]), found.data[:, i])
        for i in told
    ]
    said = [
        f"{names[told[0]]} {LEVELS[a]}, {names[told[1]]} {LEVELS[b]}"
        for a, b in zip(*levels, strict=True)
    ]
    words = sorted({word for one in said for word in one.split()})
    said = [
        " ".join(str(rng.choice(words)) if rng.random() < WRONG else word for word in one.split())
        for one in said
    ]
    return names, found.data, said, found.target, hasattr(found, "target_names")


def _friedman() -> SimpleNamespace:
    """Returns a smooth function of five of ten numbers: what too short a training cannot learn."""
    data, target = datasets.make_friedman1(350, noise=1.0, random_state=0)
    names = [f"column {i}" for i in range(data.shape[1])]
    return SimpleNamespace(data=data, target=target, feature_names=names)


class Table:
    """One table and its folds, with numbers of all columns or of those that are not told."""

    def __init__(self, name: str, seed: int):
        self.name, self.seed = name, seed
        self.names, self.data, self.said, self.target, self.is_class = table(name, seed)
        folds = (StratifiedKFold if self.is_class else KFold)(
            FOLDS, shuffle=True, random_state=seed
        )
        self.folds = list(folds.split(self.data, self.target))
        self.left = [i for i, n in enumerate(self.names) if n not in TOLD[name]]

    def rows(self, rows: np.ndarray, remark: bool) -> dict[str, list]:
        """Returns rows as a user would have them, numbers and target and, if wanted, the remark."""
        columns = {self.names[i]: self.data[rows, i].tolist() for i in self.left}
        columns |= {REMARK: [self.said[r] for r in rows]} if remark else {}
        shown = [f"class {t}" if self.is_class else float(t) for t in self.target[rows]]
        return columns | {TARGET: shown}

    def errors(self, rows: np.ndarray, answers: Any) -> np.ndarray:
        """Returns the error of each row: absolute, or 100 where the class is wrong."""
        if self.is_class:
            return 100.0 * (np.asarray(answers) != self.target[rows])
        return np.abs(np.asarray(answers, float) - self.target[rows])


def ours(data: Table, train: np.ndarray, test: np.ndarray, remark: bool, settings: list) -> Any:
    """Returns what a model with the inferred recipe answers for the test rows."""
    import keras

    from polymodal import Classifier, Regressor

    keras.utils.clear_session(free_memory=True)
    recipe = override({}, [f"training.seed={data.seed}", *settings])
    model = (Classifier if data.is_class else Regressor)(TARGET, **recipe)
    with contextlib.redirect_stderr(io.StringIO()):
        model.fit(data.rows(train, remark))
        found = [line["prediction"] for line in model.predict(data.rows(test, remark))]
    return [int(answer.split()[1]) for answer in found] if data.is_class else found


def baselines(data: Table) -> dict[str, Any]:
    """Returns the two models that people try first."""
    if data.is_class:
        return {
            "logistic": LogisticRegressionCV(
                Cs=np.logspace(-3, 2, 11),
                max_iter=5000,
                l1_ratios=(0,),
                scoring="neg_log_loss",
                use_legacy_attributes=False,
            ),
            "boosting": GradientBoostingClassifier(random_state=data.seed),
        }
    return {
        "ridge": RidgeCV(np.logspace(-2, 3, 21)),
        "boosting": GradientBoostingRegressor(random_state=data.seed),
    }


def theirs(data: Table, model: Any, train: np.ndarray, test: np.ndarray, remark: bool) -> Any:
    """Returns what a baseline answers for the test rows."""
    import pandas as pd

    seen, asked = (pd.DataFrame(data.rows(rows, remark)) for rows in (train, test))
    parts: list[tuple] = [(StandardScaler(), [data.names[i] for i in data.left])]
    parts += [(CountVectorizer(ngram_range=(1, 2)), REMARK)] * remark
    fitted = make_pipeline(make_column_transformer(*parts), model).fit(seen, data.target[train])
    return fitted.predict(asked)


def difference(first: np.ndarray, second: np.ndarray) -> str:
    """Returns how much larger the first errors are, with the paired 95 % interval."""
    gap = first - second
    if not gap.any():
        return "+0.00 [+0.00, +0.00]"
    low, high = bootstrap((gap,), np.mean, rng=np.random.default_rng(0)).confidence_interval
    verdict = "  WORSE" if low > 0 else "  better" if high < 0 else ""
    return f"{gap.mean():+.2f} [{low:+.2f}, {high:+.2f}]{verdict}"


def fit_all(name: str, seed: int, settings: list) -> None:
    """Fits every model on every fold of one table, and prints how ours compares."""
    data, start = Table(name, seed), time.perf_counter()
    errors: dict[tuple[str, bool], np.ndarray] = {}
    for remark in (True, False):
        chosen = {"ours": None, **baselines(data)}
        for kind, model in chosen.items():
            found = errors[kind, remark] = np.zeros(len(data.target))
            for train, test in data.folds:
                answers = (
                    theirs(data, model, train, test, remark)
                    if model is not None
                    else ours(data, train, test, remark, settings)
                )
                found[test] = data.errors(test, answers)
    unit = "% wrong" if data.is_class else "mean absolute error"
    for remark, title in ((True, "numbers and remark"), (False, "numbers alone")):
        for (kind, with_remark), found in errors.items():
            if with_remark == remark:
                print(
                    f"{name} seed {seed}, {title:18} {kind:8} {found.mean():6.2f} {unit}"
                    + (
                        f"{_r2(data, found)}; ours {difference(errors['ours', remark], found)}"
                        if kind != "ours"
                        else _r2(data, found)
                    ),
                    flush=True,
                )
    print(
        f"{name} seed {seed}, with the remark against numbers alone: "
        f"{difference(errors['ours', True], errors['ours', False])}; "
        f"{time.perf_counter() - start:.0f} s",
        flush=True,
    )


def _r2(data: Table, errors: np.ndarray) -> str:
    """Returns the share of the variance that is explained, for numbers."""
    if data.is_class:
        return ""
    return f", R2 {1 - np.mean(errors**2) / np.var(data.target):.3f}"


def main() -> None:
    takes = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    takes.add_argument("tables", nargs="*", default=["diabetes", "wine"])
    takes.add_argument("--seeds", type=int, default=1)
    takes.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = takes.parse_args()
    for name in options.tables:
        for seed in range(options.seeds):
            fit_all(name, seed, options.set)


if __name__ == "__main__":
    main()
