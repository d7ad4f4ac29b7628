"""A tiny run: a loader over arrays, a model with dropout, and a main for subprocess tests."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

from polymodal.core.contracts.target import Head


class Plan:
    def __init__(self, varies):
        self.edges = [[4, 8]] if varies else []


class ArrayLoader:
    """Batches of arrays in an order that depends on (epoch, step) alone, as the real loader does.

    `loss_scale`-free: weights are valid * accumulate / (valid rows of the effective batch).
    """

    def __init__(self, inputs, targets, batch_size, accumulate=1, shuffle=True, varies=False):
        self.inputs, self.targets = inputs, targets
        self.batch_size, self.accumulate, self.shuffle = batch_size, accumulate, shuffle
        self.plan = Plan(varies)
        self.varies = varies

    def __len__(self):
        return len(self.targets)

    def steps(self, epoch):
        whole = self.batch_size * self.accumulate
        return -(-len(self) // whole) * self.accumulate

    def rows_of(self, epoch, step):
        whole = self.batch_size * self.accumulate
        order = np.arange(len(self))
        if self.shuffle:
            order = np.random.default_rng([epoch, 1]).permutation(order)
        padded = np.full(-(-len(self) // whole) * whole, -1)
        for first in range(0, len(self), whole):
            part = order[first : first + whole]
            if len(part) == whole:
                padded[first : first + whole] = part
            else:  # ragged: spread over the micro-batches
                for i, piece in enumerate(np.array_split(part, self.accumulate)):
                    start = first + i * self.batch_size
                    padded[start : start + len(piece)] = piece
        return padded[step * self.batch_size : (step + 1) * self.batch_size]

    def epoch(self, epoch, start_step=0):
        for step in range(start_step, self.steps(epoch)):
            yield self.batch(epoch, step)

    def batches(self, epoch, steps):
        for step in steps:
            yield self.batch(epoch, step)

    def size_of(self, epoch, step):
        shape = self.batch(epoch, step)[0]["input_0"].shape[:-1]
        return shape, int(np.prod(shape))

    def batch(self, epoch, step):
        rows = self.rows_of(epoch, step)
        first = step - step % self.accumulate
        effective = np.concatenate([self.rows_of(epoch, first + i) for i in range(self.accumulate)])
        valid = rows >= 0
        array = self.inputs[np.maximum(rows, 0)] * valid.reshape(-1, *[1] * (self.inputs.ndim - 1))
        mask = valid
        if self.inputs.ndim == 3:
            length = 4 if self.varies and step % 2 == 0 else self.inputs.shape[1]
            array = array[:, :length]
            mask = np.repeat(valid[:, None], length, 1)
        weights = valid * self.accumulate / max(1, (effective >= 0).sum())
        return (
            {"input_0": array.astype("float32"), "input_0_mask": mask},
            np.where(valid, self.targets[np.maximum(rows, 0)], 0).astype("int32"),
            weights.astype("float32"),
        )


def make_data(rows=50, features=6, classes=3, seed=0, time=None):
    rng = np.random.default_rng(seed)
    shape = (rows, features) if time is None else (rows, time, features)
    inputs = rng.normal(size=shape).astype("float32")
    weights = np.random.default_rng(99).normal(size=(features, classes))
    flat = inputs if time is None else inputs.mean(1)
    return inputs, (flat @ weights).argmax(-1)


def make_model(dropout=0.2, units=8, classes=3, time=False, norm=True, own_loss=False):
    """With `own_loss` the model learns something more, and counts its task's loss alone."""
    import keras

    class Small(keras.Model):
        def __init__(self):
            super().__init__(name="small")
            self.hidden = keras.layers.Dense(units, activation="relu")
            self.blocks = [keras.layers.Dense(units)]
            self.norm = keras.layers.BatchNormalization() if norm else None
            self.dropout = keras.layers.Dropout(dropout, seed=5) if dropout else None
            self.head = keras.layers.Dense(classes, dtype="float32")
            self.own_loss = keras.metrics.Mean(name="own_loss") if own_loss else None
            self.reads_unlabelled, self.pretrains = own_loss, False

        def pretrain(self, alone):
            if self.pretrains != alone:
                self.pretrains, self.train_function = alone, None

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            if not training or self.own_loss is None:
                return loss
            self.own_loss.update_state(loss, sample_weight=keras.ops.shape(y_pred)[0])
            more = 0.01 * keras.ops.mean(keras.ops.square(y_pred))
            return float(not self.pretrains) * loss + more

        def call(self, inputs, training=None):
            x = inputs["input_0"]
            if time:
                x = keras.ops.mean(x, axis=1)
            x = self.blocks[0](self.hidden(x))
            if self.norm is not None:
                x = self.norm(x, training=training)
            if self.dropout is not None:
                x = self.dropout(x, training=training)
            return self.head(x)

    keras.utils.set_random_seed(3)
    return Small()


