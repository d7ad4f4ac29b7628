"""Computational sequences of the CMU-MultimodalSDK: features with times, in HDF5 files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from polymodal.core.errors import DataError, PolymodalError
from polymodal.tables.formats._rows import Orphans, stream_rows

__all__ = ["read_csd"]

_LABELS = re.compile(r"label|opinion|sentiment|emotion", re.I)
_SEGMENT = re.compile(r"(.*)\[(\d+)\]")  # how the SDK names a segment after it aligned a video
_PAUSE = "sp"  # of a list of words
_INFINITE = "features have values that are not finite, which are set to 0"


def read_csd(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """Folder of `.csd` files, or one of them: one row per labelled segment of a video.

    Columns are `video`, `position` inside it, `start` and `end` in seconds, then one for each file:
    the features inside the segment as a list of vectors, words as a text. The file whose name says
    that it holds labels makes the rows and gives `label`, or one column for each dimension. Without
    such a file each entry is a row. Features belong to a segment if their middle lies in it.

    Source: Zadeh et al. 2018, https://github.com/CMU-MultiComp-Lab/CMU-MultimodalSDK.
    """
    files = sorted(path.glob("*.csd")) if path.is_dir() else [path]
    with ExitStack() as stack:
        sequences = [_Sequence(file, stack) for file in files]
        _check_labels(path.name, sequences)
        kinds = [one.column() for one in sequences]
    columns: dict[str, pa.DataType] = {
        "video": pa.string(),
        "position": pa.int64(),
        "start": pa.float64(),
        "end": pa.float64(),
    }
    for found in kinds:
        _check_new(path.name, found, columns)
        columns |= found
    return stream_rows(_rows(path.name, files), **columns)


class _Sequence:
    """One file, open.

    Args:
        path: Path.
        stack: closes the file.

    Raises:
        DataError: it is no such file.
        PolymodalError: h5py is not installed.
    """

    def __init__(self, path: Path, stack: ExitStack):
        try:
            import h5py
        except ImportError:
            raise PolymodalError(
                "Reading .csd files needs h5py. Got none. Install it: pip install 'polymodal[csd]'."
            ) from None
        try:
            root: Any = stack.enter_context(h5py.File(path, "r"))
            self.name: str = next(iter(root))
            self.data: Any = root[self.name]["data"]
            first = self.data[next(iter(self.data))]["features"]
            self.width: int = first.shape[-1] if first.ndim > 1 else 1
            self.is_text = first.dtype.kind in "SOU"
        except (OSError, KeyError, StopIteration, AttributeError, IndexError) as error:
            raise DataError(
                "is not a computational sequence, which has data/<video>/features.",
                "Write it with the SDK's deploy, or correct the path.",
                path=path.name,
                reason="not_a_csd",
            ) from error
        self.names = _dimensions(root[self.name], self.width)
        self._shown = path.name

    @property
    def has_labels(self) -> bool:
        """Whether its name says so."""
        return _LABELS.search(self.name) is not None and not self.is_text

    def column(self) -> dict[str, pa.DataType]:
        """Returns the columns that it makes, with their types."""
        if self.has_labels:
            return {name: pa.float64() for name in self.names}
        if self.is_text:
            return {self.name: pa.string()}
        return {self.name: pa.list_(pa.list_(pa.float32()))}

    def entry(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the features of an entry, (n, width), and their intervals, (m, 2).

        Raises:
            DataError: it lacks one of them, or has them in another form.
        """
        try:
            features = np.asarray(self.data[name]["features"])
            times = np.asarray(self.data[name]["intervals"], np.float64).reshape(-1, 2)
        except (KeyError, ValueError, TypeError) as error:
            raise DataError(
                f'needs features and intervals (start and end) of "{name}". Got others.',
                "Write it with the SDK's deploy.",
                path=self._shown,
                reason="not_a_csd",
            ) from error
        width = features.size // max(1, len(features))
        return features.reshape(len(features), width), times

    def labels(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the same of labels, of which each interval has one.

        Raises:
            DataError: it has more or fewer labels than intervals, or too many numbers in one.
        """
        labels, times = self.entry(name)
        if len(labels) != len(times):
            raise self._unequal(name, len(labels), len(times))
        if len(labels) and labels.shape[1] != self.width:
            raise DataError(
                f'has {labels.shape[1]} numbers in the labels of "{name}", and '
                f"{self.width} in those before.",
                "Write it with the SDK's deploy.",
                path=self._shown,
                reason="not_a_csd",
            )
        return labels.astype(np.float64), times

    def _unequal(self, name: str, features: int, times: int) -> DataError:
        return DataError(
            f'has {features:,} features and {times:,} intervals of "{name}".',
            "Each needs one. Write it with the SDK's deploy.",
            path=self._shown,
            reason="not_a_csd",
        )

    def within(self, key: str, video: str, start: float, end: float, orphans: Orphans) -> Any:
        """Returns what it holds of a segment, or None."""
        name = key if key in self.data else video
        if name not in self.data:
            return None
        features, times = self.entry(name)
        place = np.arange(len(features))
        if len(times) == len(features):
            middle = times.mean(axis=1)
            place = np.flatnonzero((middle >= start) & (middle <= end))
        elif not _SEGMENT.fullmatch(name):  # else all of it is of the segment
            raise self._unequal(name, len(features), len(times))
        if not len(place):
            return None
        found = features[place[0] : place[-1] + 1]
        if self.is_text:
            return _words(found)
        finite = np.isfinite(found)
        if not finite.all():
            orphans.add(_INFINITE, f"{self.name} of {key}")
            found = np.where(finite, found, 0)
        return found.astype(np.float32).tolist()


def _check_new(shown: str, found: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raises DataError where a sequence would make a column that is there already."""
    for name in found:
        if name in known:
            raise DataError(
                f'has two columns named "{name}".',
                "Leave one of its files out, or write it with another root name.",
                path=shown,
                reason="duplicate_columns",
            )


def _check_labels(shown: str, sequences: list[_Sequence]) -> None:
    """Raises DataError where several files have labels, or no file has anything else."""
    labelled = [one for one in sequences if one.has_labels]
    if len(labelled) > 1:
        raise DataError(
            f"has several files of labels: {', '.join(one.name for one in labelled)}.",
            "Leave one of them in the folder.",
            path=shown,
            reason="several_labels",
        )
    if len(labelled) == len(sequences):
        raise DataError(
            "has labels and no features.",
            "Name the folder that holds the files of features too.",
            path=shown,
            reason="no_features",
        )


def _rows(shown: str, files: list[Path]) -> Iterator[dict[str, Any]]:
    orphans = Orphans(shown)
    with ExitStack() as stack:
        sequences = [_Sequence(file, stack) for file in files]
        labelled = [one for one in sequences if one.has_labels]
        others = [one for one in sequences if one not in labelled]
        for segment in _segments((labelled or others)[0], bool(labelled)):
            key = segment.pop("key")
            features = {
                one.name: one.within(
                    key, segment["video"], segment["start"], segment["end"], orphans
                )
                for one in others
            }
            if any(value is not None for value in features.values()):
                yield segment | features
            else:
                orphans.add("segments have no features and are skipped", key)
    orphans.warn()


def _segments(source: _Sequence, has_labels: bool) -> Iterator[dict[str, Any]]:
    """Yields the segments of each video in order, with their labels."""
    for key in source.data:
        labels, times = source.labels(key) if has_labels else source.entry(key)
        if not len(times):
            continue
        named = _SEGMENT.fullmatch(key)
        video, number = (named[1], int(named[2])) if named else (key, 0)
        if named or not has_labels:  # one row for the entry
            spans = [(float(times.min()), float(times.max()))]
        else:
            spans = [(float(start), float(end)) for start, end in times]
        for place, row in enumerate(np.argsort([start for start, _ in spans], kind="stable")):
            found: dict[str, Any] = {
                "key": key,
                "video": video,
                "position": number + place,
                "start": spans[row][0],
                "end": spans[row][1],
            }
            if has_labels:
                found |= dict(zip(source.names, labels[int(row)].tolist(), strict=True))
            yield found


def _dimensions(root: Mapping[str, Any], width: int) -> list[str]:
    """Returns the names of a file's dimensions, as its metadata have them."""
    if width == 1:
        return ["label"]
    stored = root.get("metadata", {}).get("dimension names")
    if stored is not None:
        try:
            names = json.loads(np.asarray(stored).ravel()[0])
        except (ValueError, IndexError):
            names = []
        if isinstance(names, list) and len(names) == width == len(set(map(str, names))):
            return list(map(str, names))
    return [f"label_{place}" for place in range(width)]


def _words(found: np.ndarray) -> str | None:
    """Returns words as a text, without pauses."""
    words = [
        word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
        for word in found.ravel().tolist()
    ]
    return " ".join(word for word in words if word != _PAUSE) or None
