import keras
import numpy as np
import pytest

from check_layer import check_layer, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.layers.pooling import Pool, pool_max, pool_mean


@pytest.mark.parametrize("kind", ["mean", "max", "attention"])
def test_pool_passes_the_harness(kind):
    check_layer(lambda: Pool(5, kind=kind, num_queries=3), token_arrays())


@pytest.mark.parametrize("kind", ["mean", "max", "attention"])
def test_nothing_present_gives_exactly_zero(kind):
    arrays = token_arrays()
    vectors = Pool(5, kind=kind)(arrays["inputs"], arrays["inputs_mask"])
    assert not keras.ops.convert_to_numpy(vectors)[-1].any()


def test_mean_and_max_are_those_of_the_real_tokens():
    arrays = token_arrays()
    real = arrays["inputs"][1][arrays["inputs_mask"][1]]
    tensors = [keras.ops.convert_to_tensor(a) for a in arrays.values()]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(pool_mean(*tensors))[1], real.mean(0), atol=1e-6
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(pool_max(*tensors))[1], real.max(0), atol=1e-6
    )


def test_mean_keeps_the_width_without_weights():
    pool = Pool(8, kind="mean")
    pool.build((None, 6, 8))
    assert not pool.weights


def test_bad_arguments_are_refused_with_the_fix():
    with pytest.raises(RecipeError, match=r'needs kind mean, max, attention. Got "median"'):
        Pool(8, kind="median")
    with pytest.raises(RecipeError, match=r"at least 1 query. Got num_queries=0"):
        Pool(8, num_queries=0)
