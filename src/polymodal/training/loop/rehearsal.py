"""Times a few steps of a model before training, for the forecast."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from polymodal.training.steps.feed import Feed

_SHARE = 0.03  # of the training that timing it may take
_MOST_SECONDS = 2.0  # that timing steps again may take, once everything is compiled
_FEW_STEPS = 20  # in a whole training: a very slow step is not taken twice there
_VERY_SLOW = 20.0  # seconds; a faster first step may be slow because it is compiled
_TURNS = 3  # fits of which the median counts
_COUNTED = 1000  # steps of an epoch whose sizes are looked at
_PROBE_SECONDS, _PROBE_SHARE = 60.0, 0.1  # that timing may take: the smaller of both


class Limit:
    """How long timing may take: a minute, and a tenth of the training as it is expected so far.

    A step that has begun is finished. Of each model the longest batch is timed in any case.

    Args:
        clock: function that returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self._clock, self._start = clock, clock()
        self._expected = 0.0  # of models that were timed before

    def is_over(self, expected: float) -> bool:
        """Returns whether nothing more is to be timed.

        Args:
            expected: float, seconds of training of the model that is timed, as far as known.
        """
        whole = self._expected + expected
        return self._clock() - self._start >= min(_PROBE_SECONDS, _PROBE_SHARE * whole)

    def add(self, expected: float) -> None:
        """Counts the training of a model that was timed."""
        self._expected += expected


class Pace(NamedTuple):
    """How long the parts of a training take, in seconds.

    Args:
        epoch: float, the steps of one epoch.
        validation: float, after each epoch.
        compiling: float, in the first epoch, for batch sizes not seen yet.
        tracing: float, the first batch of predictions of another size.
        row: float, the prediction of one row.
    """

    epoch: float = 0.0
    validation: float = 0.0
    compiling: float = 0.0
    tracing: float = 0.0
    row: float = 0.0


class Times(NamedTuple):
    """What was timed for batches of one size, in seconds: the first fit of one step, a later one,
    and each step of a longer fit."""

    first: float
    once: float
    step: float

    @property
    def overhead(self) -> float:
        """The overhead of a fit besides its steps."""
        return max(0.0, self.once - self.step)

    def scaled(self, factor: float) -> Times:
        """Returns the times of a batch of another size that was not timed itself."""
        return Times(self.first, self.overhead + factor * self.step, factor * self.step)


def rehearse(
    model: Any,
    train: Any,
    epochs: int,
    compiles: bool,
    validation: tuple[Any, Callable[[Any], Any]] | None,
    limit: Limit | None = None,
) -> Pace:
    """Returns the pace of a model, after some training steps on its longest batch.

    The caller puts its variables back. What was compiled stays, so little of the time is lost.

    Args:
        model: keras.Model, compiled.
        train: Loader of the train table.
        epochs: int, epochs to come.
        compiles: bool, whether each size of a batch is compiled by itself.
        validation: the loader of the rows held out, and what is done to such a loader after each
            epoch; None where none are.
        limit: Limit of all models of a run; None for one of its own.
    """
    limit = limit or Limit()
    num_steps = train.steps(0)
    sizes = _sizes(train)
    longest = max(sizes, key=lambda step: sizes[step][1])
    usual_shape = Counter(shape for shape, _ in sizes.values()).most_common(1)[0][0]
    usual = next(step for step, (shape, _) in sizes.items() if shape == usual_shape)
    some = _Some(train)
    feed = Feed(some)

    def fit(steps: Sequence[int]) -> float:
        some.steps_taken = steps
        return _seconds(lambda: _fit(model, feed, len(steps)))

    planned = epochs * num_steps
    times = {longest: _time(fit, longest, planned, limit)}
    if sizes[usual][0] != sizes[longest][0]:
        if limit.is_over(planned * times[longest].step):
            times[usual] = times[longest].scaled(sizes[usual][1] / max(1, sizes[longest][1]))
        else:
            times[usual] = _time(fit, usual, planned, limit)
    shapes = {shape for shape, _ in sizes.values()}
    compiling = 0.0
    if compiles:
        compiling = times[usual].first - times[usual].once
    epoch = epoch_seconds(
        [size for _, size in sizes.values()],
        num_steps,
        {sizes[step][1]: one.step for step, one in times.items()},
    )
    pace = Pace(
        epoch=times[usual].overhead + epoch,
        compiling=max(0.0, compiling) * (len(shapes) - len(times)),
    )
    if validation is not None:
        pace = _with_validation(pace, epochs, *validation, limit)
    limit.add(pace.compiling + epochs * (pace.epoch + pace.validation))
    return pace


