"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path

from polymodal.core.disk.files import check_writable
from polymodal.core.disk.paths import user_path


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~") == tmp_path
    assert user_path(Path("~/runs/a")) == tmp_path / "runs" / "a"
    assert user_path("a/~/b") == Path("a/~/b")


def test_unknown_user_stays():
    assert user_path("~no_such_user_here/a") == Path("~no_such_user_here/a")


def test_outputs_are_checked_where_they_will_be(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_writable("~/runs/a", folder=True) == tmp_path / "runs" / "a"
