"""Small real parts for tests of the loader: numbers as sound, a label target, collation."""

from __future__ import annotations

import numpy as np

from polymodal.core.contracts.target import Target
from polymodal.core.errors import DataError
from polymodal.preprocess.modality import Modality
from polymodal.tables.table import read


class Ramp(Modality):
    """A media-like modality: the cell "n" is the n steps 1, 2, ..., n; "broken" cannot be read."""

    cached = True
    has_time = True

    def __init__(self, limit: int | None = None, scale: int = 1):
        self.limit, self.scale, self.num_decoded, self.fitted = limit, scale, 0, []

    @property
    def shape(self):
        return (None, 1)

    def decode(self, cell, root=None):
        self.num_decoded += 1
        if cell == "broken":
            raise DataError("is broken.", "Fix it.", path=cell, reason="broken_file")
        return np.arange(1, int(cell) + 1, dtype="int16") * self.scale

    def decode_key(self):
        return {"scale": self.scale}

    def fit(self, decoded):
        self.fitted = [len(value) for value in decoded]

    def augment(self, decoded, rng):
        return decoded + rng.integers(0, 1000)

    def encode(self, decoded):
        return decoded[: self.limit].astype("float32")[:, None]

    def length(self, decoded):
        return min(len(decoded), self.limit or len(decoded))

    def truncated(self, decoded):
        return self.limit is not None and len(decoded) > self.limit

    def state(self):
        return {}

    def restore(self, state):
        pass


class Number(Ramp):
    """A plain number, not worth a cache."""

    cached = False
    has_time = False
    shape = (1,)

    def decode(self, cell, root=None):
        if cell == "broken":
            raise DataError("is no number.", "Correct it.", reason="not_a_number")
        return float(cell)

    def fit(self, decoded):
        self.fitted = list(decoded)

    def augment(self, decoded, rng):
        return decoded

    def encode(self, decoded):
        return np.array([decoded], "float32")

    def length(self, decoded):
        return 1


class Label(Target):
    """Classes in the order of their first row."""

    def __init__(self):
        self.labels = []

    def fit(self, values):
        self.labels = list(dict.fromkeys(values))

    def read(self, value):
        return value

    def encode(self, value):
        if value not in self.labels:
            raise DataError(
                f'has "{value}", which is not a label of train.',
                "Correct it.",
                reason="unseen_label",
            )
        return np.int32(self.labels.index(value))


class Steps(Target):
    """One class for each step; "-" is a step that does not count."""

    has_time = True

    def fit(self, values):
        pass

    def read(self, value):
        return value

    def encode(self, value):
        return np.array([-1 if c == "-" else int(c) for c in value], "int32")

    def num_valid(self, encoded):
        return int((encoded >= 0).sum())


def collate(modality, arrays, length):
    there = np.array([array is not None for array in arrays])
    if not modality.has_time:
        rows = [np.zeros(modality.shape, "float32") if a is None else a for a in arrays]
        return np.stack(rows), there
    batch = np.zeros((len(arrays), length, 1), "float32")
    mask = np.zeros((len(arrays), length), bool)
    for row, array in enumerate(arrays):
        if array is not None:
            batch[row, : len(array)] = array
            mask[row, : len(array)] = True
    return batch, mask


def collate_targets(target, values, length):
    if length is None:
        valid = np.array([value is not None for value in values])
        return np.array([0 if v is None else v for v in values], "int32"), valid
    targets = np.zeros((len(values), length), "int32")
    valid = np.zeros((len(values), length), bool)
    for row, value in enumerate(values):
        if value is not None:
            targets[row, : len(value)] = np.maximum(value, 0)
            valid[row, : len(value)] = value >= 0
    return targets, valid


def table(**columns):
    """Returns a table in memory called train.csv."""
    return read(columns, name="train.csv")