def epoch_seconds(sizes: Sequence[int], num_steps: int, known: dict[int, float]) -> float:
    """Returns how long the steps of an epoch take, given the time of one or two sizes of a batch.

    Args:
        sizes: time steps and positions in each of some steps of an epoch.
        num_steps: int, steps of the epoch.
        known: {size: seconds of a step of that size}; with two, seconds grow evenly with size.

    Example:

    >>> epoch_seconds([10, 10, 20, 40], 8, {10: 1.0, 40: 2.5})
    12.0
    """
    small, large = min(known), max(known)
    slope = 0.0
    if large > small:
        slope = (known[large] - known[small]) / (large - small)
    slope = max(0.0, slope)  # a longer batch is never faster but by chance
    steps = [max(0.0, known[small] + slope * (size - small)) for size in sizes]
    return num_steps * sum(steps) / len(steps)


def _time(
    fit: Callable[[Sequence[int]], float], step: int, planned: int, limit: Limit | None = None
) -> Times:
    """Times fits of one batch: the first, a second and, where steps are short, one of more.

    The first is compiled in some seconds or minutes, which say nothing of a step.
    """
    first = fit([step])
    if first > _VERY_SLOW and planned < _FEW_STEPS:
        return Times(first, first, first)
    once = fit([step])
    if limit is not None and limit.is_over(first + planned * once):
        return Times(first, once, once)
    budget = min(_MOST_SECONDS, _SHARE * once * planned)
    count = int(budget / max(once, 1e-3)) // _TURNS
    if count < 2:
        return Times(first, once, once)
    turns = sorted(fit([step] * count) for _ in range(_TURNS))
    took = turns[_TURNS // 2]  # other work disturbs some of them
    return Times(first, once, min(once, max(0.3 * took / count, (took - once) / (count - 1))))


def _with_validation(
    pace: Pace, epochs: int, val: Any, validate: Callable[[Any], Any], limit: Limit
) -> Pace:
    some = _Some(val)
    some.steps_taken = [0]  # rows come in their order, so that any batch is as good
    rows = max(1, sum(val.rows_of(0, 0) >= 0))
    total = sum(int((val.rows_of(0, step) >= 0).sum()) for step in range(val.steps(0)))
    first = second = _seconds(lambda: validate(some))
    is_short = first < _MOST_SECONDS or first < _SHARE * epochs * (pace.epoch + first)
    if is_short and not limit.is_over(epochs * (pace.epoch + first)):
        second = min(first, _seconds(lambda: validate(some)))
    return pace._replace(
        validation=second * total / rows, tracing=first - second, row=second / rows
    )


def _fit(model: Any, feed: Feed, num_steps: int) -> None:
    try:
        model.fit(feed.epoch(0), steps_per_epoch=num_steps, shuffle=False, verbose=0)
    except Exception as error:
        if feed.error is not None and feed.error is not error:
            raise feed.error from error
        raise


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _sizes(loader: Any) -> dict[int, tuple[tuple[int, ...], int]]:
    """Returns {step: (shape of its batch, time steps and positions in it)} of an epoch."""
    num_steps = loader.steps(0)
    return {
        step: loader.size_of(0, step) for step in range(0, num_steps, -(-num_steps // _COUNTED))
    }


class _Some:
    """A loader that gives some steps of the first epoch of another, in any order."""

    def __init__(self, loader: Any):
        self.loader, self.plan = loader, getattr(loader, "plan", None)
        self.steps_taken: Sequence[int] = [0]

    def steps(self, epoch: int = 0) -> int:
        return len(self.steps_taken)

    def epoch(self, epoch: int = 0, start_step: int = 0) -> Iterator[tuple]:
        return self.loader.batches(0, self.steps_taken[start_step:])

    def rows_of(self, epoch: int, step: int) -> Any:
        return self.loader.rows_of(0, self.steps_taken[step])

    def steps_of(self, epoch: int, step: int) -> Any:
        return self.loader.steps_of(0, self.steps_taken[step])
