import json

import numpy as np
import pytest

from polymodal.bundle.write import seal, write
from polymodal.core.disk.files import sha256
from polymodal.core.errors import BundleError

from polymodal.bundle.read import read, verify  # isort: skip

WEIGHTS = {"head.kernel": np.ones((2, 2), "float32")}


def make(folder, **changes):
    given = {
        "spec": {"task": "classification"},
        "weights": WEIGHTS,
        "preprocess": {"input_0": {"size": 28}},
        "metrics": {"accuracy": 0.5},
    } | changes
    write(folder, **given)
    return folder


def test_the_manifest_lists_every_file_with_its_sha256(tmp_path):
    make(tmp_path)
    files = json.loads((tmp_path / "manifest.json").read_text())["files"]
    assert sorted(files) == [
        "metrics.json",
        "model.json",
        "preprocess/input_0.json",
        "weights.safetensors",
    ]
    assert all(sha256(tmp_path / name) == digest for name, digest in files.items())


def test_working_folders_and_hidden_files_stay_out(tmp_path):
    for name in ("checkpoints/LATEST", "cache/a", ".hidden", "plots/curve.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    make(tmp_path)
    files = json.loads((tmp_path / "manifest.json").read_text())["files"]
    assert "plots/curve.png" in files
    assert not any("checkpoints" in name or "cache" in name or "hidden" in name for name in files)


def test_a_report_added_later_is_sealed_in(tmp_path):
    make(tmp_path)
    (tmp_path / "report.html").write_text("<html>")
    seal(tmp_path)
    verify(tmp_path)
    (tmp_path / "report.html").write_text("<other>")
    with pytest.raises(BundleError, match=r"report\.html was changed"):
        verify(tmp_path)


def test_a_write_that_fails_leaves_no_manifest(tmp_path):
    make(tmp_path)
    with pytest.raises(TypeError):
        make(tmp_path, spec={"task": object()})
    with pytest.raises(BundleError, match="needs to be a finished run"):
        read(tmp_path)


def test_writing_twice_gives_the_same_bytes(tmp_path):
    make(tmp_path)
    first = (tmp_path / "manifest.json").read_bytes()
    make(tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == first
