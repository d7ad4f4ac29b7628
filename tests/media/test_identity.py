"""Equal cells are one item; a changed file gives another key."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.media.identity import cell_hash, content_hash, distinct, pack_key
from polymodal.tables.table import read


@given(st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"))))
def test_rows_with_equal_cells_share_an_item(cells):
    slots, first = distinct(cells, len(cells))
    order = list(dict.fromkeys(cell for cell in cells if cell is not None))
    assert [cells[row] for row in first] == order
    assert slots.tolist() == [-1 if cell is None else order.index(cell) for cell in cells]


def test_cells_of_every_form_have_a_hash_of_their_own():
    cells = [
        "a",
        b"a",
        ["a"],
        ["a", "a"],
        ["aa"],
        {"path": "a"},
        {"path": "a", "offset": 1},
        {"path": "a", "offset": 2},
        {"bytes": b"a"},
        1,
        1.5,
        "",
        b"",
        "1",
        np.arange(2),
        np.arange(2.0),
        ["ab", "c"],
        ["a", "bc"],
    ]
    assert len({cell_hash(cell) for cell in cells}) == len(cells)
    assert cell_hash(None) == 0


def key(folder, settings=None):
    table = read({"audio": ["a.wav", "b.wav"]}, media_root=folder)
    return pack_key(settings or {}, table, "audio", np.array([0, 1]))


def test_a_changed_file_changes_the_key(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"one")
    absent = key(tmp_path)
    (tmp_path / "b.wav").write_bytes(b"two")
    base = key(tmp_path)
    assert base == key(tmp_path)
    (tmp_path / "b.wav").write_bytes(b"other")
    longer = key(tmp_path)
    os.utime(tmp_path / "b.wav", (1, 1))
    assert len({absent, base, longer, key(tmp_path)}) == 4


def pictures(folder, contents):
    folder.mkdir()
    for name, content in zip(["a.wav", "b.wav"], contents, strict=True):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1e9, 1e9))
    return folder


def test_files_of_another_folder_have_a_key_of_their_own(tmp_path):
    one = pictures(tmp_path / "one", [b"red", b"sea"])
    other = pictures(tmp_path / "other", [b"sky", b"red"])
    assert key(one) != key(other)
    (tmp_path / "link").symlink_to(one)
    assert key(tmp_path / "link") == key(one)


def test_a_change_that_keeps_size_and_time_changes_the_key(tmp_path):
    folder = pictures(tmp_path / "one", [b"red", b"sea"])
    before = key(folder)
    pictures(tmp_path / "new", [b"sky", b"sea"])
    os.replace(tmp_path / "new" / "a.wav", folder / "a.wav")
    assert key(folder) != before


def test_an_absent_file_is_absent_from_one_folder(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    assert key(tmp_path / "one") != key(tmp_path / "other")


@pytest.mark.parametrize(
    "form",
    [
        lambda p: str(p),
        lambda p: f"file://{p}",
        lambda p: {"path": str(p)},
        lambda p: [str(p)],
        lambda p: {"path": f"FILE://{p}", "start_seconds": 1.0},
    ],
)
def test_every_form_of_cell_follows_its_file(tmp_path, form):
    path = tmp_path / "a.wav"
    table = read({"audio": [form(path)]})
    absent = pack_key({}, table, "audio", np.array([0]))
    path.write_bytes(b"one")
    assert pack_key({}, table, "audio", np.array([0])) != absent


def test_arrays_of_other_content_type_or_shape_have_other_hashes():
    arrays = [
        np.arange(6, dtype="int16"),
        np.arange(6, dtype="int32"),
        np.ones(6, "int16"),
        np.arange(6, dtype="int16").reshape(2, 3),
    ]
    assert len({content_hash(array) for array in arrays}) == 4
    assert content_hash(arrays[0]) == content_hash(arrays[0].copy())


def test_other_preprocessing_changes_the_key(tmp_path):
    assert key(tmp_path, {"sample_rate": 8000}) != key(tmp_path, {"sample_rate": 16000})


def test_members_of_a_tar_file_follow_the_tar_file(tmp_path):
    def tar_key():
        table = read({"image": [{"path": "a.tar", "offset": 512, "size": 3}]}, media_root=tmp_path)
        return pack_key({}, table, "image", np.array([0]))

    before = tar_key()
    (tmp_path / "a.tar").write_bytes(b"x" * 9)
    assert tar_key() != before
