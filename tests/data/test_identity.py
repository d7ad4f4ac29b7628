"""Equal cells are one item; a changed file gives another key."""

import os

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polymodal.data.identity import cell_hash, distinct, pack_key
from polymodal.data.table import read


@given(st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"))))
def test_rows_with_equal_cells_share_an_item(cells):
    slots, first = distinct(cells, len(cells))
    order = list(dict.fromkeys(cell for cell in cells if cell is not None))
    assert [cells[row] for row in first] == order
    assert slots.tolist() == [-1 if cell is None else order.index(cell) for cell in cells]


def test_cells_of_every_form_have_a_hash_of_their_own():
    cells = ["a", b"a", ["a"], ["a", "a"], ["aa"], {"path": "a"}, {"path": "a", "offset": 1},
             {"path": "a", "offset": 2}, {"bytes": b"a"}, 1, 1.5, "", b"", "1", np.arange(2),
             np.arange(2.0), ["ab", "c"], ["a", "bc"]]
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


def test_other_preprocessing_changes_the_key(tmp_path):
    assert key(tmp_path, {"sample_rate": 8000}) != key(tmp_path, {"sample_rate": 16000})


def test_members_of_a_tar_file_follow_the_tar_file(tmp_path):
    def tar_key():
        table = read({"image": [{"path": "a.tar", "offset": 512, "size": 3}]}, media_root=tmp_path)
        return pack_key({}, table, "image", np.array([0]))

    before = tar_key()
    (tmp_path / "a.tar").write_bytes(b"x" * 9)
    assert tar_key() != before
