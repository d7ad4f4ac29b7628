"""What cheap methods reach on each task of the scenes, so that a score there means something.

Prints, for the test part: the most frequent answer (or the mean); each input alone, the better of a
random forest and logistic or ridge regression; and the answer of the nearest training row in all
inputs together. Captions and speech are scored twice: by whole sentences, and by CIDEr-D or word
error rate. Features: pixels reduced to 12x12 with a colour histogram, log spectra averaged
over 24 stretches of time, counts of character n-grams.

    python benchmarks/scenes_baselines.py [--rows 2400]      # about three minutes on one core
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

from polymodal import scenes
from polymodal.core.lookup import names
from polymodal.evaluation.captions.scores import score_captions
from polymodal.evaluation.texts.speech import score_speech
from polymodal.scenes.shapes import SHAPES
from polymodal.scenes.world import COLOURS

TASKS = names("scenes.tasks")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=2400, help="training rows of each task")
    parser.add_argument("--task", choices=sorted(TASKS), help="only this task")
    rows = parser.parse_args()
    warnings.filterwarnings("ignore")
    print("| task | score | most frequent | one input alone | nearest row |\n|---|---|---|---|---|")
    for task in [rows.task] if rows.task else TASKS:
        with tempfile.TemporaryDirectory() as folder:
            print(*_lines(Path(folder) / task, task, rows.rows), sep="\n", flush=True)


def _lines(folder: Path, task: str, rows: int) -> Iterator[str]:
    tables = scenes.write(folder, task, rows, 0, rows // 4)
    inputs, target, _ = scenes.columns(task)
    train, test = (_rows(tables[name]) for name in ("train", "test"))
    features = {name: _features(folder, name, train, test) for name in inputs}
    told, wanted = ([row[target] for row in part] for part in (train, test))
    references = [row["captions"] for row in test] if task == "captions" else wanted
    constant = [_typical(task, told)] * len(test)
    nearest = [told[i] for i in _nearest(features)]
    alone = {
        name: _predict(task, told, *features[name]) for name in inputs if task not in _SENTENCES
    }
    for score, metric in [_scorer(task), *_SENTENCES.get(task, [])]:
        singles = ", ".join(f"{name} {score(references, said):.1f}" for name, said in alone.items())
        yield (
            f"| `{task}` | {metric} | {score(references, constant):.1f} | "
            f"{singles or 'as the nearest row'} | {score(references, nearest):.1f} |"
        )


def _rows(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(map(json.loads, file) if path.suffix == ".jsonl" else csv.DictReader(file))


def _scorer(task: str):
    if task == "regression":
        return lambda true, said: 100 * r2_score(np.float64(true), np.float64(said)), "R2 x 100"
    if task == "captions":
        hit = lambda true, said: 100 * np.mean([s in t for t, s in zip(true, said, strict=True)])
        return hit, "among the five, %"
    metric = {"multilabel": "all labels right, %", "speech": "whole sentence right, %"}
    return (lambda true, said: 100 * accuracy_score(true, said)), metric.get(task, "accuracy, %")


def _cider(references: list[list[str]], said: list[str]) -> float:
    return 100 * score_captions(references, said, with_intervals=False).metrics["cider_d"]


def _word_errors(references: list[str], said: list[str]) -> float:
    return 100 * score_speech(references, said, with_intervals=False).metrics["wer"]


_SENTENCES = {
    "captions": [(_cider, "CIDEr-D x 100")],
    "speech": [(_word_errors, "word error rate, % (less is better)")],
}


def _typical(task: str, told: list[str]):
    if task == "regression":
        return np.mean(np.float64(told))
    return max(set(told), key=told.count)


def _predict(task: str, told: list[str], train: np.ndarray, test: np.ndarray) -> list:
    """Answers of the better model, chosen on the last fifth of the training rows."""
    cut = len(told) * 4 // 5
    score, _ = _scorer(task)
    scores = [
        score(told[cut:], _fitted(model, task, told[:cut], train[:cut], train[cut:]))
        for model in (0, 1)
    ]
    return _fitted(int(np.argmax(scores)), task, told, train, test)


def _fitted(model: int, task: str, told: list[str], train: np.ndarray, test: np.ndarray) -> list:
    forest = {"n_estimators": 200, "random_state": 0, "n_jobs": -1}
    if task == "regression":
        forest["max_features"] = "sqrt"  # as classifiers have it; all took over 15 minutes
        chosen = [RandomForestRegressor(**forest), RidgeCV(np.logspace(-1, 4, 11))][model]
        return list(chosen.fit(train, np.float64(told)).predict(test))
    if task == "multilabel":  # a forest either way: it takes many labels at once
        binary = MultiLabelBinarizer()
        labels = binary.fit_transform([text.split("|") for text in told])
        said = RandomForestClassifier(**forest).fit(train, labels).predict(test)
        return [
            "|".join(label for label in _ORDER if label in found)
            for found in binary.inverse_transform(said)
        ]
    chosen = [RandomForestClassifier(**forest), LogisticRegression(C=0.1, max_iter=300)][model]
    return list(chosen.fit(train, told).predict(test))


_ORDER = (*COLOURS, *SHAPES)


def _nearest(features: dict[str, tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Index of the nearest training row, every input having the same weight."""
    train, test = (
        np.concatenate([f[part] / np.sqrt(f[0].shape[1]) for f in features.values()], axis=1)
        for part in (0, 1)
    )
    return NearestNeighbors(n_neighbors=1).fit(train).kneighbors(test)[1][:, 0]


def _features(folder: Path, name: str, train: list[dict], test: list[dict]):
    read = {"image": _picture, "audio": _sound}.get(name)
    if read:
        made = [np.stack([read(folder / row[name]) for row in part]) for part in (train, test)]
    else:
        texts = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=2)
        made = [
            texts.fit_transform([row[name] for row in train]),
            texts.transform([row[name] for row in test]),
        ]
        small = TruncatedSVD(min(200, made[0].shape[1] - 1), random_state=0).fit(made[0])
        made = [small.transform(part) for part in made]
        scale = made[0].std()  # one for all: rare n-grams stay small
        return made[0] / scale, made[1] / scale
    scaler = StandardScaler().fit(made[0])
    return scaler.transform(made[0]), scaler.transform(made[1])


def _picture(path: Path) -> np.ndarray:
    image = Image.open(path).convert("RGB")
    bins = np.asarray(image, np.int32) // 64 @ np.array([16, 4, 1])
    histogram = np.sqrt(np.bincount(bins.ravel(), minlength=64))
    return np.concatenate([np.asarray(image.reduce(4), np.float32).ravel(), histogram])


def _sound(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float32")
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::160] * np.hanning(512)
    power = np.abs(np.fft.rfft(frames)[:, 2:130]) ** 2  # 60 to 4000 hertz
    bands = np.log(power.reshape(len(power), 32, 4).mean(axis=2) + 1e-6)
    bands -= bands.mean()
    return np.stack([part.mean(axis=0) for part in np.array_split(bands, 24)]).ravel()


if __name__ == "__main__":
    main()
