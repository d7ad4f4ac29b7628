from __future__ import annotations

import os
import subprocess
import sys

import pytest

from polymodal.core import faults
from polymodal.core.disk import files
from polymodal.core.errors import PolymodalError

WRITER = """
from polymodal.core.disk.files import write_folder
import sys
def fill(folder):
    (folder / "a").write_text(sys.argv[2])
    (folder / "b").write_text(sys.argv[2])
write_folder(sys.argv[1], fill)
"""


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    files.write_json(path, {"a": 1})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_json(path, {"a": 2})
    assert path.read_text().strip() == '{\n  "a": 1\n}'
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize(
    ("place", "folder"),
    [("new", True), ("new/deep", True), (".", True), ("new/deep/file", False), ("old", False)],
)
def test_what_can_be_written_is_let_through_and_nothing_is_made(tmp_path, place, folder):
    (tmp_path / "old").write_text("x")
    assert files.check_writable(tmp_path / place, folder) == tmp_path / place
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("place", "folder", "message"),
    [
        ("old", True, "old takes no files .Not a directory.. Choose another --out"),
        ("old/new", True, "old/new cannot be written: .*/old takes no files"),
        ("old/new", False, "old/new cannot be written: .*/old takes no files"),
        ("deep", False, "deep needs to be a file. It is a folder"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path, place, folder, message):
    (tmp_path / "old").write_text("x")
    (tmp_path / "deep").mkdir()
    with pytest.raises(PolymodalError, match=message):
        files.check_writable(tmp_path / place, folder)


def test_a_failed_write_names_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(OSError, match="absent") as raised:
        files.write_atomic(tmp_path / "absent" / "x.arpa", "x")
    assert raised.value.filename == str(tmp_path / "absent" / "x.arpa")


def test_a_failed_folder_leaves_nothing(tmp_path):
    def fill(folder):
        (folder / "half").write_text("x")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        files.write_folder(tmp_path / "out", fill)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("point", ["folder_written", "folder_synced", "folder_renamed"])
def test_a_killed_folder_write_is_whole_or_absent(tmp_path, point):
    out = tmp_path / "out"
    environment = {**os.environ, faults.VARIABLE: f"{point}:1"}
    command = [sys.executable, "-c", WRITER, str(out), "new"]
    result = subprocess.run(command, env=environment, check=False)
    assert result.returncode == -9
    if out.exists():
        assert [(out / name).read_text() for name in "ab"] == ["new", "new"]
    subprocess.run([sys.executable, "-c", WRITER, str(out), "newer"], check=True)
    assert [(out / name).read_text() for name in "ab"] == ["newer", "newer"]


def test_sha256_is_of_the_content(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert files.sha256(tmp_path / "f").startswith("ba7816bf8f01cfea")


@pytest.mark.parametrize(
    "name",
    [
        "../../up",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b\\c",
        "C:\\x",
        "nul\0",
        "x" * 500,
        "語" * 500,
        "\x1b[31m",
        ".hidden",
        "a\nb",
        "con. ",
    ],
)
def test_a_name_of_a_file_leads_nowhere_else(tmp_path, name):
    path = tmp_path / files.file_name(name)
    path.write_text("x")
    assert path.resolve().parent == tmp_path.resolve()
    assert path.name.isprintable()


def test_an_ordinary_name_stays():
    assert files.file_name("my table-größe (2)") == "my table-größe (2)"
