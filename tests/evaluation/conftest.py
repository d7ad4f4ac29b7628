"""Predictions of every task, made from seeded numbers, for the tests of evaluation."""

from types import SimpleNamespace

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions


def classes(
    n=300, num_classes=4, seed=0, sharpness=2.0, labels=None, task="classification", group_size=None
):
    rng = np.random.default_rng(seed)
    targets = np.random.default_rng(99).integers(0, num_classes, n)
    logits = rng.normal(size=(n, num_classes))
    logits[np.arange(n), targets] += sharpness
    outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    present = np.random.default_rng(98).random((n, 2)) > 0.3
    sequence = None if group_size is None else np.arange(n) // group_size
    return Predictions(
        task_named(task),
        labels or [f"class {i}" for i in range(num_classes)],
        np.arange(n),
        outputs.astype(np.float32),
        targets,
        np.ones(n, bool),
        ["image", "audio"],
        present,
        groups=sequence,
        steps=None if group_size is None else np.arange(n) % group_size,
        num_rows=n,
    )


def multilabel(n=200, seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.random((n, 5)) < 0.3
    outputs = np.clip(targets * 0.5 + rng.random((n, 5)) * 0.6, 0, 1)
    return Predictions(
        task_named("multilabel"),
        list("abcde"),
        np.arange(n),
        outputs,
        targets,
        np.ones(n, bool),
        ["text"],
        np.ones((n, 1), bool),
        num_rows=n,
    )


def regression(n=200, seed=0, noise=0.5):
    targets = np.random.default_rng(97).normal(size=n) * 2 + 100
    outputs = targets + np.random.default_rng(seed).normal(size=n) * noise
    return Predictions(
        task_named("regression"),
        [],
        np.arange(n),
        outputs,
        targets,
        np.ones(n, bool),
        ["text", "audio"],
        np.ones((n, 2), bool),
        num_rows=n,
    )


def seq2seq(num_sequences=40, length=6, seed=0):
    one = classes(num_sequences * length, 5, seed, 3.0, task="seq2seq")
    one.rows = np.repeat(np.arange(num_sequences), length)
    one.steps = np.tile(np.arange(length), num_sequences)
    one.num_rows = num_sequences
    return one


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(
        classes=classes,
        multilabel=multilabel,
        regression=regression,
        seq2seq=seq2seq,
        written_down=written_down,
        captions=captions,
    )


def written_down(num_rows=60, seed=0):
    """Transcripts of five words, each right as often as the fourth power of its confidence."""
    rng = np.random.default_rng(seed)
    names = ["one", "two", "three", "four", "five", "six"]
    words, targets = np.empty(num_rows, object), np.empty(num_rows, object)
    for row in range(num_rows):
        said = rng.choice(names, 5)
        confidence = rng.beta(4, 2, 5) ** 0.25
        heard = [
            word if rng.random() < sure**4 else "zero"
            for word, sure in zip(said, confidence, strict=True)
        ]
        words[row] = list(zip(heard, confidence.round(6).tolist(), strict=True))
        targets[row] = [" ".join(said)]
    texts = np.array([" ".join(word for word, _ in row) for row in words], object)
    return Predictions(
        task_named("transcribe"),
        [],
        np.arange(num_rows),
        texts,
        targets,
        np.ones(num_rows, bool),
        ["audio"],
        np.ones((num_rows, 1), bool),
        num_rows=num_rows,
        words=words,
    )


def captions(num_rows=40, seed=0):
    """Captions of two words, each right half of the time."""
    colours, shapes = ["red", "green", "blue"], ["box", "ball", "cone"]
    rng, texts, targets = np.random.default_rng(seed), [], np.empty(num_rows, object)
    for row in range(num_rows):
        right = [str(rng.choice(names)) for names in (colours, shapes)]
        targets[row] = [" ".join(right), f"a {right[1]} that is {right[0]}"]
        texts.append(" ".join(word if rng.random() < 0.5 else "thing" for word in right))
    return Predictions(
        task_named("caption"),
        [],
        np.arange(num_rows),
        np.array(texts, object),
        targets,
        np.ones(num_rows, bool),
        ["image"],
        np.ones((num_rows, 1), bool),
        num_rows=num_rows,
    )


@pytest.fixture
def transcripts():
    return written_down()
