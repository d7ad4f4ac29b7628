"""Which rows come at which step: a pure function of (seed, epoch, step).

Rows are shuffled into effective batches of `batch_size * accumulate` rows. Each is then cut into
`accumulate` steps, so that 1 x 8, 2 x 4 and 4 x 2 rows train on the same rows in the same order.
"""

from __future__ import annotations

import hashlib
import json
import threading

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.feed.chances import checked_chances, repeated
from polymodal.profile.sharing import FILLER, Sharing, spread

_ABSENT = -2  # fills the lines of batches that have fewer rows than the largest
_GRID = 8  # padded lengths are multiples of this many time steps
_MAX_EDGES = 256  # candidates for an edge; longer inputs are rounded up to a coarser grid
_AT_ONCE = 1 << 16  # rows whose buckets are looked up at a time
_SHORT = 32  # steps; padding to so few costs less than batches of one kind of row
_FINE_GRID = 2  # of lengths that short, if all batches have as many steps
_STEPS_PER_BUCKET = 3  # fewer batches than this in a bucket are not worth one more compiled shape
_ENOUGH = 0.1  # share of padding below which more buckets, each a shape to compile, gain little
_TOO_MUCH = 0.15  # share of padding above which rows are also sorted by a second input
_COUNTED = 1000  # steps of an epoch in which padding is counted


