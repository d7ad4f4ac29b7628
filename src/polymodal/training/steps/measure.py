"""Decides precision and compilation by measurement, once, and saves the decision.

Neither is always faster: compiling made a recurrent network 1.3 times faster and a convolutional
one 1.7 times slower on the same machine. Models made for measuring are discarded, so that nothing
of them reaches the run.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras

from polymodal.bundle.names import variable_names
from polymodal.core.disk.files import write_json
from polymodal.core.printed.progress import say
from polymodal.training.steps.feed import first_batch
from polymodal.training.steps.history import duration
from polymodal.training.steps.optimizer import make_optimizer
from polymodal.training.steps.settings import Training

FILE = "decision.json"
_MIN_SECONDS = 900  # a shorter run gains less than measuring and compiling four ways cost
_STEPS = 3
_FORWARDS = 4  # forward passes that one step takes as long as: gradients are two, the rest one


@dataclass(frozen=True)
class Decision:
    """How steps are computed.

    Args:
        precision: "float32" or "mixed_bfloat16", for keras.config.set_dtype_policy.
        jit: bool.
        reason: str, shown to people.
    """

    precision: str
    jit: bool
    reason: str


def decide(
    model: Any,
    build: Callable[[], Any],
    task: Any,
    train: Any,
    settings: Training,
    folder: str | Path | None,
) -> Decision:
    """Returns the decision of a run: the one written in its folder, or a new one.

    Args:
        model: keras.Model as `build` makes it; its outputs are looked at, and nothing is trained.
        build: makes a model under the dtype policy that is set when it is called.
        task: object with `loss()`.
        train: loader of the train table.
        settings: Training with epochs and learning rate.
        folder: the run's folder; `decision.json` is written there. None: nothing is.
    """
    if folder is None:
        return _by_rule(settings) or _by_measuring(model, build, task, train, settings)
    path = Path(folder) / FILE
    if path.exists():
        return Decision(**json.loads(path.read_text(encoding="utf-8")))
    decision = _by_rule(settings) or _by_measuring(model, build, task, train, settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(decision))
    return decision


def _by_rule(settings: Training) -> Decision | None:
    """Returns the decision where there is nothing to measure, else None."""
    engine = keras.backend.backend()
    precision, jit = settings.precision, settings.jit
    if precision == "auto" and _on_accelerator(engine):
        precision = "mixed_bfloat16"
    if jit == "auto" and engine != "tensorflow":
        jit = engine == "jax"  # JAX always compiles; torch.compile needs a C++ compiler
    if precision == "auto" or jit == "auto":
        return None
    asked = "by device"
    if (settings.precision, settings.jit) == (precision, jit):
        asked = "asked for"
    return Decision(precision, jit, asked)


def _on_accelerator(engine: str) -> bool:
    if engine == "tensorflow":
        import tensorflow as tf

        return bool(
            tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("TPU")
        )
    if engine == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import torch

    return torch.cuda.is_available()


def _by_measuring(model: Any, build: Any, task: Any, train: Any, settings: Training) -> Decision:
    steps = sum(train.steps(epoch) for epoch in range(settings.planned_epochs))
    engine = keras.backend.backend()
    if settings.precision == "auto":
        precisions = ["float32", "mixed_bfloat16"]
    else:
        precisions = [settings.precision]
    jits = [False, True]
    if engine != "tensorflow":
        jits = [engine == "jax"]
    elif settings.jit != "auto":
        jits = [bool(settings.jit)]
    expected = steps * _rough_step(model, train)
    if expected >= _MIN_SECONDS and engine == "tensorflow":
        import tensorflow as tf

        expected = steps * _rough_step(tf.function(model), train)
    if expected < _MIN_SECONDS:
        return _short(precisions[0], jits[0], expected)
    best, first, seconds = (math.inf, precisions[0], jits[0]), None, {}
    for precision, jit in itertools.product(precisions, jits):
        setup, step = _time(build, task, train, settings, precision, jit)
        total = setup + step * steps
        seconds[f"{precision}{' compiled' * jit}"] = round(step * 1000, 2)
        if first is None:
            first = total
        if total < 0.9 * best[0]:  # a small gain is not worth a difference
            best = total, precision, jit
        if first < _MIN_SECONDS:
            return _short(precision, jit, total)
    shown = ", ".join(f"{name} {ms} ms" for name, ms in seconds.items())
    say(f"Fastest step: {best[1]}{', compiled' * best[2]} ({shown}).")
    return Decision(best[1], best[2], f"measured: {shown}")


def _short(precision: str, jit: bool, seconds: float) -> Decision:
    return Decision(precision, jit, f"{duration(seconds)} expected: too short to measure")


def _rough_step(forward: Callable[[Any], Any], train: Any) -> float:
    """Returns a quick upper estimate of a step's seconds: four forward passes, the best of some."""
    inputs = first_batch(train)[0]
    forward(inputs)
    return _FORWARDS * min(_seconds(lambda: forward(inputs)) for _ in range(3))


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _time(build, task, train, settings, precision, jit) -> tuple[float, float]:
    """Returns the seconds that making and the first steps take, and those of one step after."""
    before = keras.config.dtype_policy()
    start = time.perf_counter()
    try:
        keras.config.set_dtype_policy(precision)
        model = build()
        batches = list(itertools.islice(itertools.cycle(train.epoch(0, 0)), _STEPS))
        if not model.built:
            model(batches[0][0])
        optimizer = make_optimizer(variable_names(model), settings, 1)
        model.compile(optimizer=optimizer, loss=task.loss(), jit_compile=jit)
        for batch in batches:  # every shape that comes is compiled here
            model.train_on_batch(*batch)
        setup = time.perf_counter() - start
        return setup, min(_seconds(lambda b=batch: model.train_on_batch(*b)) for batch in batches)
    finally:
        keras.config.set_dtype_policy(before)
