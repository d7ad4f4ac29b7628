"""The worked example learns what theory allows, and a step of it runs at its full shapes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("seq2seq_example", ROOT / "examples/seq2seq.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_model_answers_by_itself_and_needs_frames_words_and_feedback(example, capsys):
    found = example.main(
        ["--size", "16", "--steps", "5", "--sequences", "1280", "--test-sequences", "320"]
    )
    assert found["complete"] >= 0.95
    for name in ("without_frames", "without_words", "without_feedback"):
        # 1600 answers, five to a sequence: 0.25 plus four standard deviations, at the widest
        assert abs(found[name] - 0.25) < 0.07, name
    shown = capsys.readouterr().out
    assert "theory" in shown
    assert "sequence 1, start" in shown


@pytest.mark.slow
def test_one_step_trains_at_the_full_shapes(example):
    task, model = example.build()
    inputs, answers = example.Sequences(1, 50, 224, batch_size=1, seed=0)[0]
    assert inputs[example.FRAMES].shape == (1, 50, 224, 224, 3)
    assert inputs[example.WORDS].shape == (1, 50, 50)
    model(inputs)
    example.compile_model(model)
    # nothing is missing here, so what stands for the missing learns nothing
    variables = [v for v in model.trainable_variables if not v.path.endswith("absent")]
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
    loss = model.train_on_batch(inputs, answers)[0]
    assert np.isfinite(loss)
    after = [keras.ops.convert_to_numpy(v) for v in variables]
    assert all(np.isfinite(value).all() for value in after)
    still = [
        variable.path
        for variable, one, other in zip(variables, before, after, strict=True)
        if np.array_equal(one, other)
    ]
    assert not still
    assert task.generate(model, inputs).ids.shape == (1, 50)
