"""Names from a folder outside the package, and from installed packages."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

import plugin_folder
from polymodal.core import lookup, plugins
from polymodal.core.disk.files import sha256
from polymodal.core.errors import RecipeError
from polymodal.tables.table import read


@pytest.fixture
def folder(tmp_path):
    """A folder of parts that is in use."""
    path = plugin_folder.write(tmp_path / "mine")
    plugins.use_plugins(path)
    yield path
    plugins.use_plugins(None)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """An installed package that offers a format."""
    (tmp_path / "semicolons_for_all.py").write_text(plugin_folder.FORMAT)
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("semi", "semicolons_for_all:read_semicolons", "polymodal.tables.formats")
    monkeypatch.setattr(plugins, "_installed", lambda: {point.group: [point]})
    plugins.files.cache_clear()
    yield tmp_path / "semicolons_for_all.py"
    plugins.files.cache_clear()
    sys.modules.pop("semicolons_for_all", None)


def test_names_of_a_folder_stand_next_to_those_of_the_package(folder):
    assert "lines" in lookup.names("encoders")
    assert "convnet" in lookup.names("encoders")
    assert lookup.describe("encoders")["lines"] == "A token for each line of a picture."
    assert "semicolons" in lookup.names("tables.formats")
    assert not [name for name in sys.modules if name.startswith("polymodal_plugins.")]


def test_a_folder_is_forgotten(folder):
    plugins.use_plugins(None)
    assert "lines" not in lookup.names("encoders")


def test_names_of_the_package_cannot_be_overridden(folder):
    (folder / "fusion" / "concat.py").write_text("")
    plugins.use_plugins(folder)
    with pytest.raises(RecipeError, match=r'The fusion "concat" cannot be overridden\. Got a plu'):
        lookup.find("fusion", "gated")


def test_a_table_of_a_format_from_outside_is_recognised(folder, tmp_path):
    (tmp_path / "a.semi").write_text("word;count\none;1\ntwo;2\n")
    assert read(tmp_path / "a.semi").row(1) == {"word": "two", "count": "2"}


def test_an_installed_package_offers_names(installed):
    assert "semi" in lookup.names("tables.formats")
    assert lookup.find("tables.formats", "semi").__name__ == "read_semicolons"
    assert lookup.used_plugins([("tables.formats", "semi"), ("tables.formats", "csv")]) == {
        "tables.formats.semi": sha256(installed)
    }


def test_a_folder_and_an_installed_package_may_not_offer_one_name(installed, tmp_path):
    (tmp_path / "mine" / "formats").mkdir(parents=True)
    (tmp_path / "mine" / "formats" / "semi.py").write_text(plugin_folder.FORMAT)
    plugins.use_plugins(tmp_path / "mine")
    try:
        with pytest.raises(RecipeError, match="an installed package offers too"):
            lookup.names("tables.formats")
    finally:
        plugins.use_plugins(None)


def test_a_folder_without_parts_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(RecipeError, match="--plugins needs a folder with subfolders"):
            plugins.use_plugins(path)


def test_a_part_without_a_public_name_is_refused(folder):
    (folder / "fusion" / "empty.py").write_text("x = 1\n")
    plugins.use_plugins(folder)
    with pytest.raises(RecipeError, match=r"needs __all__, whose first name is the fusion"):
        lookup.find("fusion", "empty")


def test_another_hash_is_refused(folder):
    wanted = lookup.used_plugins([("encoders", "lines"), ("encoders", "vit")])
    assert list(wanted) == ["encoders.lines"]
    lookup.check_plugins(wanted)
    with pytest.raises(RecipeError, match=r"needs the plugin encoders/lines\.py as it was\. Got "):
        lookup.check_plugins({"encoders.lines": "0" * 64})


@pytest.mark.parametrize("key", ["encoders.absent", "evaluation.report", "/tmp/x", "encoders"])
def test_an_absent_plugin_is_named_with_what_to_supply(key):
    with pytest.raises(RecipeError, match=r"Got none\. Supply it with --plugins FOLDER that has"):
        lookup.check_plugins({key: "abc"})
