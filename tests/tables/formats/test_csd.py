"""Computational sequences: features and labels with times, as the SDK deploys them."""

import json
import sys

import numpy as np
import pytest

from polymodal.core.errors import DataError, PolymodalError
from polymodal.profile.columns import infer_inputs
from polymodal.tables.table import read

h5py = pytest.importorskip("h5py")


def write(path, name, entries, dimensions=None):
    """Writes {video: (features, intervals)} in the layout of the SDK."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        root = file.create_group(name)
        data = root.create_group("data")
        for key, (features, intervals) in entries.items():
            entry = data.create_group(key)
            entry.create_dataset("features", data=features)
            entry.create_dataset("intervals", data=np.asarray(intervals, float))
        metadata = root.create_group("metadata")
        metadata.create_dataset("root name", data=[json.dumps(name).encode()])
        if dimensions:
            metadata.create_dataset("dimension names", data=[json.dumps(dimensions).encode()])


def dataset(folder):
    """Writes two videos of three opinions, in words and sound."""
    seconds = np.arange(8) / 2
    spans = np.stack([seconds, seconds + 0.5], 1)
    words = np.array([[b"sp"], [b"what"], [b"a"], [b"film"], [b"sp"], [b"not"], [b"for"], [b"me"]])
    sound = np.arange(16, dtype=float).reshape(8, 2)
    sound[3, 1] = -np.inf
    write(folder / "words.csd", "words", {"v1": (words, spans), "v2": (words, spans)})
    write(folder / "COVAREP.csd", "COVAREP", {"v1": (sound, spans), "v2": (sound, spans)})
    write(
        folder / "labels.csd",
        "Opinion Segment Labels",
        {
            "v1": ([[-1.2], [2.4]], [[2.0, 4.0], [0.0, 2.0]]),
            "v2": ([[0.6]], [[0.0, 4.0]]),
            "v3": ([[1.0]], [[0.0, 1.0]]),
        },
    )
    return folder


def test_segments_take_what_was_said_in_them(tmp_path, capfd):
    table = read(dataset(tmp_path / "mosi"))
    assert [table.cell(row, "video") for row in range(3)] == ["v1", "v1", "v2"]
    assert list(table.values("position")) == [0, 1, 0]
    assert list(table.values("label")) == [2.4, -1.2, 0.6]
    assert list(table.values("words")) == ["what a film", "not for me", "what a film not for me"]
    assert table.cell(0, "COVAREP") == [[0, 1], [2, 3], [4, 5], [6, 0]]
    printed = capfd.readouterr().err
    assert "values that are not finite, which are set to 0, such as COVAREP of v1" in printed
    assert "1 segments have no features and are skipped, such as v3" in printed
    kinds = {guess.name: guess.modality for guess in infer_inputs(table, "label")}
    assert kinds["COVAREP"] == "sequence"
    assert kinds["words"] == "text"


def test_one_file_and_aligned_segments(tmp_path):
    write(
        tmp_path / "glove.csd",
        "glove_vectors",
        {
            "v1[0]": (np.ones((3, 2)), [[0, 1], [1, 2], [2, 3]]),
            "v1[1]": (np.zeros((1, 2)), [[3, 4]]),
        },
    )
    table = read(tmp_path / "glove.csd")
    assert [
        (row["video"], row["position"], row["start"], row["end"])
        for row in map(table.row, range(2))
    ] == [("v1", 0, 0.0, 3.0), ("v1", 1, 3.0, 4.0)]
    assert len(table.cell(0, "glove_vectors")) == 3


def test_names_of_several_labels(tmp_path):
    features, spans = [[1.0, 0.0]], [[0, 1]]
    write(tmp_path / "x.csd", "sound", {"v": (features, spans)})
    write(tmp_path / "y.csd", "All Labels", {"v": (features, spans)}, ["mood", "anger"])
    assert read(tmp_path).row(0)["mood"] == 1.0
    write(tmp_path / "y.csd", "All Labels", {"v": (features, spans)})
    assert read(tmp_path).row(0)["label_1"] == 0.0
    write(tmp_path / "z.csd", "Emotion Labels", {"v": (features, spans)})
    with pytest.raises(DataError, match="several files of labels: All Labels, Emotion Labels"):
        read(tmp_path)


def test_other_files_and_a_missing_library_are_named(tmp_path, monkeypatch):
    (tmp_path / "bad.csd").write_bytes(b"no HDF5")
    with pytest.raises(DataError, match="is not a computational sequence"):
        read(tmp_path / "bad.csd")
    with h5py.File(tmp_path / "empty.csd", "w"):
        pass
    with pytest.raises(DataError, match="is not a computational sequence"):
        read(tmp_path / "empty.csd")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(PolymodalError, match=r"needs h5py. Got none. Install it: .*polymodal\[csd"):
        read(tmp_path / "bad.csd")


SPANS = [[0, 1], [1, 2]]


def odd(folder, **files):
    """Writes two segments with labels, next to files of features; a name says which it is."""
    write(folder / "labels.csd", "Opinion Segment Labels", {"v": ([[1.0], [-2.0]], SPANS)})
    write(folder / "words.csd", "words", {"v": (np.array([[b"a"], [b"b"]]), SPANS)})
    for name, (root, entries) in files.items():
        write(folder / f"{name}.csd", root, entries)
    return folder


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"labels": ("Opinion Segment Labels", {"v": ([[1.0]], SPANS)})},
            r'^labels\.csd has 1 features and 2 intervals of "v"\. Each needs one',
        ),
        (
            {"x": ("x", {"v": (np.ones((3, 2)), SPANS)})},
            r'^x\.csd has 3 features and 2 intervals of "v"',
        ),
        (
            {"x": ("x", {"v": (np.ones((2, 2)), [0, 1, 2])})},
            r'^x\.csd needs features and intervals \(start and end\) of "v"',
        ),
        (
            {"labels": ("All Labels", {"a": ([[1.0]], [[0, 1]]), "v": ([[1.0, 2]], [[0, 1]])})},
            r'has 2 numbers in the labels of "v", and 1 in those before',
        ),
        ({"x": ("video", {"v": (np.ones((2, 2)), SPANS)})}, 'has two columns named "video"'),
        ({"x": ("words", {"v": (np.ones((2, 2)), SPANS)})}, 'has two columns named "words"'),
    ],
)
def test_entries_that_do_not_fit_are_named(tmp_path, files, message):
    with pytest.raises(DataError, match=message):
        read(odd(tmp_path / "mosi", **files))


def test_an_entry_without_intervals_is_named(tmp_path):
    folder = odd(tmp_path / "mosi")
    with h5py.File(folder / "words.csd", "a") as file:
        del file["words/data/v/intervals"]
    with pytest.raises(DataError, match=r'^words\.csd needs features and intervals .* of "v"'):
        read(folder)


def test_labels_alone_are_no_table(tmp_path):
    with pytest.raises(DataError, match=r"has labels and no features\. Name the folder that holds"):
        read(odd(tmp_path / "mosi") / "labels.csd")


def test_empty_entries_and_features_of_one_number_are_read(tmp_path):
    sound = {"v": (np.array([3.0, 4.0]), SPANS), "w": (np.zeros((0, 1)), np.zeros((0, 2)))}
    labels = {"w": (np.zeros((0, 1)), np.zeros((0, 2))), "v": ([[1.0], [-2.0]], SPANS)}
    files = {"x": ("pitch", sound), "labels": ("Opinion Segment Labels", labels)}
    table = read(odd(tmp_path / "mosi", **files))
    assert list(table.values("pitch")) == [[[3.0]], [[4.0]]]
    assert list(table.values("label")) == [1.0, -2.0]
