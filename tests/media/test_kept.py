"""Decoded media in memory: within a bound, the rest in a temporary file or decoded again."""

from __future__ import annotations

import shutil
import tempfile
from types import SimpleNamespace

import numpy as np
import pytest

from polymodal.core.memory import free_bytes, memory_bytes
from polymodal.media.kept import KeptMedia

ITEMS = [np.full(100, n, "uint8") for n in range(5)]


def fill(kept, key="a"):
    with kept.writer(key, len(ITEMS)) as writer:
        for item, value in enumerate(ITEMS):
            writer.add(item, value, content=item + 7)
    return kept.open(key)


def test_what_fits_is_kept_and_cannot_be_changed():
    kept = KeptMedia(500)
    pack = fill(kept)
    assert [pack.get(item).tolist() for item in range(5)] == [one.tolist() for one in ITEMS]
    assert [pack.hash(item) for item in range(5)] == [7, 8, 9, 10, 11]
    assert kept.summary() == ""
    assert kept.open("b") is None
    with pytest.raises(ValueError, match="read-only"):
        pack.get(0)[0] = 1


def test_a_view_keeps_no_more_than_its_own_bytes():
    kept = KeptMedia(500)
    with kept.writer("a", 1) as writer:
        writer.add(0, np.zeros((100, 100), "uint8")[0])
    assert kept.open("a").get(0).base is None


def test_what_does_not_fit_is_told_of_and_not_kept():
    kept = KeptMedia(250)
    pack = fill(kept)
    assert [pack.get(item) is None for item in range(5)] == [False] * 4 + [True]
    assert pack.hash(3) == 10
    kept.release()
    assert [pack.get(item) is None for item in range(5)] == [False, False, True, True, True]
    assert kept.summary() == (
        "2 of 5 decoded media fit in 2.5e-07 GB, a quarter of the free "
        "memory. The others are decoded again in every epoch."
    )


def test_what_does_not_fit_goes_into_a_temporary_file_where_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pack = fill(KeptMedia(250, spills=True))
    assert [pack.get(item).tolist() for item in range(5)] == [one.tolist() for one in ITEMS]
    assert [pack.hash(item) for item in range(5)] == [7, 8, 9, 10, 11]
    assert list(tmp_path.iterdir()) == []


def test_without_room_for_a_temporary_file_the_rest_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    pack = fill(KeptMedia(250, spills=True))
    assert pack.get(1) is not None
    assert pack.get(4) is None


def test_a_temporary_file_takes_at_most_half_of_the_free_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=2 * 500))
    pack = fill(KeptMedia(150, spills=True))  # header and records take 232 bytes
    assert [pack.get(item) is None for item in range(5)] == [False, False, False, True, True]


def test_an_unfinished_pack_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = KeptMedia(150, spills=True)

    def stop_halfway():
        with kept.writer("a", 5) as writer:
            writer.add(0, ITEMS[0])
            writer.add(1, ITEMS[1])
            raise KeyError

    with pytest.raises(KeyError):
        stop_halfway()
    assert kept.open("a") is None
    assert list(tmp_path.iterdir()) == []


def test_a_quarter_of_the_free_memory_is_taken_unless_said():
    assert 0 < free_bytes() <= memory_bytes()
    assert 0 < KeptMedia().max_bytes <= memory_bytes() // 4
