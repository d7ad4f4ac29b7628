"""An imported ONNX graph gives the features of its own runtime, in any recipe."""

import json

import numpy as np
import pytest

import onnx_graphs
import oracles
import polymodal as pm
from polymodal.core.errors import PolymodalError, RecipeError
from polymodal.pretrained import golden
from polymodal.pretrained.graph import load_graph
from polymodal.pretrained.shelf import imported

pytest.importorskip("onnxruntime", reason="it runs the graphs")
pytestmark = oracles.once

IMAGE = oracles.as_png(np.full((20, 12, 3), [255, 51, 0], np.uint8))


def imported_graph(tmp_path, output=None, settings=None, **changes):
    path = onnx_graphs.write(tmp_path / "a.onnx", **changes)
    pm.import_model(path, tmp_path / "models" / "small", output=output, settings=settings)
    return tmp_path / "models" / "small"


def test_an_import_gives_the_features_of_the_graph(tmp_path):
    out = imported_graph(tmp_path)
    (tmp_path / "a.onnx").unlink()
    found = load_graph(out)
    np.testing.assert_allclose(
        found.encode([IMAGE])[0], onnx_graphs.WEIGHT @ [1, 0.2, 0], atol=1e-5
    )
    assert golden.check_folder(out).same
    assert "a.onnx" in found.origin["files"]
    assert "5 features" in (out / "MODEL_CARD.md").read_text()
    (one,) = imported(out.parent)
    assert (one.encodes, one.family, one.dim) == ("image", "onnx", 5)


def test_an_inner_tensor_and_the_preprocessing_are_kept(tmp_path):
    out = imported_graph(tmp_path, "means", {"mean": 51, "std": 51}, more=True)
    np.testing.assert_allclose(load_graph(out).encode([IMAGE])[0], [4, 0, -1], atol=1e-5)


def test_the_preprocessing_is_that_of_the_file_next_to_it(tmp_path):
    oracles.write_processor(tmp_path, size={"height": 8, "width": 8})
    out = imported_graph(tmp_path, "means")
    wanted = (np.array([1.0, 0.2, 0.0]) - [0.5, 0.4, 0.3]) / [0.5, 0.6, 0.7]
    np.testing.assert_allclose(load_graph(out).encode([IMAGE])[0], wanted, atol=1e-5)
    assert "preprocessor_config.json" in load_graph(out).origin["files"]


def test_weights_in_a_file_next_to_the_graph_are_taken_inside(tmp_path):
    (tmp_path / "weights.bin").write_bytes(onnx_graphs.WEIGHT.tobytes())
    out = imported_graph(tmp_path, external="weights.bin")
    (tmp_path / "weights.bin").unlink()
    np.testing.assert_allclose(
        load_graph(out).encode([IMAGE])[0], onnx_graphs.WEIGHT @ [1, 0.2, 0], atol=1e-5
    )
    assert set(load_graph(out).origin["files"]) == {"a.onnx", "weights.bin"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"external": "../secret.bin"}, "or in a file next to it"),
        ({"external": "/etc/passwd"}, "or in a file next to it"),
        ({"external": "absent.bin"}, "or in a file next to it"),
        ({"domain": "my.company"}, 'Got some of "my.company"'),
        ({"output": "other"}, 'has no tensor "other"'),
        ({"settings": {"means": 3}}, "Did you mean"),
        ({"settings": {"graph": "b.onnx"}}, "import needs graph as an option"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_leaves_nothing(tmp_path, changes, message):
    (tmp_path / "secret.bin").write_bytes(onnx_graphs.WEIGHT.tobytes())
    (tmp_path / "in").mkdir()
    with pytest.raises(PolymodalError, match=message):
        imported_graph(tmp_path / "in", **changes)
    assert not (tmp_path / "in" / "models").exists()


def test_a_link_next_to_the_graph_is_refused(tmp_path):
    (tmp_path / "elsewhere").write_bytes(onnx_graphs.WEIGHT.tobytes())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "weights.bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecipeError, match="or in a file next to it"):
        imported_graph(tmp_path / "in", external="weights.bin")


def test_an_imported_graph_serves_a_recipe(tmp_path):
    out = imported_graph(tmp_path)
    rng, rows = np.random.default_rng(0), []
    for number in range(24):
        colour = np.zeros((8, 8, 3), np.uint8)
        colour[..., number % 2] = 200 + rng.integers(0, 40)
        rows.append({"photo": oracles.as_png(colour), "kind": ("red", "green")[number % 2]})
    model = pm.Classifier(
        "kind",
        inputs={"photo": {"encoder": {"from": str(out), "freeze": True}}},
        dim=8,
        training={"epochs": 2},
    )
    model.fit(rows, out=tmp_path / "run", baselines=False)
    given = json.loads((tmp_path / "run" / "model.json").read_text())["recipe"]["inputs"]["photo"]
    assert given["modality"] == "onnx_features"
    assert pm.load(tmp_path / "run").predict([{"photo": IMAGE}])[0]["error"] is None
    with pytest.raises(RecipeError, match="an ONNX graph is never trained"):
        pm.Classifier(
            "kind", inputs={"photo": {"encoder": {"from": str(out), "freeze": False}}}
        ).fit(rows, out=tmp_path / "other")
