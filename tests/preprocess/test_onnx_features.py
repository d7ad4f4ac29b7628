"""A frozen ONNX graph gives the features of images, and reads nothing but itself."""

import json
import pickle

import numpy as np
import pytest

from onnx_graphs import WEIGHT
from onnx_graphs import write as graph
from oracles import as_png
from polymodal.core.errors import BundleError, PolymodalError, RecipeError
from polymodal.preprocess.onnx_features import OnnxFeatures

pytest.importorskip("onnx", reason="it makes the graphs")
pytest.importorskip("onnxruntime", reason="it runs them")


def image(value):
    return as_png(np.full((20, 12, 3), value, np.uint8))


def test_features_are_those_of_the_graph(tmp_path):
    found = OnnxFeatures(str(graph(tmp_path / "a.onnx"))).decode(image([255, 51, 0]))
    np.testing.assert_allclose(found, WEIGHT @ [1.0, 0.2, 0.0], atol=1e-5)
    inner = OnnxFeatures(str(tmp_path / "a.onnx"), output="means", mean=51, std=51)
    np.testing.assert_allclose(inner.decode(image([255, 51, 0])), [4, 0, -1], atol=1e-5)


def test_a_bundle_finds_its_graph_by_contents(tmp_path, monkeypatch):
    path = graph(tmp_path / "a.onnx")
    first = OnnxFeatures(str(path))
    decoded = [first.decode(image([v, 2 * v, 9])) for v in (10, 40, 90)]
    first.fit(decoded)
    state = json.loads(json.dumps(first.state()))
    models = tmp_path / "models" / "deep"
    models.mkdir(parents=True)
    path.rename(models / "b.onnx")
    second = OnnxFeatures(str(path))
    second.restore(state)
    with pytest.raises(BundleError, match="needs the ONNX graph with sha256"):
        second.decode(image(3))
    monkeypatch.setenv("POLYMODAL_MODELS", str(tmp_path / "models"))
    second = pickle.loads(pickle.dumps(second))
    np.testing.assert_allclose(
        second.encode(second.decode(image([40, 80, 9]))), first.encode(decoded[1]), atol=1e-6
    )
    assert second.shape == (5,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domain": "my.company"}, 'Got some of "my.company"'),
        ({"external": "../secret.bin"}, "needs its weights inside"),
    ],
)
def test_graphs_that_reach_outside_are_refused(tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        OnnxFeatures(str(graph(tmp_path / "a.onnx", **changes))).decode(image(3))


def test_what_does_not_fit_is_named(tmp_path):
    path = graph(tmp_path / "a.onnx")
    with pytest.raises(RecipeError, match='has no tensor "other"'):
        OnnxFeatures(str(path), output="other").decode(image(3))
    with pytest.raises(RecipeError, match=r"Got \(1, 3, 1, 1\)"):
        OnnxFeatures(str(path), output="maps").decode(image(3))
    with pytest.raises(RecipeError, match="takes images of any size"):
        OnnxFeatures(str(graph(tmp_path / "b.onnx", side="any"))).decode(image(3))
    (tmp_path / "c.onnx").write_bytes(b"no graph")
    with pytest.raises(PolymodalError, match="is not an ONNX graph"):
        OnnxFeatures(str(tmp_path / "c.onnx")).decode(image(3))
    with pytest.raises(RecipeError, match="Found no file"):
        OnnxFeatures(str(tmp_path / "absent.onnx")).decode(image(3))


def test_what_an_output_does_not_depend_on_is_left_out(tmp_path):
    path = graph(tmp_path / "a.onnx", more=True)
    found = OnnxFeatures(str(path), output="features").decode(image([255, 51, 0]))
    np.testing.assert_allclose(found, WEIGHT @ [1.0, 0.2, 0.0], atol=1e-5)
    with pytest.raises(RecipeError, match="takes images of any size"):
        OnnxFeatures(str(graph(tmp_path / "b.onnx", more=True, side="any"))).decode(image(3))