class Task(Head):
    monitor = ("accuracy", "max")

    def loss(self):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")


def accuracy(outputs):
    right = sum((o.logits.argmax(-1) == o.targets)[o.weights > 0].sum() for o in outputs)
    return {"accuracy": right / sum((o.weights > 0).sum() for o in outputs)}


def settings(**changes):
    from polymodal.training.steps.settings import Training

    given = {"epochs": 3, "learning_rate": 0.01, "batch_size": 8, "checkpoint_steps": 3} | changes
    return Training(**given)


def run(folder, *, jit=None, accumulate=1, val=True, own_loss=False, **changes):
    """Trains the tiny model in a folder, writes its weights, and returns the result."""
    from polymodal.bundle import weights
    from polymodal.training.loop.fit import begin

    chosen = settings(accumulate=accumulate, average=0.9, **changes)
    train = ArrayLoader(*make_data(50), chosen.batch_size, accumulate)
    held = ArrayLoader(*make_data(30, seed=1), 8, shuffle=False) if val else None
    model = make_model(own_loss=own_loss)
    result = begin(model, Task(), train, held, chosen, folder, score=accuracy, jit=jit).complete()
    weights.save(Path(folder) / "weights.safetensors", result.weights)
    return result


def left_by(folder):
    """Returns what a run leaves that has to be the same bytes: weights, history, curve.

    The seconds of an epoch are the clock's, so they are left out.
    """
    from polymodal.core.disk.files import sha256
    from polymodal.evaluation.plots.build import learning_curves
    from polymodal.evaluation.plots.render import render

    history = [json.loads(line) for line in (Path(folder) / "history.jsonl").open()]
    for entry in history:
        del entry["seconds"]
    curve = render(learning_curves(history)[0])
    return {
        "weights": sha256(Path(folder) / "weights.safetensors"),
        "history": history,
        "curve": (curve.svg, curve.png),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--limit", type=int, help="largest file in bytes")
    parser.add_argument("--signal", help="name:step, a signal this process sends itself")
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--own-loss", action="store_true")
    parser.add_argument("--pretrain", type=int, help="epochs without targets")
    given = parser.parse_args()
    if given.limit:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (given.limit, given.limit))
    if given.signal:
        _send_itself(*given.signal.split(":"))
    from polymodal.core.errors import PolymodalError

    try:
        run(
            given.folder,
            epochs=given.epochs,
            accumulate=given.accumulate,
            jit=given.jit or None,
            own_loss=given.own_loss,
            pretrain_epochs=given.pretrain,
        )
    except PolymodalError as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error


def _send_itself(name, step):
    """Sends the signal when the `step`-th batch is made, as if it came from outside."""
    import signal

    made = ArrayLoader.batch
    remaining = [int(step)]

    def batch(self, epoch, step):
        remaining[0] -= 1
        if remaining[0] == 0:
            os.kill(os.getpid(), getattr(signal, name))
        return made(self, epoch, step)

    ArrayLoader.batch = batch


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
