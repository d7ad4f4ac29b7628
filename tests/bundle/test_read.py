import json
import pickle
import random
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from poison import spoiled
from polymodal.bundle import read as reading
from polymodal.bundle.read import read, verify
from polymodal.bundle.weights import encode
from polymodal.bundle.write import seal, write
from polymodal.core.disk.files import sha256
from polymodal.core.errors import BundleError

WEIGHTS = {"head.kernel": np.full((2, 2), 3, "float32")}


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "run"
    write(folder, {"task": "classification"}, WEIGHTS, {"input_0": {"size": 28}}, {"accuracy": 0.5})
    return folder


def edit_manifest(folder, change):
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_was_written_is_read(bundle):
    found = read(bundle)
    assert found.spec == {"task": "classification"}
    assert found.preprocess == {"input_0": {"size": 28}}
    assert found.metrics == {"accuracy": 0.5}
    variable = keras.Variable(np.zeros((2, 2), "float32"))
    found.load_weights({"head.kernel": variable})
    np.testing.assert_array_equal(variable, WEIGHTS["head.kernel"])


def test_a_moved_bundle_is_read(bundle, tmp_path):
    shutil.move(bundle, tmp_path / "elsewhere")
    verify(tmp_path / "elsewhere")
    assert read(tmp_path / "elsewhere").spec["task"] == "classification"


def test_an_unfinished_run_says_so(tmp_path):
    with pytest.raises(BundleError, match="needs to be a finished run"):
        read(tmp_path)


def test_whether_a_folder_is_a_run_is_told_without_an_engine(bundle):
    code = (
        "import sys; from polymodal.bundle.read import manifest; "
        f"manifest(__import__('pathlib').Path({str(bundle)!r})); "
        "sys.exit('keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "name", ["model.json", "weights.safetensors", "preprocess/input_0.json", "metrics.json"]
)
def test_a_changed_or_missing_file_is_named(bundle, name):
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content.replace(b"2", b"3") + b" ")
    with pytest.raises(BundleError, match=f"{name} was changed after it was written"):
        read(bundle)
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f"needs the file {name}"):
        read(bundle)


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/hostname",
        "a/../../b",
        "C:/x",
        "a\\..\\b",
        "",
        "a\0b",
        ".",
        "./a",
        "a//b",
        "a/",
        "x" * 5000,
    ],
)
def test_paths_out_of_the_bundle_are_refused(bundle, name):
    edit_manifest(bundle, lambda c: c["files"].update({name: "0" * 64}))
    with pytest.raises(BundleError, match="needs paths inside the bundle"):
        read(bundle)


def test_links_are_refused(bundle, tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    (bundle / "preprocess" / "link.json").symlink_to(outside)
    digest = sha256(outside)
    edit_manifest(bundle, lambda c: c["files"].update({"preprocess/link.json": digest}))
    with pytest.raises(BundleError, match=r"needs real files\. Got the link"):
        read(bundle)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{not json", "needs to be JSON"),
        ("[1, 2]", "needs to contain a mapping. Got list"),
        ("[" * 100_000, "needs to be JSON"),
        ("\xff", "needs version"),
        ('{"version": 4, "files": {}}', r"needs version 3\. Got 4"),
        (
            '{"version": 2, "files": {}}',
            "is of an older Polymodal, which wrote version 2. This one "
            "reads version 3. Train again, or install the older one",
        ),
        ('{"version": true, "files": {}}', "Got True"),
        ('{"files": {}}', "Got None"),
        ('{"version": 3}', "needs a list of files"),
        ('{"version": 3, "files": {"a": 3}}', "a list of"),
        ('{"version": 3, "files": {}}', "needs model.json among its files"),
    ],
)
def test_tampered_manifests_are_refused(bundle, content, message):
    text = "{}" if content == "\xff" else content
    (bundle / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=message):
        read(bundle)


def test_huge_json_is_not_read(bundle, monkeypatch):
    monkeypatch.setattr(reading, "MAX_JSON_BYTES", 10)
    with pytest.raises(BundleError, match="needs at most 10 bytes"):
        read(bundle)


def test_a_model_of_a_newer_version_is_refused(bundle):
    (bundle / "model.json").write_text('{"version": 9}')
    seal(bundle)
    with pytest.raises(BundleError, match=r"model.json needs version 3. Got 9"):
        read(bundle)


def test_a_model_of_an_older_version_is_refused_as_such(bundle):
    (bundle / "model.json").write_text('{"version": 1}')
    seal(bundle)
    with pytest.raises(BundleError, match="is of an older Polymodal, which wrote version 1"):
        read(bundle)


def test_a_resealed_bundle_with_other_weights_does_not_load(bundle):
    (bundle / "weights.safetensors").write_bytes(encode({"head.kernel": np.zeros((3, 2))}))
    seal(bundle)
    with pytest.raises(BundleError, match=r"needs shape \(2, 2\) of float32"):
        read(bundle).load_weights({"head.kernel": keras.Variable(np.zeros((2, 2), "float32"))})


def test_a_pickle_in_place_of_weights_is_not_opened(bundle, tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    (bundle / "weights.safetensors").write_bytes(pickle.dumps(Evil()))
    seal(bundle)
    with pytest.raises(BundleError, match="a pickle, which is not opened"):
        read(bundle).load_weights({})
    assert not (tmp_path / "ran").exists()


def test_a_manifest_with_one_value_spoilt_is_refused_or_the_same(bundle):
    path = bundle / "manifest.json"
    right, whole = read(bundle), json.loads(path.read_text())
    for case in range(150):
        path.write_text(json.dumps(spoiled(whole, random.Random(case))))
        try:
            assert read(bundle).preprocess in (right.preprocess, {})
        except BundleError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_a_file_of_more_lists_than_a_model_has_is_not_parsed(bundle, monkeypatch):
    monkeypatch.setattr(reading, "MAX_CONTAINERS", 100)
    (bundle / "metrics.json").write_text(json.dumps({"a": [[]] * 100}))
    seal(bundle)
    with pytest.raises(BundleError, match=r"metrics.json needs at most 100 lists and mappings"):
        read(bundle)
