"""Pruning keeps the units that matter, and cuts what belongs together alike."""

import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.questions.distil.distil import distil
from polymodal.questions.distil.pruned import pruned


def network(seed=0, size=8, alive=(1, 5)):
    """Two layers with a norm between; all but some units are nearly dead."""
    rng = np.random.default_rng(seed)
    kernel, out = rng.normal(size=(3, size)), rng.normal(size=(size, 2))
    dead = [unit for unit in range(size) if unit not in alive]
    kernel[:, dead] *= 1e-3
    out[dead] *= 1e-3
    return {
        "a.kernel": kernel,
        "norm.scale": np.ones(size),
        "b.kernel": out,
        "b.bias": rng.normal(size=2),
    }


def answer(weights, inputs):
    return (
        np.maximum(inputs @ weights["a.kernel"], 0) * weights["norm.scale"] @ weights["b.kernel"]
        + weights["b.bias"]
    )


def test_a_network_without_its_dead_units_answers_as_before():
    wide = network()
    narrow = pruned(
        wide, {"a.kernel": (3, 2), "norm.scale": (2,), "b.kernel": (2, 2), "b.bias": (2,)}
    )
    np.testing.assert_array_equal(narrow["a.kernel"], wide["a.kernel"][:, [1, 5]])
    inputs = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(answer(narrow, inputs), answer(wide, inputs), atol=1e-4)


def test_gates_and_flattened_features_are_cut_block_by_block():
    wide = network()
    wide["order.kernel"] = np.arange(3 * 8 * 4.0).reshape(3, 32)  # four gates of eight units
    narrow = pruned(
        wide, {"a.kernel": (3, 2), "norm.scale": (2,), "b.kernel": (2, 2), "order.kernel": (3, 8)}
    )
    assert narrow["order.kernel"][0].tolist() == [1, 5, 9, 13, 17, 21, 25, 29]


def test_gates_follow_the_units_of_their_cell_without_a_norm():
    kernel = np.abs(np.random.default_rng(0).normal(size=(4, 4))) * [1, 9, 1, 9]
    wide = {"cell.recurrent": np.tile(kernel, 3), "after.kernel": kernel.T}
    narrow = pruned(wide, {"cell.recurrent": (2, 6), "after.kernel": (2, 4)})
    rows = [1, 3]
    np.testing.assert_array_equal(
        narrow["cell.recurrent"], wide["cell.recurrent"][rows][:, [1, 3, 5, 7, 9, 11]]
    )


def test_every_head_keeps_as_many_units():
    wide = network(size=8, alive=(0, 1, 2, 3))  # two heads of four: all are in the first
    narrow = pruned(wide, {"a.kernel": (3, 4), "norm.scale": (4,)})
    kept = [
        int(np.flatnonzero((wide["a.kernel"] == column[:, None]).all(axis=0))[0])
        for column in narrow["a.kernel"].T
    ]
    assert sum(unit < 4 for unit in kept) == 2


def test_variables_that_only_one_model_has_are_left_alone():
    assert set(pruned(network(), {"a.kernel": (3, 8), "other": (2,), "b.bias": (2, 1)})) == {
        "a.kernel"
    }


def test_another_start_is_refused(tmp_path):
    with pytest.raises(RecipeError, match='--how: No start named "pruned"'):
        distil(tmp_path, out=tmp_path / "out", how="pruned")
