import json
import pickle
import zipfile

import numpy as np
import pytest

from polymodal.bundle.weights import MAX_HEADER_BYTES, encode, load, save
from polymodal.core.errors import BundleError

ARRAYS = {
    "b.kernel": np.arange(6, dtype="float32").reshape(2, 3),
    "a.count": np.int32([7]),
    "c.flag": np.array([True, False]),
    "d.empty": np.zeros((0, 3), "float32"),
}


@pytest.fixture
def path(tmp_path):
    save(tmp_path / "weights.safetensors", ARRAYS)
    return tmp_path / "weights.safetensors"


def raw(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def test_arrays_come_back_equal(path):
    loaded = load(path, ARRAYS)
    assert set(loaded) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype


def test_equal_arrays_give_equal_bytes_in_any_order():
    assert encode(ARRAYS) == encode(dict(reversed(ARRAYS.items())))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.pop("a.count"), 'also has "a.count"'),
        (lambda e: e.update(z=np.zeros(1)), 'lacks "z"'),
        (lambda e: e.update({"b.kernel": np.zeros((3, 2), "float32")}), r"needs shape \(3, 2\)"),
        (lambda e: e.update({"b.kernel": np.zeros((2, 3), "float64")}), "of float64. Got"),
    ],
)
def test_other_tensors_are_refused(path, change, message):
    expected = dict(ARRAYS)
    change(expected)
    with pytest.raises(BundleError, match=message):
        load(path, expected)


def test_many_missing_tensors_are_counted(path):
    with pytest.raises(BundleError, match="and 2 more"):
        load(path, {f"x{i}": np.zeros(1) for i in range(5)} | ARRAYS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"a": 1}), "a pickle, which is not opened"),
        (b"PK\x03\x04" + b"0" * 40, "a zip archive"),
        (b"\x89HDF\r\n\x1a\n" + b"0" * 40, "an HDF5 file"),
        (b"", "needs a safetensors header"),
        (b"abc", "needs a safetensors header"),
        (
            (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{}",
            f"Got {MAX_HEADER_BYTES + 1:,} bytes",
        ),
        ((2**63).to_bytes(8, "little") + b"{}", "needs a safetensors header"),
        ((400).to_bytes(8, "little") + b"{}", "in a file of 10"),
        (raw(b"{nonsense}"), "not JSON"),
        (raw(b"{" + b'"a":{' * 200_000), "not JSON"),
        (raw({"a": 3}), "entries that are not tensors"),
        (raw({"a": {"dtype": "Q7", "shape": [1], "data_offsets": [0, 1]}}, b"0"), "not tensors"),
        (raw({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, b"0000"), "damaged"),
        (raw({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"0000"), "damaged"),
        (raw({"a": {"dtype": "U8", "shape": [4], "data_offsets": [4, 8]}}, b"0" * 8), "damaged"),
        (raw({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}, b"0" * 9), "cut short"),
    ],
)
def test_files_that_are_not_whole_safetensors_are_refused(tmp_path, content, message):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=message):
        load(path, ARRAYS)


def test_a_pickle_is_never_executed(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    for protocol in range(5):
        (tmp_path / "w").write_bytes(pickle.dumps(Evil(), protocol))
        with pytest.raises(BundleError):
            load(tmp_path / "w")
    assert not (tmp_path / "ran").exists()


def test_a_zip_is_refused_as_such(tmp_path):
    with zipfile.ZipFile(tmp_path / "w", "w") as archive:
        archive.writestr("data.pkl", "x" * 100)
    with pytest.raises(BundleError, match="zip archive"):
        load(tmp_path / "w")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(BundleError, match="cannot be read: No such file"):
        load(tmp_path / "absent")


def test_what_was_loaded_outlives_the_file(path):
    loaded = load(path)
    save(path, {"other": np.zeros(1)})
    np.testing.assert_array_equal(loaded["b.kernel"], ARRAYS["b.kernel"])
