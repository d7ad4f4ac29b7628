"""A run whose decoder sees its own outputs goes on to the same bytes, with the share it had."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.bundle.weights import encode
from polymodal.core.contracts.batch import PREVIOUS
from polymodal.core.lookup import find
from polymodal.model.heads.written import WritingHead
from polymodal.model.model import Model
from polymodal.training.loop import fit as fitting
from polymodal.training.loop.fit import begin
from polymodal.training.loop.signals import Interrupted
from polymodal.training.saved.checkpoint import Checkpoints
from small_run import ArrayLoader, settings

NUM, STEPS, DIM, ROWS = 5, 4, 16, 50


class Copies(ArrayLoader):
    """Batches whose targets are their inputs, step by step, and so are the previous outputs."""

    def __init__(self):
        ids = np.random.default_rng(0).integers(0, NUM, (ROWS, STEPS))
        super().__init__(ids, ids, batch_size=8)

    def batch(self, epoch, step):
        rows = self.rows_of(epoch, step)
        ids, valid = self.inputs[np.maximum(rows, 0)].astype("int32"), rows >= 0
        mask = np.repeat(valid[:, None], STEPS, axis=1)
        previous = np.concatenate([np.full((len(ids), 1), NUM, "int32"), ids[:, :-1]], axis=1)
        weights = mask / (STEPS * max(1, valid.sum()))
        return (
            {"input_0": ids, "input_0_mask": mask, PREVIOUS: previous},
            ids,
            weights.astype("float32"),
        )


def train(folder, epochs=3):
    task = WritingHead(NUM, dim=DIM, scheduled_sampling=0.9)
    keras.utils.set_random_seed(3)
    model = Model(
        {"a": find("encoders", "rnn")(DIM, vocabulary_size=NUM + 1)},
        {"a": "input_0"},
        find("fusion", "stepwise_concat")(DIM),
        task,
    )
    result = begin(model, task, Copies(), None, settings(epochs=epochs), folder).complete()
    return result, model


@pytest.mark.slow
def test_a_run_goes_on_with_the_share_and_the_draws_that_it_had(tmp_path, monkeypatch):
    whole, model = train(tmp_path / "whole")
    steps = 3 * Copies().steps(0)
    assert float(model.sampling.steps_done) == steps
    assert model.sampling.num_steps == steps
    asked, interrupt = [0], fitting.Session._interrupt

    def stop(self, request, save):
        asked[0] += 1
        request.signal = "SIGTERM" if asked[0] == 12 else request.signal
        interrupt(self, request, save)

    with monkeypatch.context() as patch:
        patch.setattr(fitting.Session, "_interrupt", stop)
        with pytest.raises(Interrupted):
            train(tmp_path / "cut")
    kept = Checkpoints(tmp_path / "cut").arrays()
    assert 0 < kept["model/sampling.steps_done"] < steps
    cut, _ = train(tmp_path / "cut")
    assert encode(cut.weights) == encode(whole.weights)


def test_it_learns_to_copy(tmp_path):
    result, _ = train(tmp_path, epochs=12)
    assert result.history[-1]["loss"] < 0.3 * result.history[0]["loss"]
