import numpy as np

from check_layer import check_layer
from polymodal.encoders.mlp import Mlp


def test_mlp_passes_the_harness():
    mask = np.array([True, True, False])
    vectors = np.random.default_rng(0).normal(size=(3, 5)).astype("float32") * mask[:, None]
    check_layer(lambda: Mlp(8, hidden=6), {"inputs": vectors, "inputs_mask": mask})
