"""Packs: whole or absent, any order, any thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from polymodal.media.pack import Pack, PackWriter

ARRAYS = [
    np.arange(6, dtype="uint8").reshape(1, 2, 3),
    np.array([-1.5], "float32"),
    np.arange(5, dtype="int16"),
    np.ones((2, 3, 4, 5), "uint8"),
    np.array([True, False]),
]


def write(path, values):
    writer = PackWriter(path, len(values))
    for item, value in reversed(list(enumerate(values))):
        if value is not None:
            writer.add(item, value)
    writer.commit()
    return Pack(path)


def test_arrays_come_back_as_they_were(tmp_path):
    pack = write(tmp_path / "a.pack", ARRAYS)
    for item, array in enumerate(ARRAYS):
        found = pack.get(item)
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


def test_what_was_read_cannot_be_changed_in_place(tmp_path):
    found = write(tmp_path / "a.pack", ARRAYS).get(0)
    with pytest.raises(ValueError, match="read-only"):
        found[:] = 0


def test_an_item_that_was_not_written_is_absent(tmp_path):
    assert write(tmp_path / "a.pack", [ARRAYS[0], None, ARRAYS[1]]).get(1) is None


@pytest.mark.parametrize(
    "value", [np.zeros((0,), "int16"), np.zeros((1, 1, 1, 1, 1), "uint8"), np.array(["text"])]
)
def test_what_the_format_cannot_hold_is_absent(tmp_path, value):
    assert write(tmp_path / "a.pack", [value]).get(0) is None


def test_the_hash_of_the_content_is_kept(tmp_path):
    writer = PackWriter(tmp_path / "a.pack", 2)
    writer.add(1, ARRAYS[0], 2**64 - 1)
    writer.commit()
    pack = Pack(tmp_path / "a.pack")
    assert (pack.hash(0), pack.hash(1)) == (0, 2**64 - 1)


def test_threads_write_one_pack(tmp_path):
    writer = PackWriter(tmp_path / "a.pack", 400)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: writer.add(i, np.full(i % 50 + 1, i, "int32")), range(400)))
    writer.commit()
    pack = Pack(tmp_path / "a.pack")
    assert all((pack.get(i) == i).all() and len(pack.get(i)) == i % 50 + 1 for i in range(400))


def test_nothing_has_the_name_before_commit_and_nothing_stays_after_discard(tmp_path):
    writer = PackWriter(tmp_path / "a.pack", 1)
    writer.add(0, ARRAYS[0])
    assert not (tmp_path / "a.pack").exists()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"", lambda b: b"X" + b[1:]]
)
def test_a_damaged_file_is_no_pack(tmp_path, damage):
    path = tmp_path / "a.pack"
    write(path, ARRAYS)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="not a whole pack"):
        Pack(path)
