"""Small ONNX graphs of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

WEIGHT = np.random.default_rng(0).normal(0, 1, (5, 3)).astype(np.float32)


def write(path: Path, domain: str = "", external: str = "", side=8, more: bool = False) -> Path:
    """Writes a graph: the mean of each channel, and a product of that.

    Args:
        path: Path.
        domain: str, of the product.
        external: str, file in which the weights of the product are; "" for inside.
        side: pixels of an image, or the name of a size that is open.
        more: bool, whether another input gives another output.
    """
    onnx = pytest.importorskip("onnx", reason="it makes the graphs")
    make = onnx.helper
    weight = onnx.numpy_helper.from_array(WEIGHT, "weight")
    if external:
        onnx.external_data_helper.set_external_data(weight, external)
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
    nodes = [
        make.make_node("GlobalAveragePool", ["images"], ["maps"]),
        make.make_node("Flatten", ["maps"], ["means"]),
        make.make_node("Gemm", ["means", "weight"], ["features"], transB=1, domain=domain),
    ]
    value = make.make_tensor_value_info
    inputs, outputs = [value("images", 1, ["n", 3, side, side])], [value("features", 1, ["n", 5])]
    if more:
        nodes.append(make.make_node("Neg", ["ids"], ["texts"]))
        inputs.insert(0, value("ids", 1, ["n", 4]))
        outputs.insert(0, value("texts", 1, ["n", 4]))
    found = make.make_graph(nodes, "small", inputs, outputs, [weight])
    model = make.make_model(found, opset_imports=[make.make_opsetid("", 17)])
    path.write_bytes(model.SerializeToString())
    return path
