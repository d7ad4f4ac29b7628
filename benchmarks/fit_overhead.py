"""Measures what `fit` adds to the bare compiled step of a small model (batch 64, 64 units).

    python benchmarks/fit_overhead.py

Prints milliseconds a step for the bare step, for Keras' `fit` fed as Polymodal feeds it, and with
the callback of a run; and the seconds that one checkpoint takes. About 15 s on two cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from polymodal.training.loop.watch import Watch
from polymodal.training.saved.checkpoint import Checkpoints
from polymodal.training.steps.compiled import compiled
from polymodal.training.steps.feed import Feed
from small_run import ArrayLoader, Task, make_data, make_model, settings

STEPS = 1000


class Cached(ArrayLoader):
    """A loader that costs nothing, so that only `fit` is measured."""

    def prepare(self):
        self.batches = [self.batch(0, step) for step in range(super().steps(0))]
        return self

    def steps(self, epoch):
        return STEPS

    def epoch(self, epoch, start_step=0):
        for step in range(start_step, STEPS):
            yield self.batches[step % len(self.batches)]


def per_step(run) -> float:
    run()
    best = np.inf
    for _ in range(3):
        begin = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begin)
    return best / STEPS * 1000


def main() -> None:
    loader = Cached(*make_data(64 * 20, features=64, classes=10), 64).prepare()
    model = make_model(units=64, classes=10)
    chosen = settings(epochs=1, checkpoint_steps=None)
    jit = keras.backend.backend() == "jax"
    state = compiled(model, Task().loss(), loader, chosen, jit)
    feed = Feed(loader)

    def fit(callbacks):
        model.fit(
            feed.epoch(0),
            steps_per_epoch=STEPS,
            epochs=1,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )

    def watched():
        state.step = 0
        fit(
            [
                Watch(
                    state,
                    loader,
                    lambda: None,
                    lambda: False,
                    lambda save: None,
                    lambda n: None,
                    chosen,
                )
            ]
        )

    bare = _bare_step(model, loader)
    print(f"engine {keras.backend.backend()}, {STEPS} steps of 64 rows")
    if bare is not None:
        print(f"bare step        {per_step(bare):.3f} ms")
    print(f"fit              {per_step(lambda: fit([])):.3f} ms")
    print(f"fit with a run   {per_step(watched):.3f} ms")
    with tempfile.TemporaryDirectory() as folder:
        saved = Checkpoints(folder)
        begin = time.perf_counter()
        for _ in range(10):
            saved.save({**state.values(), "identity": {}, "finished": False}, state.arrays())
        print(f"checkpoint       {(time.perf_counter() - begin) * 100:.1f} ms")


def _bare_step(model, loader):
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    step = tf.function(model.train_step)
    batches = [tf.nest.map_structure(tf.constant, batch) for batch in loader.batches]

    def run():
        for index in range(STEPS):
            step(batches[index % len(batches)])

    return run


if __name__ == "__main__":
    main()
