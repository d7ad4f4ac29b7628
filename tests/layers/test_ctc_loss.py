"""The loss of connectionist temporal classification, against the sum over all paths."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from polymodal.decoders.ctc import CTC
from polymodal.layers.losses import CTCLoss

FRAMES, SYMBOLS = 4, 3  # two symbols and blank


def loss(labels, logits):
    found = CTCLoss().call(
        keras.ops.convert_to_tensor(np.array(labels, "int32")), keras.ops.convert_to_tensor(logits)
    )
    return keras.ops.convert_to_numpy(found)


def spelled(path):
    joined = [s for i, s in enumerate(path) if i == 0 or s != path[i - 1]]
    return [s for s in joined if s != SYMBOLS - 1]


def by_all_paths(label, logits):
    each = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    total = sum(
        np.exp(sum(each[t, s] for t, s in enumerate(path)))
        for path in itertools.product(range(SYMBOLS), repeat=FRAMES)
        if spelled(path) == label
    )
    return -np.log(total)


@pytest.mark.parametrize("label", [[0], [0, 1], [1, 1], [0, 1, 0]])
def test_it_is_the_sum_over_all_paths_spread_over_the_symbols(label):
    logits = np.random.default_rng(0).normal(size=(1, FRAMES, SYMBOLS)).astype("float32")
    padded = [label + [-1] * (3 - len(label))]
    found = loss(padded, logits)[0]
    np.testing.assert_allclose(found.sum(), by_all_paths(label, logits[0]), rtol=1e-5)
    assert (found[len(label) :] == 0).all()
    assert np.ptp(found[: len(label)]) < 1e-6


def test_rows_without_symbols_or_with_too_many_count_nothing():
    logits = np.random.default_rng(0).normal(size=(3, 2, SYMBOLS)).astype("float32")
    found = loss([[-1, -1, -1], [0, 1, 0], [0, 0, -1]], logits)  # "aa" needs a blank between
    assert not found.any()


def test_padding_changes_no_loss():
    rng = np.random.default_rng(1)
    head = CTC(4, SYMBOLS, dropout=0.0)
    tokens = rng.normal(size=(1, FRAMES, 4)).astype("float32")
    short = head(tokens, np.ones((1, FRAMES), bool))
    longer = np.concatenate([tokens, rng.normal(size=(1, 5, 4)).astype("float32")], axis=1)
    padded = head(longer, np.arange(FRAMES + 5)[None] < FRAMES)
    np.testing.assert_allclose(
        loss([[0, 1]], keras.ops.convert_to_numpy(padded)),
        loss([[0, 1]], keras.ops.convert_to_numpy(short)),
        rtol=1e-4,
    )


def test_training_reaches_the_label_it_is_shown():
    head = CTC(8, SYMBOLS, dropout=0.0)
    rng = np.random.default_rng(0)
    tokens = rng.normal(size=(2, 6, 8)).astype("float32")
    inputs = keras.Input((6, 8))
    model = keras.Model(inputs, head(inputs, keras.ops.ones_like(inputs[..., 0], dtype="bool")))
    model.compile(
        keras.optimizers.Adam(0.05), CTCLoss(), jit_compile=keras.backend.backend() == "jax"
    )
    labels = np.array([[0, 1, 0], [1, 1, -1]], "int32")
    model.fit(tokens, labels, sample_weight=(labels >= 0).astype("float32"), epochs=60, verbose=0)
    best = model.predict(tokens, verbose=0).argmax(-1)
    assert [spelled(row) for row in best.tolist()] == [[0, 1, 0], [1, 1]]
