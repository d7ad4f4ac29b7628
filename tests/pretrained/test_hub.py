"""A name on the hub is imported as a folder is; a stand-in takes the place of the network."""

import json
import shutil
import sys
from types import SimpleNamespace

import pytest

import oracles
import polymodal as pm
from command_line import in_process
from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint

pytestmark = oracles.once
NAME = "somebody/tiny-bert"

hub = pytest.importorskip("huggingface_hub", reason="it fetches models by name")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return oracles.save(oracles.text_model("bert"), tmp_path_factory.mktemp("bert"))


@pytest.fixture
def asked(monkeypatch, folder):
    """Lets the hub have one model; returns what it is asked for."""
    calls = []

    def download(name, **how):
        calls.append((name, how))
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    return calls


def failing(monkeypatch, error):
    def download(name, **how):
        raise error

    monkeypatch.setattr(hub, "snapshot_download", download)


def test_a_name_is_imported_and_no_pickle_is_asked_for(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = json.loads(in_process("import", NAME, "--out", tmp_path / "out", "--json").stdout)
    assert (found["encodes"], found["dim"]) == ("text", 24)
    ((name, how),) = asked
    assert name == NAME
    assert not any(
        ending in one
        for one in how["allow_patterns"]
        for ending in (".bin", ".pt", ".py", ".pkl", ".h5")
    )


def test_a_folder_that_is_here_comes_first(asked, folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / NAME)
    monkeypatch.chdir(tmp_path)
    pm.import_model(NAME, tmp_path / "out")
    assert not asked


def respond(kind):
    """Returns an error of the library as it raises it."""
    answer = SimpleNamespace(headers={}, request=SimpleNamespace(url="https://"), status_code=404)
    try:
        return kind("404", response=answer)
    except TypeError:
        return kind("404")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("RepositoryNotFoundError", "has no model of that name"),
        ("GatedRepoError", "Accept them"),
        ("LocalEntryNotFoundError", "cannot be reached"),
        ("OfflineModeIsEnabled", "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_one_sentence(monkeypatch, tmp_path, kind, message):
    failing(monkeypatch, respond(getattr(hub.errors, kind)))
    with pytest.raises(BundleError, match=message) as found:
        pm.import_model(NAME, tmp_path / "out")
    assert str(found.value).startswith(f"No folder {NAME} is here")
    assert not (tmp_path / "out").exists()


def test_without_the_library_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(BundleError, match="pip install huggingface_hub"):
        pm.import_model(NAME, tmp_path / "out")


def test_a_model_of_pickles_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **how: str(tmp_path))
    with pytest.raises(BundleError, match="safetensors on the hub"):
        pm.import_model(NAME, tmp_path / "out")


def test_links_of_the_cache_are_followed_and_others_are_not(folder, tmp_path):
    cache = tmp_path / "models--somebody--tiny-bert"
    version = cache / "snapshots" / "abc123"
    (cache / "blobs").mkdir(parents=True)
    version.mkdir(parents=True)
    for path in folder.iterdir():
        shutil.copy(path, cache / "blobs" / path.name)
        (version / path.name).symlink_to(cache / "blobs" / path.name)
    (tmp_path / "secret.json").write_text("{}")
    (version / "secret.json").symlink_to(tmp_path / "secret.json")
    assert Checkpoint(version).title == "somebody/tiny-bert@abc123"
    pm.import_model(version, tmp_path / "out")
    kept = {path.name for path in (tmp_path / "out" / "source").iterdir()}
    assert "config.json" in kept
    assert "secret.json" not in kept
