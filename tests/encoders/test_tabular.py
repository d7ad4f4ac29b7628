import keras
import numpy as np

from check_layer import check_layer
from polymodal.encoders.tabular import Tabular


def columns():
    mask = np.array([[True, True, False], [True, False, True], [False, False, False]])
    numbers = np.random.default_rng(0).normal(size=(3, 3)).astype("float32") * mask
    return {"inputs": numbers, "inputs_mask": mask}


def test_tabular_passes_the_harness():
    check_layer(lambda: Tabular(8, hidden=6), columns(), lengthen=False)


def test_a_missing_number_is_not_a_zero():
    network, arrays = Tabular(8), columns()
    present = arrays["inputs_mask"].copy()
    present[0, 2] = True  # the same zero, but real
    missing, known = (
        keras.ops.convert_to_numpy(network(arrays["inputs"], mask)[0])[0]
        for mask in (arrays["inputs_mask"], present)
    )
    assert np.abs(missing - known).max() > 1e-3


def test_not_a_number_under_the_mask_is_ignored():
    arrays = columns()
    numbers = np.where(arrays["inputs_mask"], arrays["inputs"], np.nan)
    tokens, mask = Tabular(8)(numbers, arrays["inputs_mask"])
    assert np.isfinite(keras.ops.convert_to_numpy(tokens)).all()
    assert keras.ops.convert_to_numpy(mask)[:, 0].tolist() == [True, True, False]
