"""A checkpoint's folder is not trusted: each damage is one clear sentence, and nothing is run."""

import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint


@pytest.fixture
def folder(tmp_path):
    save_file({"one": np.arange(6, dtype=np.float32).reshape(2, 3)}, tmp_path / "model.safetensors")
    return tmp_path


def test_tensors_are_listed_and_read(folder):
    checkpoint = Checkpoint(folder)
    assert checkpoint.names == ["one"]
    assert checkpoint.shape("one") == (2, 3)
    assert checkpoint.array("one").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_file_cut_short_is_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BundleError, match="is not a whole safetensors file"):
        Checkpoint(folder)


def test_a_header_of_four_gigabytes_is_refused_before_it_is_read(folder):
    (folder / "model.safetensors").write_bytes((4 << 30).to_bytes(8, "little") + b"{}")
    with pytest.raises(BundleError, match="needs a header of at most"):
        Checkpoint(folder)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


def test_pickles_are_refused_with_the_way_to_convert_them(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BundleError, match=r"pytorch_model.bin, which is not opened .*safetensors"):
        Checkpoint(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BundleError, match=r"model\.safetensors"):
        Checkpoint(tmp_path)


@pytest.mark.parametrize(
    "name", ["../out.safetensors", "/etc/out.safetensors", "sub/a.safetensors", "shard.bin"]
)
def test_shards_stay_in_their_folder(folder, name):
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    index = {"weight_map": {"one": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BundleError, match="needs names of safetensors files in its own folder"):
        Checkpoint(folder)


def test_a_missing_shard_and_an_empty_folder_are_named(folder, tmp_path_factory):
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"one": "model-1.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BundleError, match=r"needs the file model-1\.safetensors"):
        Checkpoint(folder)
    with pytest.raises(BundleError, match="Found neither"):
        Checkpoint(tmp_path_factory.mktemp("empty"))
    with pytest.raises(BundleError, match="Found no folder"):
        Checkpoint(folder / "absent")


def test_json_that_is_none_is_refused(folder):
    (folder / "config.json").write_text('{"a": [')
    with pytest.raises(BundleError, match=r"config.json needs to be JSON"):
        Checkpoint(folder).mapping("config.json")
    (folder / "config.json").write_text("[]")
    with pytest.raises(BundleError, match="needs to contain a mapping"):
        Checkpoint(folder).mapping("config.json")
