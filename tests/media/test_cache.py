"""The cache folder: bounded, shared, and safe against a kill."""

import errno
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.media import cache as cache_file
from polymodal.media import pack as pack_file
from polymodal.media.cache import Cache, default_folder, open_cache
from polymodal.media.kept import KeptMedia

KILOBYTE = np.zeros(1024, "uint8")


def fill(cache, key, num_items, used_at=None):
    with cache.writer(key, num_items) as writer:
        for item in range(num_items):
            writer.add(item, KILOBYTE)
    if used_at is not None:
        os.utime(cache.folder / f"{key}.pack", (used_at, used_at))
    return writer


def packs(cache):
    return sorted(path.stem for path in cache.folder.glob("*.pack"))


def test_what_was_written_is_found(tmp_path):
    fill(Cache(tmp_path), "a", 3)
    assert np.array_equal(Cache(tmp_path).open("a").get(2), KILOBYTE)
    assert Cache(tmp_path).open("b") is None


def test_the_pack_not_used_for_longest_goes_first(tmp_path):
    old = Cache(tmp_path)
    for age, key in enumerate(["second", "first", "third"]):
        fill(old, key, 10, used_at=[200, 100, 300][age])
    cache = Cache(tmp_path, max_bytes=30_000)
    writer = fill(cache, "new", 15)
    assert not writer.full
    assert packs(cache) == ["new", "third"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 30_000


def test_opening_counts_as_use_and_protects(tmp_path):
    old = Cache(tmp_path)
    fill(old, "a", 10, used_at=100)
    fill(old, "b", 10, used_at=200)
    cache = Cache(tmp_path, max_bytes=25_000)
    opened = cache.open("a")
    fill(cache, "new", 10)
    assert packs(cache) == ["a", "new"]
    assert np.array_equal(opened.get(0), KILOBYTE)


def test_a_pack_that_another_process_removes_stays_readable(tmp_path):
    fill(Cache(tmp_path), "a", 2)
    opened = Cache(tmp_path).open("a")
    (tmp_path / "a.pack").unlink()
    assert np.array_equal(opened.get(1), KILOBYTE)


def test_what_does_not_fit_is_left_out_and_the_rest_kept(tmp_path):
    cache = Cache(tmp_path, max_bytes=5_000)
    assert fill(cache, "a", 10).full
    pack = cache.open("a")
    assert [pack.get(item) is not None for item in range(10)] == [True] * 4 + [False] * 6
    assert (tmp_path / "a.pack").stat().st_size <= 5_000


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), Cache(tmp_path).writer("a", 1):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_once_and_the_rest_decoded_on_the_fly(tmp_path, monkeypatch, capsys):
    cache = Cache(tmp_path)
    written = []

    def write(handle, content, offset):
        if len(written) >= 4:  # the first item and its record go well
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(offset)
        return os.pwrite(handle, content, offset)

    monkeypatch.setattr(pack_file, "_write_all", write)
    assert fill(cache, "a", 5).full
    message = capsys.readouterr().err
    assert message.count("No space left on device") == 1
    assert "decoded every time" in message
    assert np.array_equal(cache.open("a").get(0), KILOBYTE)
    assert cache.open("a").get(4) is None


def test_a_killed_writer_leaves_no_pack_and_its_rest_is_removed_later(tmp_path):
    program = (
        "import numpy as np, sys\n"
        "from polymodal.media.cache import Cache\n"
        "with Cache(sys.argv[1]).writer('a', 1) as writer:\n"
        "    writer.add(0, np.zeros(9, 'uint8'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        env={**os.environ, "POLYMODAL_FAULT": "pack_synced"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    [rest] = tmp_path.iterdir()
    cache = Cache(tmp_path)
    assert rest.exists()  # it could belong to a process that still writes
    assert cache.open("a") is None
    os.utime(rest, (1, 1))
    assert Cache(tmp_path).open("a") is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecipeError, match="folder that can be written"):
        Cache(tmp_path / "file" / "cache")


def test_without_a_folder_that_can_be_written_media_stay_in_memory(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "file"))
    assert isinstance(open_cache(), KeptMedia)
    message = capsys.readouterr().err
    assert f"Got {tmp_path / 'file'}" in message
    assert re.search(r"decoded media are kept in up to [\d.]+ GB of memory\.", message)
    assert "What does not fit is decoded again in every epoch" in message
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "cache"))
    assert open_cache().folder == tmp_path / "cache"


def test_a_user_without_a_home_has_no_cache(monkeypatch, capsys):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(cache_file, "default_folder", homeless)
    assert isinstance(open_cache(), KeptMedia)
    assert "Got the user's home (Could not determine home directory.)" in capsys.readouterr().err


def test_a_folder_that_takes_no_more_files_is_told_of(tmp_path, capsys):
    cache = Cache(tmp_path / "cache")
    (tmp_path / "cache").rmdir()
    assert fill(cache, "a", 2).full
    assert "cannot grow (No such file or directory)" in capsys.readouterr().err


def test_the_folder_can_be_set(monkeypatch, tmp_path):
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("POLYMODAL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "polymodal"