class Plan:
    """The order of data: rows shuffled, sorted into length buckets, cut into batches, shuffled.

    Every row comes exactly once per epoch, unless `chances` say otherwise. Batches hold rows of one
    bucket, except for the few that cross a border. One batch per epoch is padded with -1 when the
    rows do not divide evenly, at a random position so that no kind of row is always in it.

    Args:
        num_rows: int, rows of an epoch, at least 1.
        batch_size: int, rows of a step.
        seed: int, of the shuffling.
        lengths: (num_rows, columns) int, time steps of each row and input; None when there is no
            time axis.
        num_buckets: int, padded lengths of an input, at most; fewer where a tenth of what is
            computed, or less, is padding.
        shuffle: bool, False keeps the rows in order inside their bucket and the batches in order.
        accumulate: int, steps of one effective batch; the steps of an epoch are a multiple.
        batch_tokens: int, time steps that a batch holds at most, padding included, of the input
            that decides the buckets, and `places`: batches of short rows have more rows, those of
            long ones fewer, and none crosses a border. 0 for as many as `batch_size` rows need on
            average, where there are buckets; None for `batch_size` rows in each.
        items: (num_rows,) whole numbers, -1 where missing: rows with the same number share a
            media file, and several of them are put into one batch, so that it has few files.
            None for independent rows, as always with buckets.
        rows_per_item: int, most rows of one item in a batch.
        places: int, positions computed for each row besides its time steps, such as those of an
            image.
        chances: (num_rows,) float, how often a row comes in relation to others; rows then repeat
            or are left out, each as near to its share as whole numbers allow, and an epoch stays as
            long. None for every row once. Not together with `items`.

    Attributes:
        num_items: int or None, most different items of a batch, if they are shared.

    Raises:
        RecipeError: a number is below 1, or `lengths` has another number of rows.

    Example:

    >>> plan = Plan(5, batch_size=2, seed=0)
    >>> plan.steps(epoch=0)
    3
    >>> sorted(int(row) for step in range(3) for row in plan.batch(0, step)[0])
    [-1, 0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        num_rows: int,
        batch_size: int,
        seed: int = 0,
        lengths: np.ndarray | None = None,
        num_buckets: int = 8,
        shuffle: bool = True,
        accumulate: int = 1,
        batch_tokens: int | None = None,
        items: np.ndarray | None = None,
        rows_per_item: int = 1,
        places: int = 0,
        chances: np.ndarray | None = None,
    ):
        _check(
            num_rows=num_rows,
            batch_size=batch_size,
            num_buckets=num_buckets,
            accumulate=accumulate,
            batch_tokens=batch_tokens or 1,
            rows_per_item=rows_per_item,
        )
        self.num_rows, self.batch_size, self.seed = num_rows, batch_size, seed
        self.shuffle, self.accumulate, self.places = shuffle, accumulate, places
        self.lengths = np.zeros((num_rows, 0), "int32") if lengths is None else _columns(lengths)
        if len(self.lengths) != num_rows:
            raise RecipeError(
                f"Plan needs lengths of shape ({num_rows}, columns). Got {self.lengths.shape}. "
                "Give one line of lengths for each row."
            )
        about = -(-num_rows // (batch_size * accumulate))  # updates of an epoch
        if batch_tokens and self.lengths.size:
            total = self._computed(self.lengths.sum(axis=0, dtype="int64").max())
            about = -(-total // (batch_tokens * accumulate))
        wanted = min(num_buckets, max(1, about // _STEPS_PER_BUCKET))
        sorts_short = batch_tokens is not None
        self.edges = [_edges_of(column, wanted, sorts_short, places) for column in self.lengths.T]
        self._column = self._deciding_column()
        self._bucket = self._bucket_of_rows(self._column)
        self._beside: np.ndarray | None = None  # bucket of another column, sorted by inside
        if batch_tokens == 0 and self._bucket is not None:
            padded = np.bincount(self._bucket) @ self.edges[self._column]
            batch_tokens = -(-batch_size * self._computed(padded) // num_rows)
        self.batch_tokens = batch_tokens or None
        self._groups = self._group_sizes()
        self.num_steps = accumulate * sum(
            -(-rows // (size * accumulate)) for rows, size in self._groups
        )
        self._sharing: Sharing | None = None
        together = self._bucket is None and self._groups == [(num_rows, batch_size)]
        if items is not None and rows_per_item > 1 and shuffle and together:
            self._sharing = Sharing(items, rows_per_item, batch_size, accumulate)
            self.num_steps = self._sharing.num_steps
        self.num_items = self._sharing and self._sharing.num_items
        self._chances = checked_chances(chances, num_rows, self._sharing is not None)
        self._lock = threading.Lock()
        self._epoch: tuple[int, np.ndarray] | None = None
        if sorts_short and self._bucket is not None and self.padding() > _TOO_MUCH:
            self._beside = self._bucket_beside()
            self._epoch = None  # the order that was counted

    def steps(self, epoch: int = 0) -> int:
        """Returns the number of steps of an epoch; it is the same for every epoch."""
        return self.num_steps

    @property
    def batch_sizes(self) -> list[int]:
        """The numbers of rows, filler included, that batches have."""
        return sorted({size for _, size in self._groups})

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, tuple[int, ...]]:
        """Returns the rows of one step and the padded length of each column of `lengths`.

        Returns:
            (rows of the batch,) int32, positions in 0..num_rows-1, or -1 for filler; and one
            padded length for each column.
        """
        rows = self._order(epoch)[step]
        rows = rows[rows != _ABSENT]
        real = rows[rows >= 0]
        if not len(real):
            return rows, tuple(int(edges[0]) for edges in self.edges)
        longest = self.lengths[real].max(axis=0)
        return rows, tuple(
            int(edges[np.searchsorted(edges, length)])
            for edges, length in zip(self.edges, longest, strict=True)
        )

    def effective_rows(self, epoch: int, step: int) -> np.ndarray:
        """Returns the rows, without filler, of the effective batch that `step` belongs to."""
        first = step - step % self.accumulate
        rows = self._order(epoch)[first : first + self.accumulate]
        return rows[rows >= 0]

    def fingerprint(self) -> str:
        """Returns a sha256 of all that the order depends on: rows, lengths and settings."""
        settings = [
            self.num_rows,
            self.batch_size,
            self.seed,
            self.shuffle,
            self.accumulate,
            self.batch_tokens,
            [edges.tolist() for edges in self.edges],
        ]
        digest = hashlib.sha256(json.dumps(settings).encode())
        for column in self.lengths.T:
            digest.update(column.astype("int32").tobytes())
        if self._chances is not None:
            digest.update(self._chances.tobytes())
        if self._sharing is not None:
            digest.update(f"{self._sharing.rows_per_item}".encode())
            digest.update(np.ascontiguousarray(self._sharing.items).data)
        return digest.hexdigest()

    def padding(self) -> float:
        """Returns the share of computed time steps and positions that are padding, 0..1, of inputs
        and target together; counted in at most 1,000 steps of the first epoch."""
        timed = np.flatnonzero(self.lengths.any(axis=0))
        computed = real = 0
        for step in range(0, self.num_steps, -(-self.num_steps // _COUNTED)):
            rows, padded = self.batch(0, step)
            there = rows[rows >= 0]
            computed += len(rows) * (self.places + sum(padded[column] for column in timed))
            real += len(there) * self.places + int(self.lengths[there].sum())
        if computed:
            return 1 - real / computed
        return 0.0

    def _computed(self, steps: int | np.integer | np.ndarray) -> int:
        """Returns the steps and positions of all rows, given the steps."""
        return int(steps) + self.num_rows * self.places

    def _waste(self) -> list[int]:
        """Returns the padding of each column, all its rows padded to the longest; 0 where they are
        anyway."""
        return [
            int(edges[-1]) * self.num_rows - int(column.sum(dtype="int64")) if len(edges) > 1 else 0
            for edges, column in zip(self.edges, self.lengths.T, strict=True)
        ]

    def _deciding_column(self) -> int:
        """Returns the column in which padding to the longest row would waste most."""
        waste = self._waste()
        if not any(waste):
            waste = [int(edges[-1]) for edges in self.edges]
        if waste:
            return int(np.argmax(waste))
        return 0

    def _bucket_beside(self) -> np.ndarray | None:
        """Returns the bucket of rows in the column that would waste most after the deciding one."""
        waste = self._waste()
        waste[self._column] = 0
        if any(waste):
            return self._bucket_of_rows(int(np.argmax(waste)))
        return None

    def _bucket_of_rows(self, column: int) -> np.ndarray | None:
        if not self.edges or len(self.edges[column]) == 1:
            return None
        bucket = np.zeros(self.num_rows, "uint8")
        for edge in self.edges[column][:-1]:
            bucket += self.lengths[:, column] > edge
        return bucket

    def _group_sizes(self) -> list[tuple[int, int]]:
        """Returns the rows and the batch size of each group that batches stay within.

        Sizes come as even as they can, so that little filler is needed.
        """
        if not self.batch_tokens or not self.edges:
            return [(self.num_rows, self.batch_size)]
        edges = self.edges[self._column]
        if self._bucket is None:
            counts = [self.num_rows]
        else:
            counts = np.bincount(self._bucket, minlength=len(edges)).tolist()
        groups = []
        for rows, edge in zip(counts, edges, strict=True):
            most = max(1, self.batch_tokens // max(1, self.places + int(edge)))
            batches = -(-rows // (most * self.accumulate)) * self.accumulate
            groups.append((rows, -(-rows // max(1, batches))))
        return [group for group in groups if group[0]]

    def _order(self, epoch: int) -> np.ndarray:
        """Returns the rows of an epoch, (steps, batch_size) int32; the last one asked is kept."""
        with self._lock:
            if self._epoch is None or self._epoch[0] != epoch:
                self._epoch = None  # let the old order go before the new one is made
                self._epoch = epoch, self._draw(epoch)
            return self._epoch[1]

    def _draw(self, epoch: int) -> np.ndarray:
        random = generator(self.seed, epoch)
        if self._sharing is not None:
            order = self._sharing.draw(random)
            random.shuffle(order)
            return order.reshape(self.num_steps, -1)
        rows = np.arange(self.num_rows, dtype="int32")
        if self._chances is not None:
            rows = repeated(self._chances, self._bucket, random)
        if self.shuffle:
            random.shuffle(rows)
        for bucket in (self._beside, self._bucket):
            if bucket is not None:
                rows = _sorted_by(rows, bucket)
        first, parts = 0, []
        widest = max(size for _, size in self._groups)
        for count, size in self._groups:
            part = self._cut(rows[first : first + count], size, random)
            if size < widest:
                absent = np.full((*part.shape[:2], widest - size), _ABSENT, "int32")
                part = np.concatenate([part, absent], axis=-1)
            parts.append(part)
            first += count
        order = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if self.shuffle:
            random.shuffle(order)
        return order.reshape(self.num_steps, widest)

    def _cut(self, rows: np.ndarray, batch_size: int, random: np.random.Generator) -> np.ndarray:
        """Cuts rows into (effective batches, accumulate, batch_size), one of them padded."""
        size = batch_size * self.accumulate
        batches, left = divmod(len(rows), size)
        if self.shuffle and left:
            place = int(random.integers(batches + 1))
        else:
            place = batches
        order = np.full((batches + bool(left), self.accumulate, batch_size), FILLER, "int32")
        flat = order.reshape(-1)
        flat[: place * size] = rows[: place * size]
        if left:
            spread(order[place], rows[place * size : place * size + left])
            flat[(place + 1) * size :] = rows[place * size + left :]
        return order


def bucket_edges(
    lengths: np.ndarray, num_buckets: int, enough: float = 0.0, places: int = 0, grid: int = _GRID
) -> np.ndarray:
    """Returns the padded lengths for rows of these lengths, ascending, at most `num_buckets`, and
    no more than leave a share of `enough` of what is computed, `places` of each row included, as
    padding.

    They are the multiples of `grid` with the least total padding, so a few very long rows get a
    bucket of their own (quantiles would pad a quarter of all rows to the longest). A single length
    is kept as it is. Missing inputs, of length 0, do not count; if all are missing there is one
    step.
    """
    rows_of = np.bincount(lengths)  # rows by length
    rows_of[0] *= not rows_of[1:].any()
    known = np.flatnonzero(rows_of)
    if len(known) == 1:
        return np.maximum(known, 1).astype("int32")  # engines refuse an axis of no steps
    grid *= max(1, -(-int(known[-1]) // (grid * _MAX_EDGES)))
    counts = np.bincount(-(-known // grid), rows_of[known])  # rows by length in grid steps
    steps = np.flatnonzero(counts)  # lengths, in grid steps, that an edge may have
    rows = np.cumsum(counts[steps])  # rows up to each of them
    added = (rows[None, :] - np.append(0, rows)[:, None]) * steps[None, :].astype("float64")
    added[np.tril_indices(len(rows) + 1, -1, len(rows))] = np.inf  # (from edge, to edge)
    cost, chosen = added[0], []
    beside = places * float(rows_of[known].sum()) / grid
    real = float(known @ rows_of[known]) / grid + beside
    for _ in range(min(num_buckets, len(steps)) - 1):
        if (cost[-1] + beside) * (1 - enough) <= real:
            break
        through = cost[:, None] + added[1:]
        chosen.append(through.argmin(axis=0))
        cost = through.min(axis=0)
    edges = [len(steps) - 1]
    for best in reversed(chosen):
        edges.append(int(best[edges[-1]]))
    return (np.unique(steps[edges]) * grid).astype("int32")


def _edges_of(column: np.ndarray, num_buckets: int, sorts_short: bool, places: int) -> np.ndarray:
    """Returns the padded lengths of a column; one for short rows, unless they are sorted too."""
    grid = _GRID
    if column.max() <= _SHORT:
        num_buckets, grid = (num_buckets, _FINE_GRID) if sorts_short else (1, _GRID)
    return bucket_edges(column, num_buckets, _ENOUGH, places, grid)


def _sorted_by(rows: np.ndarray, bucket: np.ndarray) -> np.ndarray:
    """Sorts by bucket, keeping the order inside, with little memory next to the two orders."""
    drawn = np.empty(len(rows), "uint8")
    for start in range(0, len(rows), _AT_ONCE):  # numpy makes an index of 8 bytes of each number
        drawn[start : start + _AT_ONCE] = bucket[rows[start : start + _AT_ONCE]]
    result, filled = np.empty_like(rows), 0
    for number in range(int(bucket.max()) + 1):
        part = rows[drawn == number]
        result[filled : filled + len(part)] = part
        filled += len(part)
    return result


def _columns(lengths: np.ndarray) -> np.ndarray:
    lengths = np.asarray(lengths)
    if lengths.ndim == 1:
        return lengths[:, None]
    return lengths


def _check(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            hint = "Give a whole number from 1."
            if name == "num_rows":
                hint = "No row is left to train on: see the counts of dropped rows."
            raise RecipeError(f"Plan needs {name} of at least 1. Got {value}. {hint}")
